//! `pulse export`: what it writes, and what it does not overwrite.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::support::{Backend, Files, Server, complaints, fresh_database, holds_only, printed, pulse, said};

const FILES: [&str; 3] = ["activities.jsonl", "analytics.jsonl", "notifications.jsonl"];

/// The documents of a file.
fn documents(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn what_is_written(backend: Backend) {
    let (url, _folder) = fresh_database(backend).await;
    let server = Server::start(&url, &[]);
    let full = json!({
        "userId": "ada", "type": "log_created", "title": "t", "description": "d",
        "data": {"b": [1.5, null], "a": {"$oid": "65000000000000000000000a"}}
    });
    let made = server.post("/api/activities", &full).await.expect(201);
    let plain = server.create_activity("bob", "plain").await;
    server
        .patch(&format!("/api/activities/{}/read", plain["_id"].as_str().unwrap()), &json!({}))
        .await
        .expect(200);
    let body = json!({"userId": "ada", "type": "social", "title": "t", "message": "m", "actionUrl": "/x"});
    let told = server.post("/api/notifications", &body).await.expect(201);
    let weekly = json!({"date": "2026-01-31", "hoursLogged": 1.25, "logsCount": 2});
    server.post("/api/analytics/ada/weekly", &weekly).await.expect(200);
    let numbers = server.patch("/api/analytics/ada/learning-hours", &json!({"hours": 0.1})).await.expect(200);

    // The server runs meanwhile.
    let files = Files::new();
    let output = pulse(&url, &["export", &files.argument("out")]);
    assert!(printed(&output).contains("2 activities, 1 analytics and 1 notifications"), "{}", said(&output));
    holds_only(&files.path("out"), &FILES);
    let time = |value: &Value| json!({"$date": value});
    assert_eq!(
        documents(&files.path("out"), FILES[0]),
        [
            json!({
                "_id": {"$oid": made["_id"]}, "userId": "ada", "type": "log_created", "title": "t",
                "description": "d", "dataJson": full["data"].to_string(), "timestamp": time(&made["timestamp"]),
                "read": false
            }),
            json!({
                "_id": {"$oid": plain["_id"]}, "userId": "bob", "type": "log_created", "title": "plain",
                "timestamp": time(&plain["timestamp"]), "read": true
            }),
        ]
    );
    assert_eq!(
        documents(&files.path("out"), FILES[1]),
        [json!({
            "userId": "ada", "totalLearningHours": 0.1, "currentStreak": 0, "longestStreak": 0, "logsCreated": 0,
            "goalsCompleted": 0, "skillsAdded": 0,
            "weeklyData": [{"date": {"$date": "2026-01-31T00:00:00.000Z"}, "hoursLogged": 1.25, "logsCount": 2}],
            "monthlyData": [{"month": "2026-01", "hoursLogged": 1.25, "logsCount": 2}],
            "updatedAt": time(&numbers["updatedAt"])
        })]
    );
    assert_eq!(
        documents(&files.path("out"), FILES[2]),
        [json!({
            "_id": {"$oid": told["_id"]}, "userId": "ada", "type": "social", "title": "t", "message": "m",
            "read": false, "actionUrl": "/x", "createdAt": time(&told["createdAt"]),
            "expiresAt": time(&told["expiresAt"])
        })]
    );

    // Nothing is overwritten by mistake, and nothing is left behind.
    let refused = pulse(&url, &["export", &files.argument("out")]);
    assert_eq!(refused.status.code(), Some(1));
    let told = complaints(&refused);
    assert!(
        told.len() == 1 && told[0].contains("activities.jsonl") && told[0].contains("--force"),
        "{told:?}"
    );
    holds_only(&files.path("out"), &FILES);
    server.create_activity("bob", "later").await;
    printed(&pulse(&url, &["export", "--force", &files.argument("out")]));
    assert_eq!(documents(&files.path("out"), FILES[0]).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_as_mongoexport_writes_them_on_sqlite() {
    what_is_written(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_as_mongoexport_writes_them_on_postgres() {
    what_is_written(Backend::Postgres).await;
}

#[tokio::test]
async fn what_cannot_be_exported_is_told_in_one_line() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let files = Files::new();
    let missing = pulse(&url, &["export", &files.argument("out")]);
    let told = complaints(&missing);
    assert!(told.len() == 1 && told[0].contains("DATABASE_URL"), "{told:?}");
    holds_only(&files.path("out"), &[]);
    let taken = files.write("file", "");
    let told = complaints(&pulse(&url, &["export", &taken]));
    assert!(told.len() == 1 && told[0].contains(&taken) && told[0].contains("cannot be written"), "{told:?}");
    // A file that is no database of this version.
    let empty = files.write("empty.db", "");
    let told = complaints(&pulse(&format!("sqlite://{empty}"), &["export", &files.argument("out")]));
    assert!(told.len() == 1 && told[0].contains("pulse migrate"), "{told:?}");
}
