//! The promise of a subscription, across kills of the real server.
//!
//! Writers write without a pause while the server is killed and started again; readers resume by their last cursor.
//! Every write that was answered must arrive exactly once, in order.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Backend, Client, Server, Socket, eventually, fresh_database, in_time};

const KILLS: usize = 10;
const WRITERS: usize = 3;
const QUERY: &str =
    "subscription($after: String) { activityCreated(userId: \"ada\", after: $after) { id title cursor } }";

/// Where the server is now; changes with each start.
type Address = Arc<Mutex<Client>>;

#[derive(Default)]
struct Seen {
    ids: Vec<String>,
    cursor: Option<String>,
}

impl Seen {
    fn take(&mut self, activity: &Value) {
        self.ids.push(activity["id"].as_str().unwrap().to_owned());
        self.cursor = Some(activity["cursor"].as_str().unwrap().to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_or_doubled_over_websocket_and_sse() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let mut server = Server::start(&url, &[]);
    let start = server.get("/api/activities/ada").await.expect(200)["cursor"].as_str().unwrap().to_owned();
    let address: Address = Arc::new(Mutex::new((*server).clone()));
    let stop = CancellationToken::new();
    let answered = Arc::new(Mutex::new(Vec::new()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(writer, address.clone(), answered.clone(), stop.clone())))
        .collect();
    let socket = Arc::new(Mutex::new(Seen { cursor: Some(start.clone()), ..Seen::default() }));
    let events = Arc::new(Mutex::new(Seen { cursor: Some(start), ..Seen::default() }));
    let readers = [
        tokio::spawn(read_socket(address.clone(), socket.clone())),
        tokio::spawn(read_events(address.clone(), events.clone())),
    ];

    for kill in 0..KILLS {
        let before = answered.lock().unwrap().len();
        eventually("writes between two kills", || async {
            (answered.lock().unwrap().len() > before + 20).then_some(())
        })
        .await;
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..60))).await;
        server.kill();
        server = Server::start(&url, &[]);
        *address.lock().unwrap() = (*server).clone();
        assert!(answered.lock().unwrap().len() > before, "kill {kill}");
    }
    stop.cancel();
    for writer in writers {
        in_time("the end of a writer", writer).await.unwrap();
    }

    // What was written but not answered may be there too; the feed says what is.
    let committed = all_ids(&server).await;
    let answered = answered.lock().unwrap().clone();
    let present: HashSet<&String> = committed.iter().collect();
    assert!(answered.iter().all(|id| present.contains(id)), "an answered write is not in the feed");
    for (name, seen) in [("WebSocket", &socket), ("SSE", &events)] {
        eventually("every committed item", || async {
            (seen.lock().unwrap().ids.len() >= committed.len()).then_some(())
        })
        .await;
        assert_eq!(seen.lock().unwrap().ids, committed, "{name}");
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    println!(
        "{KILLS} kills, {} answered, {} committed, each received once by both",
        answered.len(),
        committed.len()
    );
}

async fn write(writer: usize, address: Address, answered: Arc<Mutex<Vec<String>>>, stop: CancellationToken) {
    let mut number = 0;
    while !stop.is_cancelled() {
        let client = address.lock().unwrap().clone();
        let body = json!({"userId": "ada", "type": "login", "title": format!("{writer}/{number}")});
        let sent = client.request(reqwest::Method::POST, "/api/activities").json(&body).send().await;
        number += 1;
        match sent {
            Ok(response) if response.status() == 201 => {
                // An answer that breaks off is none.
                if let Ok(activity) = response.json::<Value>().await {
                    answered.lock().unwrap().push(activity["_id"].as_str().unwrap().to_owned());
                }
            }
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn read_socket(address: Address, seen: Arc<Mutex<Seen>>) {
    loop {
        let client = address.lock().unwrap().clone();
        let Some(mut socket) = Socket::try_connect(&client).await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let after = seen.lock().unwrap().cursor.clone();
        let Some(subscription) = socket.try_subscribe(QUERY, json!({"after": after})).await else { continue };
        loop {
            let message = socket.message_of(&subscription).await;
            if message["type"] != "next" {
                break;
            }
            seen.lock().unwrap().take(&message["payload"]["data"]["activityCreated"]);
        }
    }
}

async fn read_events(address: Address, seen: Arc<Mutex<Seen>>) {
    loop {
        let client = address.lock().unwrap().clone();
        let last = seen.lock().unwrap().cursor.clone().unwrap_or_default();
        let request = client
            .request(reqwest::Method::POST, "/graphql")
            .header("accept", "text/event-stream")
            .header("last-event-id", last)
            .json(&json!({"query": QUERY}));
        let Ok(response) = request.send().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let mut chunks = response.bytes_stream();
        let mut text = String::new();
        while let Some(Ok(chunk)) = chunks.next().await {
            text += std::str::from_utf8(&chunk).unwrap();
            while let Some((event, rest)) = text.split_once("\n\n") {
                if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                    let payload: Value = serde_json::from_str(data).unwrap();
                    let activity = &payload["data"]["activityCreated"];
                    let id = event.lines().find_map(|line| line.strip_prefix("id: "));
                    assert_eq!(id, activity["cursor"].as_str(), "{event}");
                    seen.lock().unwrap().take(activity);
                }
                text = rest.to_owned();
            }
        }
    }
}

/// The ids of the whole feed, oldest first.
async fn all_ids(client: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = client.get(&format!("/api/activities/ada?limit=200&skip={}", ids.len())).await.expect(200);
        let activities = page["activities"].as_array().unwrap();
        ids.extend(activities.iter().map(|activity| activity["_id"].as_str().unwrap().to_owned()));
        if page["hasMore"] == false {
            ids.reverse();
            return ids;
        }
    }
}
