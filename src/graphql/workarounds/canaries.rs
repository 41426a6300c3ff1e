//! What async-graphql does wrong. A test that fails here means that a workaround can go.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, ID, Object, Request, Result, Schema, SimpleObject,
    Subscription, Value, Variables,
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use crate::domain::Error;

#[derive(SimpleObject)]
struct Pair {
    a: i32,
    b: i32,
}

/// Counts executions.
#[derive(Clone, Default)]
struct Executions(Arc<AtomicUsize>);

impl Executions {
    fn count(ctx: &Context<'_>) -> i32 {
        ctx.data_unchecked::<Self>().0.fetch_add(1, Ordering::SeqCst).try_into().unwrap()
    }
}

struct Query;

#[Object]
impl Query {
    async fn counted(&self, ctx: &Context<'_>) -> i32 {
        Executions::count(ctx)
    }

    async fn nested(&self) -> Vec<Vec<Pair>> {
        vec![vec![Pair { a: 1, b: 2 }]]
    }

    async fn argument(&self, #[graphql(default = 5)] x: i32) -> i32 {
        x
    }

    async fn id(&self, id: ID) -> ID {
        id
    }

    async fn failure(&self) -> Result<i32> {
        Err(Error::bad_input("no"))?
    }
}

struct Events;

#[Subscription]
impl Events {
    async fn events(&self) -> impl Stream<Item = Event> {
        stream::once(async { Event })
    }
}

struct Event;

#[Object]
impl Event {
    async fn counted(&self, ctx: &Context<'_>) -> i32 {
        Executions::count(ctx)
    }
}

fn schema(executions: &Executions) -> Schema<Query, EmptyMutation, Events> {
    Schema::build(Query, EmptyMutation, Events).data(executions.clone()).finish()
}

async fn data(text: &str, variables: serde_json::Value) -> (Value, usize) {
    let executions = Executions::default();
    let request = Request::new(text).variables(Variables::from_json(variables));
    let response = schema(&executions).execute(request).await;
    (response.data, executions.0.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_field_that_is_selected_twice_is_executed_twice() {
    assert_eq!(data("{counted counted}", json!({})).await.1, 2);
}

#[tokio::test]
async fn selections_of_a_list_of_lists_are_not_merged() {
    let (data, _) = data("{nested{a} nested{b}}", json!({})).await;
    assert_eq!(data.into_json().unwrap(), json!({"nested": [[{"a": 1}]]}));
}

#[tokio::test]
async fn fragments_are_walked_as_often_as_they_are_spread() {
    let fragments = (0..5).map(|link| format!(" fragment F{link} on Query{{...F{0} ...F{0}}}", link + 1));
    let text = format!("{{...F0}}{} fragment F5 on Query{{counted}}", fragments.collect::<String>());
    assert_eq!(data(&text, json!({})).await.1, 32);
}

#[tokio::test]
async fn the_default_of_an_argument_is_not_used_for_a_variable_without_a_value() {
    let (data, _) = data("query($v:Int){argument(x:$v)}", json!({})).await;
    assert_eq!(data, Value::Null, "the specification has it: 5");
}

#[tokio::test]
async fn a_long_integer_is_changed_where_it_is_an_id() {
    let (data, _) = data("{id(id:12345678901234567890123)}", json!({})).await;
    assert_ne!(data.into_json().unwrap(), json!({"id": "12345678901234567890123"}));
}

#[tokio::test]
async fn an_error_of_a_resolver_has_no_code() {
    let response = Schema::new(Query, EmptyMutation, EmptySubscription).execute("{failure}").await;
    assert!(response.errors[0].source::<Error>().is_some());
    assert!(response.errors[0].extensions.is_none());
}

#[tokio::test]
async fn a_subscription_is_executed_for_each_subscriber() {
    let executions = Executions::default();
    let schema = schema(&executions);
    for _ in 0..2 {
        let responses: Vec<_> = schema.execute_stream("subscription{events{counted}}").collect().await;
        assert!(responses[0].is_ok());
    }
    assert_eq!(executions.0.load(Ordering::SeqCst), 2);
}
