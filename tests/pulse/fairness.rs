//! One user's writes, however many and however stuck, are nobody else's wait.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, TestApp, eventually, in_time, on_both};

/// Writes of every kind: an append, a change of analytics, one of an item, and one of all.
async fn write(client: &Client, user: &str, number: usize, id: &str) -> Answer {
    let body = json!({"userId": user, "type": "login", "title": number.to_string()});
    match number % 4 {
        0 => client.post("/api/activities", &body).await,
        1 => client.patch(&format!("/api/analytics/{user}/learning-hours"), &json!({"hours": 1})).await,
        2 => client.patch(&format!("/api/activities/{id}/read"), &json!({})).await,
        _ => client.patch(&format!("/api/activities/{user}/read-all"), &json!({})).await,
    }
}

async fn write_all(client: &Client, user: &str, count: usize, id: &str) -> Vec<u16> {
    let answers = join_all((0..count).map(|number| write(client, user, number, id))).await;
    answers.iter().map(|answer| answer.status).collect()
}

/// How many sessions of the database wait for a lock.
async fn waiting(database: &DatabaseConnection) -> i64 {
    let sql = "SELECT COUNT(*) AS count FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    database.query_one_raw(statement).await.unwrap().unwrap().try_get("", "count").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_keeps_its_user_waiting_and_nobody_else() {
    const WRITES: usize = 40;
    let app = TestApp::start(Backend::Postgres).await;
    let created = |user| app.create_activity(user, "first");
    let [ada, bob] = [created("ada").await, created("bob").await].map(|item: Value| item["_id"].clone());
    let database = Database::connect(&app.database_url).await.unwrap();
    let lock = database.begin().await.unwrap();
    lock.execute_unprepared("SELECT 1 FROM user_position WHERE user_id = 'ada' FOR UPDATE").await.unwrap();

    let stuck = tokio::spawn({
        let (client, id) = (Client::clone(&app), ada.as_str().unwrap().to_owned());
        async move { write_all(&client, "ada", WRITES, &id).await }
    });
    eventually("a write that waits for the lock", || async { (waiting(&database).await > 0).then_some(()) })
        .await;
    // All of them while ada's are stuck.
    let statuses = write_all(&app, "bob", WRITES, bob.as_str().unwrap()).await;
    assert!(statuses.iter().all(|status| *status < 300), "{statuses:?}");
    // None between two attempts, and never more than one.
    assert!(waiting(&database).await <= 1, "ada's writes wait here, not in the database");
    assert!(!stuck.is_finished());
    lock.rollback().await.unwrap();
    database.close().await.unwrap();

    let statuses = in_time("ada's writes", stuck).await.unwrap();
    assert!(statuses.iter().all(|status| *status < 300), "{statuses:?}");
    for user in ["ada", "bob"] {
        let page = app.get(&format!("/api/activities/{user}")).await.expect(200);
        assert_eq!(page["total"], WRITES / 4 + 1, "{user}: {page}");
        let hours =
            app.get(&format!("/api/analytics/{user}")).await.expect(200)["totalLearningHours"].clone();
        assert_eq!(hours, WRITES / 4, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_one_user_do_not_wait_for_each_other_in_the_database() {
    let app = TestApp::start(Backend::Postgres).await;
    let busy = app.create_activity("busy", "first").await["_id"].as_str().unwrap().to_owned();
    let database = Database::connect(&app.database_url).await.unwrap();
    let writing = tokio::spawn({
        let client = Client::clone(&app);
        async move { write_all(&client, "busy", 200, &busy).await }
    });
    let mut looks = 0;
    while !writing.is_finished() {
        assert_eq!(waiting(&database).await, 0, "after {looks} looks");
        looks += 1;
    }
    assert!(looks > 0);
    let statuses = writing.await.unwrap();
    assert!(statuses.iter().all(|status| *status < 300), "{statuses:?}");
    database.close().await.unwrap();
}

on_both!(
    async fn writes_of_many_users_and_of_one_are_all_made(app: TestApp) {
        let busy = app.create_activity("busy", "first").await["_id"].as_str().unwrap().to_owned();
        let client = Client::clone(&app);
        let one = async { write_all(&client, "busy", 200, &busy).await };
        let others = join_all((0..50).map(|number| {
            let app = &app;
            async move { app.create_activity(&format!("user-{number}"), "t").await }
        }));
        let (statuses, others) = tokio::join!(one, others);
        assert!(statuses.iter().all(|status| *status < 300), "{statuses:?}");
        assert_eq!(others.len(), 50);
        let page = app.get("/api/activities/busy").await.expect(200);
        assert_eq!(page["total"], 51, "{page}");
        assert_eq!(app.get("/api/analytics/busy").await.expect(200)["totalLearningHours"], 50);
    }
);
