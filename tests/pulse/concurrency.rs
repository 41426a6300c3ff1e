//! Many writers at once: counts, sums and order stay exact.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use pulse::domain::{Cursor, Position};
use serde_json::{Value, json};
use tokio::{sync::Mutex, task::JoinSet};

use crate::support::{Client, Socket, Subscription, TestApp, in_time, on_both};

const USERS: [&str; 3] = ["ada", "bob", "cleo"];
const TASKS: u32 = 24;
const OPERATIONS: u32 = 40;

/// What was answered, to compare with what is stored.
#[derive(Default)]
struct Answered {
    activities: HashMap<&'static str, BTreeSet<String>>,
    tenths_of_hours: HashMap<&'static str, u32>,
    increments: HashMap<&'static str, i64>,
    weekly_logs: HashMap<&'static str, u32>,
}

/// One of the writers: a fixed mix of every kind of write, which differs from task to task.
async fn write(client: Client, task: u32, answered: Arc<Mutex<Answered>>) {
    let mut own: Vec<(&str, String)> = Vec::new();
    for step in 0..OPERATIONS {
        let user = USERS[((task + step) % 3) as usize];
        match (task * 7 + step * 5) % 13 {
            0..=3 => {
                let id = id_of(&client.create_activity(user, "one of many").await);
                answered.lock().await.activities.entry(user).or_default().insert(id.clone());
                own.push(("activities", id));
            }
            4 | 5 => {
                own.push(("notifications", id_of(&client.create_notification(user, "one of many").await)))
            }
            6 => change(&client, &own.first().cloned(), "read").await,
            7 => change(&client, &own.pop(), "delete").await,
            8 => {
                client
                    .patch(&format!("/api/analytics/{user}/learning-hours"), &json!({"hours": 0.1}))
                    .await
                    .expect(200);
                *answered.lock().await.tenths_of_hours.entry(user).or_default() += 1;
            }
            9 => {
                let body = json!({"statName": "goalsCompleted", "incrementBy": 3});
                client.patch(&format!("/api/analytics/{user}/increment"), &body).await.expect(200);
                *answered.lock().await.increments.entry(user).or_default() += 3;
            }
            10 => {
                let body = json!({"date": "2026-01-31", "hoursLogged": 0.1, "logsCount": 1});
                client.post(&format!("/api/analytics/{user}/weekly"), &body).await.expect(200);
                *answered.lock().await.weekly_logs.entry(user).or_default() += 1;
            }
            11 if step % 4 == 0 => {
                client.delete(&format!("/api/notifications/{user}/clear-all")).await.expect(200);
            }
            _ => {
                let feed = if step % 2 == 0 { "activities" } else { "notifications" };
                client.patch(&format!("/api/{feed}/{user}/read-all"), &json!({})).await.expect(200);
            }
        }
    }
}

/// Reads or deletes an item, which somebody may have cleared meanwhile.
async fn change(client: &Client, item: &Option<(&str, String)>, how: &str) {
    let Some((feed, id)) = item else { return };
    let answer = match how {
        "read" => client.patch(&format!("/api/{feed}/{id}/read"), &json!({})).await,
        _ => client.delete(&format!("/api/{feed}/{id}")).await,
    };
    assert!(matches!(answer.status, 200 | 404), "{how} {feed}: {}", answer.text);
}

fn id_of(item: &Value) -> String {
    item["_id"].as_str().unwrap().to_owned()
}

fn position_of(item: &Value) -> Position {
    Cursor::parse("cursor", item["cursor"].as_str().unwrap()).unwrap().position()
}

/// Pages through a whole feed and counts again what the pages claim; returns the ids of what is there.
async fn recount(client: &Client, feed: &str, user: &str) -> BTreeSet<String> {
    let mut items = Vec::new();
    loop {
        let path = format!("/api/{feed}/{user}?limit=50&skip={}", items.len());
        let page = client.get(&path).await.expect(200);
        items.extend(page[feed].as_array().unwrap().iter().cloned());
        if page["hasMore"] == false {
            let unread = items.iter().filter(|item| item["read"] == false).count();
            assert_eq!(
                (&page["total"], &page["unreadCount"]),
                (&json!(items.len()), &json!(unread)),
                "{feed} {user}"
            );
            let count = client.get(&format!("/api/{feed}/{user}/unread/count")).await.expect(200);
            assert_eq!(count, json!({"unreadCount": unread}), "{feed} {user}");
            break;
        }
    }
    assert!(items.is_sorted_by(|newer, older| position_of(newer) > position_of(older)), "{feed} {user}");
    items.iter().map(id_of).collect()
}

/// Reads until every activity that is `left` has come; each once, in order of commit. One of the `created` that was
/// deleted meanwhile may come, and does not where the follower was behind and read the tables.
async fn follow(
    mut socket: Socket,
    subscription: Subscription,
    created: &BTreeSet<String>,
    left: &BTreeSet<String>,
) {
    let mut seen = BTreeSet::new();
    let mut last = Position::START;
    while !left.is_subset(&seen) {
        let activity = socket.next(&subscription).await["activityCreated"].clone();
        let position = position_of(&activity);
        assert!(position > last, "{position:?} came after {last:?}");
        last = position;
        assert!(seen.insert(activity["id"].as_str().unwrap().to_owned()), "{activity} came twice");
    }
    assert!(seen.is_subset(created), "something came that nobody created");
}

on_both!(
    async fn counts_sums_and_order_stay_exact_under_many_writers(app: TestApp) {
        const QUERY: &str = "subscription($user: ID!, $after: String!) {
            activityCreated(userId: $user, after: $after) { id cursor } }";
        let mut followers = Vec::new();
        for user in USERS {
            let start = app.get(&format!("/api/activities/{user}")).await.expect(200)["cursor"].clone();
            let mut socket = app.socket().await;
            let subscription = socket.subscribe(QUERY, json!({"user": user, "after": start})).await;
            followers.push((user, socket, subscription));
        }

        let answered = Arc::new(Mutex::new(Answered::default()));
        let mut writers = JoinSet::new();
        for task in 0..TASKS {
            writers.spawn(write(app.clone(), task, answered.clone()));
        }
        in_time("the end of the writers", writers.join_all()).await;

        let answered = answered.lock().await;
        for (user, socket, subscription) in followers {
            let left = recount(&app, "activities", user).await;
            follow(socket, subscription, &answered.activities[user], &left).await;
            recount(&app, "notifications", user).await;
            let analytics = app.get(&format!("/api/analytics/{user}")).await.expect(200);
            let hours = f64::from(answered.tenths_of_hours[user]) / 10.0;
            assert_eq!(analytics["totalLearningHours"].as_f64(), Some(hours), "{user}");
            assert_eq!(analytics["goalsCompleted"], answered.increments[user], "{user}");
            let logs = answered.weekly_logs[user];
            assert_eq!(analytics["weeklyData"][0]["logsCount"], logs, "{user}");
            assert_eq!(
                analytics["weeklyData"][0]["hoursLogged"].as_f64(),
                Some(f64::from(logs) / 10.0),
                "{user}"
            );
        }
    }
);
