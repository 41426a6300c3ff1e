//! The same subscription with async-graphql's own parts, as its examples put them together.

use async_graphql::{Context, EmptyMutation, ID, Object, Schema, SimpleObject, Subscription};
use async_graphql_axum::GraphQLSubscription;
use axum::{Json, Router, extract::State, routing::post};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

#[derive(Clone, SimpleObject)]
struct Activity {
    id: ID,
    user_id: ID,
    title: String,
    cursor: String,
}

struct Query;

#[Object]
impl Query {
    async fn version(&self) -> &str {
        "1"
    }
}

struct Activities;

#[Subscription]
impl Activities {
    async fn activity_created(&self, ctx: &Context<'_>, user_id: ID) -> impl Stream<Item = Activity> {
        let activities = ctx.data_unchecked::<broadcast::Sender<Activity>>().subscribe();
        BroadcastStream::new(activities)
            .filter_map(|activity| std::future::ready(activity.ok()))
            .filter(move |activity| std::future::ready(activity.user_id == user_id))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewActivity {
    user_id: String,
    title: String,
}

async fn create(State(sender): State<broadcast::Sender<Activity>>, Json(new): Json<NewActivity>) {
    let cursor = format!("{:016x}", rand::random::<u64>());
    let activity =
        Activity { id: cursor.clone().into(), user_id: new.user_id.into(), title: new.title, cursor };
    // Without a receiver there is nobody to tell.
    let _ = sender.send(activity);
}

pub(super) async fn serve() {
    let sender = broadcast::Sender::new(1_024);
    let schema = Schema::build(Query, EmptyMutation, Activities).data(sender.clone()).finish();
    let router = Router::new()
        .route("/api/activities", post(create))
        .route_service("/graphql/ws", GraphQLSubscription::new(schema))
        .with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    eprintln!("http://{}/", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}
