//! What tokens are accepted by each door, until when, and what a fresh one takes away.

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pulse::{
    config::Timing,
    domain::{Clock, Role, Timestamp},
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

use crate::support::{
    Backend, Client, Introspected, SECRET, Server, Socket, SocketIo, Subscription, TestApp, fresh_database,
    in_time, token,
};

/// Runs a command of the binary; returns whether it succeeded, and what it printed.
fn pulse(arguments: &[&str], settings: &[(&str, &str)]) -> (bool, String) {
    let output = Server::command(settings).args(arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

const HOUR: Duration = Duration::from_secs(3_600);

/// A token with these claims.
fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn now() -> i64 {
    Timestamp::now().millis() / 1_000
}

/// Gives a socket a fresh token, and waits until the server has taken it.
async fn refresh(socket: &mut Socket, token: &str) {
    socket.send(&json!({"type": "ping", "payload": {"authorization": format!("Bearer {token}")}})).await;
}

/// The code of the error that an operation ended with.
async fn ended(socket: &mut Socket, subscription: &Subscription) -> Value {
    let message = socket.message_of(subscription).await;
    assert_eq!(message["type"], "error", "{message}");
    message["payload"][0]["extensions"]["code"].clone()
}

async fn titled(socket: &mut Socket, subscription: &Subscription) -> Value {
    socket.next(subscription).await["activityCreated"]["title"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_ends_each_operation_that_it_does_not_allow() {
    let app = TestApp::production(Backend::Sqlite).await;
    let admin = app.with_token(token("root", Role::Admin));
    let mut socket = admin.socket().await;
    let fields = Introspected::of(&admin).await.root_fields();
    let followed: Vec<_> =
        fields.iter().filter(|field| field.root == "Subscription" && field.takes_user).collect();
    assert!(followed.len() >= 4, "{followed:?}");
    let cursor = admin.get("/api/activities/bob").await.expect(200)["cursor"].as_str().unwrap().to_owned();
    let mut forbidden = Vec::new();
    for field in &followed {
        forbidden.push((field, socket.subscribe(&field.document("bob", "", &cursor), json!({})).await));
    }
    let title = "subscription($user: ID) { activityCreated(userId: $user) { title } }";
    let bob = socket.subscribe(title, json!({"user": "bob"})).await;
    let own = socket.subscribe(title, json!({"user": "root"})).await;
    let implied = socket.subscribe(title, json!({})).await;
    let everyones = socket.subscribe("subscription { activeUsers }", json!({})).await;
    assert_eq!(socket.next(&everyones).await["activeUsers"], 1);
    socket.settle().await;
    admin.create_activity("bob", "before").await;
    assert_eq!(titled(&mut socket, &bob).await, "before");

    // Another token with the same rights changes nothing; nor does a service's, which may do as much.
    for role in [Role::Admin, Role::Service] {
        refresh(&mut socket, &token("root", role)).await;
        socket.settle().await;
        admin.create_activity("bob", role.as_str()).await;
        assert_eq!(titled(&mut socket, &bob).await, role.as_str());
    }

    refresh(&mut socket, &token("root", Role::User)).await;
    assert_eq!(ended(&mut socket, &bob).await, "FORBIDDEN");
    for (field, subscription) in &forbidden {
        // States come at once, and what had come before the token is delivered.
        let end = loop {
            let message = socket.message_of(subscription).await;
            if message["type"] != "next" {
                break message;
            }
        };
        assert_eq!(
            (&end["type"], &end["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("FORBIDDEN")),
            "{field}: {end}"
        );
    }
    admin.create_activity("bob", "not for a user").await;
    for title in ["one's own", "again"] {
        admin.create_activity("root", title).await;
        assert_eq!(titled(&mut socket, &own).await, title);
        assert_eq!(titled(&mut socket, &implied).await, title);
    }
    let refused = socket.subscribe(title, json!({"user": "bob"})).await;
    assert_eq!(ended(&mut socket, &refused).await, "FORBIDDEN");
    let mut ada = app.user("ada").socket().await;
    ada.settle().await;
    assert_eq!(socket.next(&everyones).await["activeUsers"], 2, "what every viewer may have goes on");

    refresh(&mut socket, &token("root", Role::Admin)).await;
    let bob = socket.subscribe(title, json!({"user": "bob"})).await;
    socket.settle().await;
    admin.create_activity("bob", "for an admin again").await;
    assert_eq!(titled(&mut socket, &bob).await, "for an admin again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_protocol_takes_no_fresh_token() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (message, code) in [("connection_init", 4429), ("ping", 4400)] {
        let mut socket = Socket::open(&app, "graphql-ws").await;
        let payload = json!({"authorization": token("root", Role::Admin)});
        socket.send(&json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        let payload = json!({"authorization": token("root", Role::User)});
        socket.send(&json!({"type": message, "payload": payload})).await;
        assert_eq!(socket.receive().await["code"], code, "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_end_by_the_wall_clock_though_their_timers_stood_still() {
    let shorten = |timing: &mut Timing| {
        timing.ping_interval = Duration::from_secs(1);
        timing.keep_alive_interval = Duration::from_secs(1);
    };
    let clock = Clock::standing_at(Timestamp::now());
    let app = TestApp::build(Backend::Sqlite, &[], clock, shorten).await;
    let ada = app.with_token(token("ada", Role::User));
    let query = "subscription { activityCreated { id } }";
    let mut sockets = Vec::new();
    for protocol in ["graphql-transport-ws", "graphql-ws"] {
        let mut socket = Socket::open(&app, protocol).await;
        socket.send(&json!({"type": "connection_init", "payload": {"token": ada.token}})).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        sockets.push(socket);
    }
    let mut streams = Vec::new();
    for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
        let request = ada.request(Method::POST, "/graphql").header("accept", accept);
        let response = in_time("a stream", request.json(&json!({"query": query})).send()).await.unwrap();
        assert_eq!(response.status(), 200);
        streams.push(response);
    }
    let socket_io = SocketIo::connect(&ada).await;
    // An hour passes for the world and not for the timers, as when a laptop sleeps: the next ping finds out.
    app.clock.advance(2 * HOUR);
    let closing = join_all(sockets.iter_mut().map(async |socket| {
        loop {
            let message = socket.receive().await;
            if message["type"] != "ka" {
                return message;
            }
        }
    }));
    let ending = join_all(streams.into_iter().map(reqwest::Response::text));
    let ends = async { tokio::join!(closing, ending, socket_io.rest()) };
    let (closed, texts, packets) = in_time("the end of every connection", ends).await;
    for end in closed {
        assert_eq!((&end["code"], &end["reason"]), (&json!(4403), &json!("token expired")));
    }
    assert!(texts[0].as_ref().unwrap().contains(": token expired"), "{texts:?}");
    assert!(texts[1].as_ref().unwrap().contains("UNAUTHENTICATED"), "{texts:?}");
    assert!(packets.contains("The token has expired."), "{packets}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_with_a_token_that_ended_while_timers_stood_still() {
    let app = TestApp::standing_still(Backend::Sqlite).await;
    let ada = app.with_token(token("ada", Role::User));
    let mut socket = ada.socket().await;
    let mut socket_io = SocketIo::connect(&ada).await;
    app.clock.advance(2 * HOUR);
    let body = json!({"type": "login", "title": "too late"});
    let query = "mutation { createActivity(input: {type: LOGIN, title: \"too late\"}) { id } }";
    socket.subscribe(query, json!({})).await;
    assert_eq!(socket.receive().await["code"], 4403);
    socket_io.send(&format!("42{}", json!(["activity:create", body]))).await;
    let packets = in_time("the end of the socket", socket_io.rest()).await;
    assert!(packets.contains("The token has expired."), "{packets}");
    assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
}

/// The status that a WebSocket handshake with these headers ends with.
async fn handshake(client: &Client, headers: &[&[u8]]) -> u16 {
    let mut request = format!("ws://{}/graphql/ws", client.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    for value in headers {
        request.headers_mut().append(header::AUTHORIZATION, header::HeaderValue::from_bytes(value).unwrap());
    }
    match in_time("a handshake", connect_async(request)).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_authorization_that_is_not_one_token_is_refused_by_every_door() {
    let good = format!("Bearer {}", token("ada", Role::User));
    let odd: [(&str, &[&[u8]]); 4] = [
        ("twice", &[good.as_bytes(), good.as_bytes()]),
        ("two of them", &[b"Bearer nonsense", good.as_bytes()]),
        ("no text", &[b"Bearer \xff"]),
        ("no token", &[b"Bearer"]),
    ];
    for app in [TestApp::start(Backend::Sqlite).await, TestApp::production(Backend::Sqlite).await] {
        for (why, values) in odd {
            for (method, path) in [
                (Method::GET, "/api/activities/ada"),
                (Method::GET, "/graphql?query=%7BactiveUsers%7D"),
                (Method::GET, "/metrics"),
            ] {
                let request = app.request(method, path);
                let request = values.iter().fold(request, |request, value| {
                    let value = header::HeaderValue::from_bytes(value).unwrap();
                    request.header(header::AUTHORIZATION, value)
                });
                assert_eq!(app.send(request).await.status, 401, "{why}: {path}");
            }
            let status = handshake(&app, values).await;
            assert_eq!(status, if why == "no token" { 101 } else { 401 }, "{why}");
        }
        for odd in [json!("Bearer "), json!(7), json!(["token"]), json!({"token": "x"}), json!(false)] {
            let mut socket = Socket::open(&app, "graphql-transport-ws").await;
            socket.send(&json!({"type": "connection_init", "payload": {"authorization": odd}})).await;
            assert_eq!(socket.receive().await["code"], 4403, "{odd}");
        }
        assert_eq!(handshake(&app, &[good.replace("Bearer", "bEARER").as_bytes()]).await, 101);
        let request = app.request(Method::GET, "/api/activities/ada");
        let answer = app.send(request.header("authorization", good.replace("Bearer", "BEARER"))).await;
        assert_eq!(answer.status, 200);
    }
}

/// The message that a token is refused with by REST, and whether a socket takes it; none where it is taken.
async fn refusal(app: &TestApp, claims: &Value) -> Option<String> {
    let client = app.with_token(signed(claims));
    let answer = client.get("/api/activities/ada").await;
    let mut socket = Socket::open(&client, "graphql-transport-ws").await;
    socket.send(&json!({"type": "connection_init", "payload": {"token": client.token}})).await;
    let reply = socket.receive().await;
    if answer.status == 200 {
        assert_eq!(reply["type"], "connection_ack", "{claims}");
        return None;
    }
    assert_eq!((answer.status, reply["code"].as_u64()), (401, Some(4403)), "{claims}: {}", answer.text);
    assert_eq!(answer.rest_error().0, "UNAUTHENTICATED");
    Some(answer.body["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_lifetime_may_be_bounded_and_an_end_required() {
    let settings = [("NODE_ENV", "production"), ("HOST", "127.0.0.1")];
    let (start, end) = (now(), now() + 1_800);
    let endless = json!({"sub": "ada", "iat": start});
    let long = json!({"sub": "ada", "iat": start, "exp": start + 3_700});
    let late = json!({"sub": "ada", "exp": start + 7_200});
    let short = json!({"sub": "ada", "iat": start, "exp": end});
    let text = json!({"sub": "ada", "exp": end.to_string()});

    let plain = TestApp::with(Backend::Sqlite, &settings).await;
    for claims in [&endless, &long, &late, &short, &json!({"sub": "ada", "exp": u64::MAX, "nbf": -1.5})] {
        assert_eq!(refusal(&plain, claims).await, None, "{claims}");
    }
    assert_eq!(refusal(&plain, &text).await.unwrap(), "The token's exp must be a number.");

    let strict =
        TestApp::with(Backend::Sqlite, &[&settings[..], &[("JWT_REQUIRE_EXP", "true")]].concat()).await;
    assert!(refusal(&strict, &endless).await.unwrap().contains("has no exp"));
    assert_eq!(refusal(&strict, &late).await, None);

    let bounded =
        TestApp::with(Backend::Sqlite, &[&settings[..], &[("JWT_MAX_LIFETIME", "1h")]].concat()).await;
    for claims in [&long, &late] {
        assert!(refusal(&bounded, claims).await.unwrap().contains("longer than 3600 s"), "{claims}");
    }
    assert!(refusal(&bounded, &endless).await.unwrap().contains("has no exp"));
    assert_eq!(refusal(&bounded, &short).await, None);
}

#[tokio::test]
async fn no_token_is_issued_that_the_server_would_refuse() {
    let limit = [("JWT_MAX_LIFETIME", "30m")];
    let app = TestApp::with(Backend::Sqlite, &limit).await;
    let issued = app.post("/dev/token", &json!({"user": "ada"})).await.expect(200);
    app.with_token(issued["token"].as_str().unwrap()).get("/api/activities/ada").await.expect(200);
    let refused = app.post("/dev/token", &json!({"user": "ada", "expires": "31m"})).await;
    assert_eq!((refused.status, refused.rest_error().1.as_deref()), (400, Some("expires")));

    let settings = [limit[0], ("JWT_SECRET", SECRET)];
    let (_, issued) = pulse(&["token", "--user", "ada"], &settings);
    app.with_token(issued.trim()).get("/api/activities/ada").await.expect(200);
    let (succeeded, error) = pulse(&["token", "--user", "ada", "--expires", "31m"], &settings);
    assert!(!succeeded && error.contains("JWT_MAX_LIFETIME"), "{error}");
    let (_, shown) = pulse(&["config"], &limit);
    for (name, value) in [("JWT_MAX_LIFETIME", "30m"), ("JWT_REQUIRE_EXP", "false")] {
        assert!(shown.lines().any(|line| line.starts_with(name) && line.contains(value)), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_token_without_an_end_is_one_warning() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[]);
    for user in ["ada", "bob", "ada"] {
        let client = server.with_token(signed(&json!({"sub": user})));
        client.get("/api/health").await.expect(200);
        client.get(&format!("/api/activities/{user}")).await.expect(200);
    }
    server.get("/api/ready").await.expect(200);
    let lines = server.log_until(|line| line.contains("/api/ready"));
    let warned: Vec<_> = lines.iter().filter(|line| line.contains("JWT_REQUIRE_EXP")).collect();
    assert!(warned.len() == 1 && warned[0].contains("WARN"), "{lines:#?}");
}
