//! Items and pages are written in one go, and operations that were valid once are not validated again: neither shows.

use serde_json::{Value, json};

use crate::support::{Backend, TestApp, on_both};

const CREATE: &str =
    "mutation Create($input: CreateActivityInput!) { createActivity(input: $input) { title } }";

/// Values that are right, and values that are wrong in each way there is.
fn inputs() -> Vec<Value> {
    let right = json!({"userId": "ada", "type": "LOGIN", "title": "t", "data": {"a": [1, "X", null, 1.5]}});
    let with = |field: &str, value: Value| {
        let mut input = right.clone();
        input[field] = value;
        json!({"input": input})
    };
    vec![
        json!({"input": right}),
        with("type", json!("LOGOUT")),
        with("type", json!("login")),
        with("type", json!(1)),
        with("type", json!(null)),
        with("title", json!(1)),
        with("title", json!(null)),
        with("title", json!("")),
        with("title", json!(["t"])),
        with("userId", json!(7)),
        with("userId", json!(7.5)),
        with("unknown", json!("x")),
        json!({"input": {"title": "t"}}),
        json!({"input": []}),
        json!({"input": null}),
        json!({"input": "LOGIN"}),
        json!({}),
    ]
}

#[tokio::test]
async fn a_wrong_value_is_refused_the_same_way_after_a_right_one() {
    let used = TestApp::start(Backend::Sqlite).await;
    used.graphql(CREATE, inputs().swap_remove(0)).await.data();
    for input in inputs() {
        let fresh = TestApp::start(Backend::Sqlite).await;
        let (first, again) =
            (fresh.graphql(CREATE, input.clone()).await, used.graphql(CREATE, input.clone()).await);
        assert_eq!((first.status, first.text), (again.status, again.text), "{input}");
    }
    let page = "query Page($limit: Int!) { activities(limit: $limit, userId: \"ada\") { total } }";
    used.graphql(page, json!({"limit": 1})).await.data();
    for limit in [json!(3_000_000_000_u64), json!(1.5), json!("1"), json!(true), json!(null), json!(0)] {
        let fresh = TestApp::start(Backend::Sqlite).await;
        let input = json!({"limit": limit});
        let (first, again) = (fresh.graphql(page, input.clone()).await, used.graphql(page, input).await);
        assert_eq!((first.status, &first.text), (again.status, &again.text), "{limit}");
        assert!(again.text.contains("errors"), "{limit}: {}", again.text);
    }
}

#[tokio::test]
async fn how_much_may_be_asked_for_is_checked_each_time() {
    let app = TestApp::with(Backend::Sqlite, &[("GRAPHQL_MAX_COMPLEXITY", "300")]).await;
    let page = "query Page($limit: Int!) { activities(limit: $limit) { activities { id title } } }";
    let page = |limit: i32| app.graphql(page, json!({"limit": limit}));
    let allowed = page(20).await;
    assert!(!allowed.text.contains("complex"), "{}", allowed.text);
    let refused = page(200).await;
    assert!(refused.text.contains("complex"), "{}", refused.text);
}

on_both! {
    async fn fields_are_merged_as_the_specification_has_it(app: TestApp) {
        let created = app.create_activity("ada", "\"quoted\" \\ line\nbreak \u{1} é 😀").await;
        let query = r#"
            query Merged($yes: Boolean!) {
                page: activities(userId: "ada") { __typename first: total activities { id ...Text } }
                page: activities(userId: "ada") { activities { again: id id ... on Activity { kind: type } } unreadCount }
                ...Root
                activityConnection(userId: "ada") { edges { node { id ...Text } } edges { node { read } } }
            }
            fragment Root on Query { page: activities(userId: "ada") { activities { read @skip(if: $yes) __typename } hasMore } }
            fragment Text on Activity { title description @include(if: $yes) data userId }
        "#;
        let data = app.graphql(query, json!({"yes": true})).await.data();
        let id = &created["_id"];
        let item = json!({
            "id": id, "title": created["title"], "description": null, "data": null, "userId": "ada",
        });
        let mut listed = item.clone();
        listed["again"] = id.clone();
        listed["kind"] = json!("LOG_CREATED");
        listed["__typename"] = json!("Activity");
        let page = json!({
            "__typename": "ActivityPage", "first": 1, "unreadCount": 1, "hasMore": false, "activities": [listed],
        });
        assert_eq!(data["page"], page);
        let mut node = item;
        node["read"] = json!(false);
        assert_eq!(data["activityConnection"]["edges"], json!([{ "node": node }]));
    }
}

on_both! {
    async fn a_mutation_that_is_named_twice_is_made_once(app: TestApp) {
        let query = r#"
            mutation {
                createActivity(input: {userId: "ada", type: LOGIN, title: "t"}) { id }
                createActivity(input: {userId: "ada", type: LOGIN, title: "t"}) { title }
                ...Again
            }
            fragment Again on Mutation {
                createActivity(input: {userId: "ada", type: LOGIN, title: "t"}) { userId }
            }
        "#;
        let data = app.graphql(query, json!({})).await.data();
        assert_eq!(data["createActivity"]["title"], "t");
        assert_eq!(data["createActivity"]["userId"], "ada");
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 1);
    }
}
