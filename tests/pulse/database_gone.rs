//! The database goes away and comes back: clients are told, nothing breaks, and nobody has to do anything.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, Cluster, TestApp, eventually};

#[track_caller]
fn assert_unavailable(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, answer.rest_error().0.as_str()),
        (503, "UNAVAILABLE"),
        "{what}: {}",
        answer.text
    );
    let pause = answer.headers.get("retry-after").unwrap_or_else(|| panic!("{what} has no Retry-After"));
    assert!(pause.to_str().unwrap().parse::<u32>().unwrap() >= 1, "{what}: {pause:?}");
    assert!(!answer.text.to_lowercase().contains("postgres"), "{what} tells of the inside: {}", answer.text);
}

async fn assert_rest_is_unavailable(app: &Client, id: &str) {
    let activity = json!({"userId": "ada", "type": "login", "title": "t"});
    let item = format!("/api/activities/{id}");
    let (read, none) = (format!("{item}/read"), json!({}));
    // Each waits for a connection to the database, so all are sent at once.
    let answers = tokio::join!(
        app.get("/api/activities/ada"),
        app.get("/api/analytics/leaderboard/all"),
        app.post("/api/activities", &activity),
        app.patch(&read, &none),
        app.delete(&item),
    );
    assert_unavailable(&answers.0, "a page");
    assert_unavailable(&answers.1, "the leaderboard");
    assert_unavailable(&answers.2, "an append");
    assert_unavailable(&answers.3, "a change");
    assert_unavailable(&answers.4, "a deletion");
}

async fn assert_graphql_is_unavailable(app: &Client) {
    let documents = [
        "{ activities(userId: \"ada\") { total } }",
        "{ analytics(userId: \"ada\") { userId } }",
        "mutation { createActivity(input: {userId: \"ada\", type: LOGIN, title: \"t\"}) { id } }",
        "mutation { incrementStat(userId: \"ada\", statName: LOGS_CREATED) { userId } }",
    ];
    let answers = join_all(documents.map(|document| app.graphql(document, json!({}))));
    for (document, answer) in documents.into_iter().zip(answers.await) {
        assert_eq!(answer.graphql_error().0, "UNAVAILABLE", "{document}: {}", answer.text);
    }
}

async fn is_ready(app: &Client) -> Option<Value> {
    let answer = app.get("/api/ready").await;
    (answer.status == 200).then_some(answer.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_gone_clients_are_told_and_afterwards_all_goes_on() {
    const QUERY: &str = "subscription { activityCreated(userId: \"ada\") { id title } }";
    let cluster = Cluster::start();
    let app = TestApp::with(Backend::Sqlite, &[("DATABASE_URL", &cluster.url)]).await;
    let before = app.create_activity("ada", "before").await;
    let mut socket = app.socket().await;
    let ada = socket.subscribe(QUERY, json!({})).await;
    let counts =
        socket.subscribe("subscription { unreadCounts(userId: \"ada\") { activities } }", json!({})).await;
    assert_eq!(socket.next(&counts).await["unreadCounts"]["activities"], 1);
    let live = app.create_activity("ada", "live").await;
    assert_eq!(socket.next(&ada).await["activityCreated"]["id"], live["_id"]);

    cluster.crash();
    let id = before["_id"].as_str().unwrap();
    tokio::join!(assert_rest_is_unavailable(&app, id), assert_graphql_is_unavailable(&app));
    let ready = app.get("/api/ready").await.expect(503);
    assert_eq!(ready["database"], "unavailable", "{ready}");
    app.get("/api/health").await.expect(200);

    cluster.come_back();
    let ready = eventually("readiness", || is_ready(&app)).await;
    assert_eq!(ready["database"], "ok", "{ready}");
    let after = app.create_activity("ada", "after").await;
    assert_eq!(socket.next(&ada).await["activityCreated"]["id"], after["_id"]);
    app.patch(&format!("/api/activities/{}/read", after["_id"].as_str().unwrap()), &json!({}))
        .await
        .expect(200);
    let page = app.get("/api/activities/ada").await.expect(200);
    let titles: Vec<_> = page["activities"].as_array().unwrap().iter().map(|item| &item["title"]).collect();
    assert_eq!(titles, ["after", "live", "before"]);
    assert_eq!(page["unreadCount"], 2);
}
