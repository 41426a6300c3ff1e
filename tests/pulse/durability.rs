//! A write that was answered is there after kill -9.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pulse::domain::{Cursor, Position};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};

use crate::support::{Backend, Client, Server, fresh_database, in_time};

const USERS: [&str; 2] = ["ada", "bob"];
const WRITERS: usize = 8;
const CRASHES: usize = 3;

/// Counts the answers of all writers, and tells when there are enough.
struct Progress {
    answered: AtomicUsize,
    wanted: usize,
    enough: Notify,
}

/// Posts without a pause until the server is gone; returns what was answered.
async fn write_until_the_end(client: Client, user: &'static str, progress: Arc<Progress>) -> Vec<Value> {
    let body = json!({"userId": user, "type": "login", "title": "answered"});
    let mut answered = Vec::new();
    loop {
        let request = client.request(reqwest::Method::POST, "/api/activities").json(&body);
        let Ok(response) = request.send().await else { return answered };
        assert_eq!(response.status().as_u16(), 201);
        // The server may end in the middle of its answer.
        let Ok(activity) = response.json::<Value>().await else { return answered };
        answered.push(activity);
        if progress.answered.fetch_add(1, Ordering::Relaxed) + 1 == progress.wanted {
            progress.enough.notify_one();
        }
    }
}

/// Every activity of `user`, newest first.
async fn feed(client: &Client, user: &str) -> Vec<Value> {
    let mut activities = Vec::new();
    loop {
        let path = format!("/api/activities/{user}?limit=200&skip={}", activities.len());
        let page = client.get(&path).await.expect(200);
        activities.extend(page["activities"].as_array().unwrap().iter().cloned());
        if page["hasMore"] == false {
            assert_eq!(page["total"], activities.len(), "{user}");
            return activities;
        }
    }
}

fn position_of(activity: &Value) -> Position {
    Cursor::parse("cursor", activity["cursor"].as_str().unwrap()).unwrap().position()
}

async fn crash_again_and_again(backend: Backend) {
    let (url, _folder) = fresh_database(backend).await;
    let mut answered: Vec<Value> = Vec::new();
    let mut server = Server::start(&url, &[]);
    for crash in 1..=CRASHES {
        let wanted = rand::random_range(20..400);
        let progress = Arc::new(Progress { answered: AtomicUsize::new(0), wanted, enough: Notify::new() });
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write_until_the_end(server.clone(), USERS[writer % USERS.len()], progress.clone()));
        }
        in_time("enough answers", progress.enough.notified()).await;
        server.kill();
        answered.extend(in_time("the end of the writers", writers.join_all()).await.into_iter().flatten());

        server = Server::start(&url, &[]);
        for user in USERS {
            let stored = feed(&server, user).await;
            for activity in answered.iter().filter(|activity| activity["userId"] == user) {
                assert!(stored.contains(activity), "crash {crash} after {wanted} answers lost {activity}");
            }
            assert!(stored.is_sorted_by(|newer, older| position_of(newer) > position_of(older)), "{user}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_writes_survive_kill_9_on_sqlite() {
    crash_again_and_again(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_writes_survive_kill_9_on_postgres() {
    crash_again_and_again(Backend::Postgres).await;
}
