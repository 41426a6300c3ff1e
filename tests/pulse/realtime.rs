//! Sockets and streams: what is counted, what ends them, and what keeps them.

use std::time::Duration;

use futures_util::StreamExt;
use pulse::{
    config::Timing,
    domain::{Role, UserId},
    service,
};
use serde_json::{Value, json};

use crate::support::{Backend, Client, SECRET, Socket, TestApp, eventually, in_time};

const ADA: &str = "subscription { activityCreated(userId: \"ada\") { id title } }";

fn token_for(user: &str, lifetime: Duration) -> String {
    service::issue(SECRET, &UserId::parse("userId", user).unwrap(), Role::User, lifetime).unwrap()
}

async fn gauge(client: &Client, name: &str) -> i64 {
    let text = client.get("/metrics").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("pulse_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

async fn gauges(client: &Client) -> [i64; 4] {
    let mut values = [0; 4];
    for (value, name) in
        values.iter_mut().zip(["open_sockets", "open_streams", "open_operations", "followed_users"])
    {
        *value = gauge(client, name).await;
    }
    values
}

async fn open_events(client: &Client, query: &str, accept: &str) -> reqwest::Response {
    let request = client.request(reqwest::Method::POST, "/graphql").header("accept", accept);
    in_time("a stream", request.json(&json!({"query": query})).send()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn gauges_return_to_zero_after_abrupt_ends() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut sockets = Vec::new();
    for user in ["ada", "bob", "cleo"] {
        let mut socket = app.socket().await;
        let query = format!("subscription {{ activityCreated(userId: \"{user}\") {{ id }} }}");
        socket.subscribe(&query, json!({})).await;
        socket.subscribe("subscription { activeUsers }", json!({})).await;
        sockets.push(socket);
    }
    let events = open_events(&app, ADA, "text/event-stream").await;
    eventually("open gauges", || async { (gauges(&app).await == [3, 1, 7, 3]).then_some(()) }).await;
    // Neither side says goodbye: the connections just end.
    drop((sockets, events));
    eventually("gauges of zero", || async { (gauges(&app).await == [0, 0, 0, 0]).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_token_unless_a_fresh_one_comes() {
    let app = TestApp::start(Backend::Sqlite).await;
    let short = Duration::from_secs(2);
    let mut left = app.with_token(token_for("ada", short)).socket().await;
    let mut kept = app.with_token(token_for("ada", short)).socket().await;
    let subscription = kept.subscribe(ADA, json!({})).await;
    let fresh = token_for("ada", Duration::from_secs(600));
    kept.send(&json!({"type": "ping", "payload": {"authorization": format!("Bearer {fresh}")}})).await;
    let pong = kept.receive().await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["payload"]["expiresAt"].as_str().unwrap().ends_with('Z'), "{pong}");

    let end = left.receive().await;
    assert_eq!((&end["code"], &end["reason"]), (&json!(4403), &json!("token expired")));
    app.create_activity("ada", "after the first token's end").await;
    assert_eq!(kept.next(&subscription).await["activityCreated"]["title"], "after the first token's end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_must_be_the_same_users() {
    let app = TestApp::start(Backend::Sqlite).await;
    for token in [token_for("bob", Duration::from_secs(60)), "nonsense".to_owned()] {
        let mut socket = app.user("ada").socket().await;
        socket.send(&json!({"type": "ping", "payload": {"authorization": token}})).await;
        assert_eq!(socket.receive().await["code"], 4403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_their_token_too() {
    let app = TestApp::start(Backend::Sqlite).await;
    let ada = app.with_token(token_for("ada", Duration::from_secs(2)));
    let multipart = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0";
    for (accept, said) in [("text/event-stream", ": token expired"), (multipart, "UNAUTHENTICATED")] {
        let response = open_events(&ada, ADA, accept).await;
        assert_eq!(response.status(), 200);
        let text = in_time("the end of the stream", response.text()).await.unwrap();
        assert!(text.contains(said), "{text}");
        assert!(!text.contains("event: complete"), "{text}");
        if accept == "text/event-stream" {
            let again = open_events(&ada, ADA, accept).await;
            assert_eq!(again.status(), 401, "an ended token opens nothing");
            break;
        }
    }
    let ada = app.with_token(token_for("ada", Duration::from_secs(2)));
    let text = in_time("the end", open_events(&ada, ADA, multipart).await.text()).await.unwrap();
    assert!(text.contains("UNAUTHENTICATED") && text.trim_end().ends_with("--graphql--"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_shutdown_readiness_goes_first_and_sockets_are_told_to_come_back() {
    let mut app = TestApp::tuned(|timing| timing.drain_window = Timing::default().drain_window).await;
    let client = (*app).clone();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(client.socket().await);
    }
    let events = open_events(&client, ADA, "text/event-stream").await;
    let watching = tokio::spawn(async move {
        eventually("a 503 of readiness", || async {
            (client.get("/api/ready").await.status == 503).then_some(())
        })
        .await;
        let ready = client.get("/api/ready").await;
        let refused = client.get("/api/activities/ada").await;
        (ready.body["status"].clone(), refused.status, refused.rest_error().0)
    });
    let closing = tokio::spawn(async move {
        let mut ends = Vec::new();
        for socket in &mut sockets {
            ends.push(socket.receive().await["code"].clone());
        }
        ends
    });
    app.stop().await;
    assert_eq!(watching.await.unwrap(), (json!("draining"), 503, "UNAVAILABLE".to_owned()));
    assert_eq!(closing.await.unwrap(), vec![json!(1012); 20]);
    let text = in_time("the end of the stream", events.text()).await.unwrap();
    assert!(text.contains(": service restart") && !text.contains("event: complete"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn event_streams_resume_after_the_last_event_id() {
    let app = TestApp::start(Backend::Sqlite).await;
    let old = app.create_activity("ada", "old").await;
    let seen = app.create_activity("ada", "seen").await;
    app.create_activity("ada", "missed").await;
    // An EventSource that reconnects repeats its address, with an older cursor in it.
    let query = format!(
        "subscription {{ activityCreated(userId: \"ada\", after: {}) {{ title cursor }} }}",
        old["cursor"]
    );
    let address = format!("/graphql?query={}", urlencode(&query));
    let request = app
        .request(reqwest::Method::GET, &address)
        .header("accept", "text/event-stream")
        .header("last-event-id", seen["cursor"].as_str().unwrap());
    let mut chunks = in_time("a stream", request.send()).await.unwrap().bytes_stream();
    let mut text = String::new();
    while !text.contains("event: next") || !text.ends_with("\n\n") {
        text += std::str::from_utf8(&in_time("an event", chunks.next()).await.unwrap().unwrap()).unwrap();
    }
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let event: Value = serde_json::from_str(data).unwrap();
    let activity = &event["data"]["activityCreated"];
    assert_eq!(activity["title"], "missed");
    assert!(text.contains(&format!("id: {}", activity["cursor"].as_str().unwrap())), "{text}");
}

fn urlencode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_closed_and_can_resume() {
    let app = TestApp::tuned(|timing| timing.slow_reader_timeout = Duration::from_secs(1)).await;
    let mut slow = app.socket().await;
    let wide: String = (0..16).map(|index| format!("d{index}: data ")).collect();
    let query = format!("subscription {{ activityCreated(userId: \"ada\") {{ id {wide} }} }}");
    slow.subscribe(&query, json!({})).await;
    slow.settle().await;
    // 40 events of about 250 KiB fill every buffer between the server and the reader.
    let data = json!({"text": "x".repeat(15_000)});
    for index in 0..40 {
        let body = json!({"userId": "ada", "type": "login", "title": index.to_string(), "data": data});
        app.post("/api/activities", &body).await.expect(201);
    }
    // The server gives the reader up; then the reader finds what was on its way, and why no more comes.
    eventually("the end of the operation", async || {
        (gauge(&app, "open_operations").await == 0).then_some(())
    })
    .await;
    let mut received = 0;
    let end = loop {
        let message = slow.receive().await;
        if message["type"] == "closed" {
            break message;
        }
        received += 1;
    };
    assert_eq!((&end["code"], &end["reason"]), (&json!(4410), &json!("slow consumer")));
    assert!(received < 40, "the server held nothing back");
    drop(slow);
    eventually("the end of the socket", || async { (gauge(&app, "open_sockets").await == 0).then_some(()) })
        .await;
    let mut fresh = app.socket().await;
    let cursor =
        app.get("/api/activities/ada?limit=40").await.expect(200)["activities"][39]["cursor"].clone();
    let query = "subscription($after: String) { activityCreated(userId: \"ada\", after: $after) { title } }";
    let resumed = fresh.subscribe(query, json!({"after": cursor})).await;
    for index in 1..40 {
        assert_eq!(fresh.next(&resumed).await["activityCreated"]["title"], index.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_read_ends_too() {
    let app = TestApp::tuned(|timing| timing.unread_timeout = Duration::from_secs(2)).await;
    let wide: String = (0..16).map(|index| format!("d{index}: data ")).collect();
    let query = format!("subscription {{ activityCreated(userId: \"ada\") {{ id {wide} }} }}");
    let unread = open_events(&app, &query, "text/event-stream").await;
    let data = json!({"text": "x".repeat(15_000)});
    for index in 0..60 {
        let body = json!({"userId": "ada", "type": "login", "title": index.to_string(), "data": data});
        app.post("/api/activities", &body).await.expect(201);
    }
    assert_eq!(gauge(&app, "open_streams").await, 1);
    eventually("the end of the stream", || async { (gauge(&app, "open_streams").await == 0).then_some(()) })
        .await;
    drop(unread);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_takes_64_operations_and_refuses_one_more_alone() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut socket = Socket::connect(&app).await;
    let mut last = None;
    for _ in 0..65 {
        last = Some(
            socket
                .subscribe("subscription { unreadCounts(userId: \"ada\") { activities } }", json!({}))
                .await,
        );
    }
    let refused = socket.message_of(&last.unwrap()).await;
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("RATE_LIMITED"))
    );
    socket.settle().await;
}
