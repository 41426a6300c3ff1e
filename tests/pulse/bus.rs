//! Who may publish on the bus, but is no node of the database, can neither replace nor hide events, nor make any up.

use std::time::Duration;

use async_nats::{Client, Subscriber};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{Backend, Nats, Socket, SocketIo, Subscription, TestApp, eventually, in_time};

const QUERY: &str = "subscription($user: ID) { activityCreated(userId: $user) { title } }";

/// Two nodes on one database and one bus.
async fn two_nodes(nats: &Nats) -> (TestApp, TestApp) {
    let first = TestApp::with(Backend::Postgres, &[("NATS_URL", &nats.url)]).await;
    let settings = [("NATS_URL", nats.url.as_str()), ("DATABASE_URL", first.database_url.as_str())];
    let second = TestApp::with(Backend::Postgres, &settings).await;
    for node in [&first, &second] {
        eventually("the bus", async || (node.get("/api/ready").await.status == 200).then_some(())).await;
    }
    (first, second)
}

/// Someone who hears everything on the bus.
async fn listener(nats: &Nats) -> (Client, Subscriber) {
    let client = async_nats::connect(&nats.url).await.unwrap();
    let heard = client.subscribe("pulse.>").await.unwrap();
    client.flush().await.unwrap();
    (client, heard)
}

async fn follow(app: &TestApp, user: &str) -> (Socket, Subscription) {
    let mut socket = app.socket().await;
    let subscription = socket.subscribe(QUERY, json!({"user": user})).await;
    socket.settle().await;
    (socket, subscription)
}

/// A message as a node without a key would send it.
fn made_up(position: u64) -> Vec<u8> {
    let activity = json!({
        "id": "0123456789abcdef01234567", "type": "log_created", "title": "made up", "description": null,
        "data": null, "timestamp": 1_769_852_345_678_u64
    });
    let message = json!({"position": position, "unread": [0, 0], "change": {"Activity": activity}});
    serde_json::to_vec(&message).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_messages_change_nothing() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(&nats).await;
    let (evil, mut heard) = listener(&nats).await;
    let (mut socket, follows) = follow(&first, "ada").await;
    let mut subject = String::new();
    let mut real: Vec<Vec<u8>> = Vec::new();
    let mut expected = Vec::new();
    for number in 0..20_u64 {
        let title = number.to_string();
        // The next position, now and later; positions that are none; the end of all numbers.
        if !real.is_empty() {
            for position in
                [number, number + 1, number + 2, 0, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX]
            {
                let message = made_up(position);
                let mut tagged = message.clone();
                tagged.extend_from_slice(&[7; 32]);
                for message in [message, tagged] {
                    evil.publish(subject.clone(), message.into()).await.unwrap();
                }
            }
            // What was heard before, again, and with another end.
            for message in &real {
                let mut changed = message.clone();
                *changed.last_mut().unwrap() ^= 1;
                evil.publish(subject.clone(), message.clone().into()).await.unwrap();
                evil.publish(subject.clone(), changed.into()).await.unwrap();
            }
            evil.flush().await.unwrap();
        }
        second.create_activity("ada", &title).await;
        expected.push(json!(title));
        // Only what the node sent; the rest is this one's own.
        let message = loop {
            let message = in_time("a message on the bus", heard.next()).await.unwrap();
            let text = String::from_utf8_lossy(&message.payload);
            if text.contains(&format!("\"title\":\"{title}\"")) {
                break message;
            }
        };
        subject = message.subject.to_string();
        real.push(message.payload.to_vec());
    }
    let mut titles = Vec::new();
    for _ in &expected {
        titles.push(socket.next(&follows).await["activityCreated"]["title"].clone());
    }
    assert_eq!(titles, expected);
    // Another user's message, and one of another subject, say nothing of ada.
    let (mut bobs, bob_follows) = follow(&first, "bob").await;
    let epoch = subject.split('.').nth(1).unwrap();
    let of_bob = format!("pulse.{epoch}.user.Ym9i");
    evil.publish(of_bob, real.remove(0).into()).await.unwrap();
    evil.flush().await.unwrap();
    second.create_activity("bob", "bob's own").await;
    assert_eq!(bobs.next(&bob_follows).await["activityCreated"]["title"], "bob's own");
    second.create_activity("ada", "last").await;
    assert_eq!(socket.next(&follows).await["activityCreated"]["title"], "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_message_makes_the_tables_be_read() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(&nats).await;
    let (evil, mut heard) = listener(&nats).await;
    let (mut socket, follows) = follow(&first, "ada").await;
    second.create_activity("ada", "heard").await;
    assert_eq!(socket.next(&follows).await["activityCreated"]["title"], "heard");
    let subject = in_time("a message on the bus", heard.next()).await.unwrap().subject;
    // A commit that nobody tells of: by a node without a bus.
    let settings = [("DATABASE_URL", first.database_url.as_str())];
    let third = TestApp::with(Backend::Postgres, &settings).await;
    third.create_activity("ada", "not told").await;
    evil.publish(subject, made_up(2).into()).await.unwrap();
    evil.flush().await.unwrap();
    // Long before the check of every 15 s.
    let next = tokio::time::timeout(Duration::from_secs(10), socket.next(&follows)).await;
    assert_eq!(next.unwrap()["activityCreated"]["title"], "not told");
}

/// A message of a public activity is shown once, however often it is sent, and not if no node sent it.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_activity_is_shown_once() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(&nats).await;
    let (evil, mut heard) = listener(&nats).await;
    let mut shown = SocketIo::connect(&first).await;
    let create =
        |title: &str| format!(r#"42["activity:create",{{"userId":"ada","type":"login","title":"{title}"}}]"#);
    let mut there = SocketIo::connect(&second).await;
    there.send(&create("one")).await;
    let public = loop {
        let message = in_time("a message on the bus", heard.next()).await.unwrap();
        if message.subject.ends_with(".public") {
            break message;
        }
    };
    let forged: Value = serde_json::from_slice(&made_up(2)).unwrap();
    let mut forged = forged.as_object().unwrap().clone();
    forged.insert("user".into(), json!("ada"));
    for _ in 0..5 {
        evil.publish(public.subject.clone(), public.payload.clone()).await.unwrap();
        evil.publish(public.subject.clone(), serde_json::to_vec(&forged).unwrap().into()).await.unwrap();
    }
    evil.flush().await.unwrap();
    there.send(&create("two")).await;
    for title in ["one", "two"] {
        let packet = shown.until(r#"42["activity:new""#).await;
        assert!(packet.contains(&format!(r#""title":"{title}""#)), "{packet}");
    }
}
