//! What those who run the server see and rely on: request ids, the log, what browsers may do, and the end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use flate2::read::GzDecoder;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

use crate::support::{Answer, Backend, Client, Server, TestApp, eventually, fresh_database, in_time, token};

const OWN_PAGE: &str = "http://localhost:3000";
const FOREIGN_PAGE: &str = "https://evil.example";

/// A GET with some headers.
async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(client, Method::GET, path, headers).await
}

async fn send(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, path);
    client.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_plain_request_id_is_taken_over_and_any_other_replaced() {
    let app = TestApp::start(Backend::Sqlite).await;
    let long = "x".repeat(65);
    for plain in ["abc-123", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "A_b.c"] {
        let answer = get(&app, "/api/health", &[("x-request-id", plain)]).await;
        assert_eq!(header(&answer.headers, "x-request-id"), Some(plain));
    }
    for odd in ["two words", "a\"b", "<script>", "", long.as_str()] {
        let answer = get(&app, "/api/health", &[("x-request-id", odd)]).await;
        let given = header(&answer.headers, "x-request-id").unwrap();
        assert!(given != odd && !given.is_empty(), "{odd:?} became {given:?}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut ids = Vec::new();
    for (path, status) in
        [("/api/health", 200), ("/api/none", 404), ("/api/activities/ada?limit=0", 400), ("/none", 404)]
    {
        let answer = app.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        ids.push(
            header(&answer.headers, "x-request-id").unwrap_or_else(|| panic!("{path} has none")).to_owned(),
        );
    }
    let refused = app.with_token("nonsense").get("/api/activities/ada").await;
    ids.push(header(&refused.headers, "x-request-id").unwrap().to_owned());
    let foreign = send(&app, Method::POST, "/api/activities", &[("origin", FOREIGN_PAGE)]).await;
    ids.push(header(&foreign.headers, "x-request-id").unwrap().to_owned());
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

/// The lines of a request's answer in a log, up to a later marker.
async fn answered(server: &Server, id: &str) -> Vec<String> {
    get(server, "/api/health", &[("x-request-id", "marker")]).await;
    let lines = server.log_until(|line| line.contains("marker"));
    lines.into_iter().filter(|line| line.contains(id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_of_the_log() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[("LOG_FORMAT", "json")]);
    let ada = server.user("ada");
    get(&ada, "/api/activities/ada?limit=7", &[("x-request-id", "r-rest")]).await.expect(200);
    let lines = answered(&server, "r-rest").await;
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(
        (&line["method"], &line["status"], &line["user"]),
        (&json!("GET"), &json!(200), &json!("ada"))
    );
    let route = line["route"].as_str().unwrap();
    assert!(route.starts_with("/api/activities/{") && !route.contains("ada"), "{route}");
    assert!(line["ms"].as_f64().unwrap() >= 0.0, "{line}");
    assert!(line["operation"].is_null(), "{line}");

    let body = json!({"query": "query MyFeed { activities { total } }"});
    let request = ada.request(Method::POST, "/graphql").header("x-request-id", "r-graphql").json(&body);
    ada.send(request).await.data();
    let lines = answered(&server, "r-graphql").await;
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!((&line["operation"], &line["route"]), (&json!("MyFeed"), &json!("/graphql")));
    assert_eq!((&line["user"], &line["status"]), (&json!("ada"), &json!(200)));

    get(&server, "/api/activities/ada?limit=0", &[("x-request-id", "r-refused")]).await.expect(400);
    let lines = answered(&server, "r-refused").await;
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((lines.len(), &line["status"]), (1, &json!(400)), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_the_log_holds_a_token_or_a_path_with_a_user() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    for format in ["text", "json"] {
        let server = Server::start(&url, &[("LOG_FORMAT", format), ("RUST_LOG", "pulse=trace,info")]);
        let token = token("ada", pulse::domain::Role::User);
        let ada = server.with_token(&token);
        ada.get("/api/activities/ada").await.expect(200);
        ada.graphql("{ activities { total } }", json!({"token": token})).await.data();
        server.with_token(format!("{token}x")).get("/api/activities/ada").await.expect(401);
        server.get("/api/activities/user-in-a-path").await.expect(200);
        drop(ada.socket().await);
        let mut lines = server.banner().to_vec();
        server.get("/none-marker").await.expect(404);
        get(&server, "/api/health", &[("x-request-id", "marker")]).await.expect(200);
        lines.extend(server.log_until(|line| line.contains("marker")));
        let signature = token.rsplit('.').next().unwrap();
        for line in &lines {
            assert!(!line.contains(signature) && !line.contains("user-in-a-path"), "{line}");
            assert!(!line.contains("none-marker"), "an unknown path is the caller's text: {line}");
            if format == "json" {
                assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_answers_and_no_others() {
    let app =
        TestApp::with(Backend::Sqlite, &[("CLIENT_URL", "http://localhost:3000, https://app.example")]).await;
    for allowed in [OWN_PAGE, "https://app.example"] {
        let answer = get(&app, "/api/health", &[("origin", allowed)]).await;
        assert_eq!(header(&answer.headers, "access-control-allow-origin"), Some(allowed));
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let answer = preflight(&app, allowed, method).await;
            assert!((200..300).contains(&answer.status), "{method}: {}", answer.status);
            assert_eq!(header(&answer.headers, "access-control-allow-origin"), Some(allowed), "{method}");
            let methods = header(&answer.headers, "access-control-allow-methods").unwrap();
            assert!(methods.contains(method), "{methods}");
            let headers = header(&answer.headers, "access-control-allow-headers").unwrap().to_lowercase();
            assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        }
    }
    for foreign in [FOREIGN_PAGE, "http://localhost.evil.example", "null", "https://app.example.evil.example"]
    {
        let answer = get(&app, "/api/health", &[("origin", foreign)]).await;
        assert_eq!(header(&answer.headers, "access-control-allow-origin"), None, "{foreign}");
        let answer = preflight(&app, foreign, "PATCH").await;
        assert_eq!(header(&answer.headers, "access-control-allow-origin"), None, "{foreign}");
    }
}

async fn preflight(client: &Client, origin: &str, method: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    send(client, Method::OPTIONS, "/api/analytics/ada/streak", &headers).await
}

/// The status that a WebSocket handshake from a page of `origin` ends with.
async fn handshake(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("ws://{}{path}", client.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match in_time("a handshake", connect_async(request)).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn foreign_pages_can_neither_write_nor_open_sockets() {
    for app in [TestApp::start(Backend::Sqlite).await, TestApp::production(Backend::Sqlite).await] {
        let own = app.url("");
        for path in ["/graphql", "/graphql/ws"] {
            assert_eq!(handshake(&app, path, &[("origin", FOREIGN_PAGE)]).await, 403, "{path}");
            assert_eq!(handshake(&app, path, &[("origin", "null")]).await, 403, "{path}");
            assert_eq!(handshake(&app, path, &[("origin", OWN_PAGE)]).await, 101, "{path}");
            assert_eq!(handshake(&app, path, &[("origin", &own)]).await, 101, "{path}");
            assert_eq!(handshake(&app, path, &[]).await, 101, "{path}");
        }
        let stream = [("origin", FOREIGN_PAGE), ("accept", "text/event-stream")];
        assert_eq!(get(&app, "/graphql", &stream).await.status, 403);
        for (method, path) in [
            (Method::POST, "/api/activities"),
            (Method::POST, "/graphql"),
            (Method::DELETE, "/api/notifications/ada/clear-all"),
        ] {
            let refused = send(&app.user("ada"), method.clone(), path, &[("origin", FOREIGN_PAGE)]).await;
            assert_eq!(refused.status, 403, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn in_development_only_local_names_of_the_server_are_answered() {
    let development = TestApp::start(Backend::Sqlite).await;
    for foreign in ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "192.168.1.10"] {
        let refused = get(&development, "/api/activities/ada", &[("host", foreign)]).await;
        assert_eq!(refused.status, 403, "{foreign}");
        assert_eq!(handshake(&development, "/graphql/ws", &[("host", foreign)]).await, 403, "{foreign}");
    }
    for local in ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"] {
        get(&development, "/api/activities/ada", &[("host", local)]).await.expect(200);
    }
    let production = TestApp::production(Backend::Sqlite).await;
    get(&production, "/api/health", &[("host", "pulse.example")]).await.expect(200);
}

#[tokio::test]
async fn answers_tell_browsers_not_to_guess_frame_or_keep_them() {
    let app = TestApp::start(Backend::Sqlite).await;
    for path in
        ["/api/health", "/api/none", "/api/activities/ada", "/graphiql", "/graphql?query=%7B__typename%7D"]
    {
        let answer = app.get(path).await;
        assert_eq!(header(&answer.headers, "x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header(&answer.headers, "x-frame-options"), Some("DENY"), "{path}");
        let policy = header(&answer.headers, "content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(answer.headers.contains_key("referrer-policy"), "{path}");
        let kept = header(&answer.headers, "cache-control").unwrap_or_default();
        assert!(kept.contains("no-store") || kept.contains("no-cache"), "{path}: {kept}");
        assert!(
            !answer.headers.contains_key("x-powered-by") && !answer.headers.contains_key("server"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask_and_small_ones_are_not() {
    let app = TestApp::start(Backend::Sqlite).await;
    for _ in 0..50 {
        app.create_activity("ada", "an activity among many").await;
    }
    let plain = app.get("/api/activities/ada?limit=50").await;
    assert_eq!(header(&plain.headers, "content-encoding"), None);
    let request = app.request(Method::GET, "/api/activities/ada?limit=50").header("accept-encoding", "gzip");
    let response = in_time("a response", request.send()).await.unwrap();
    assert_eq!(header(response.headers(), "content-encoding"), Some("gzip"));
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.len() < plain.text.len() / 2, "{} of {} bytes", bytes.len(), plain.text.len());
    let mut text = String::new();
    GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text);
    let small = get(&app, "/api/health", &[("accept-encoding", "gzip")]).await;
    assert_eq!(header(&small.headers, "content-encoding"), None);
    assert_eq!(small.body["status"], "Server is running");
}

/// A request of which only a part has been sent.
struct HalfSent {
    stream: TcpStream,
    rest: String,
}

impl HalfSent {
    fn start(client: &Client) -> Self {
        let body = json!({"userId": "ada", "type": "login", "title": "under way"}).to_string();
        let (first, rest) = body.split_at(10);
        let mut stream = TcpStream::connect(client.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(
            stream,
            "POST /api/activities HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        // The server asks for the body: so it works on the request.
        assert!(read_line(&mut stream).contains("100 Continue"));
        assert_eq!(read_line(&mut stream).trim(), "");
        stream.write_all(first.as_bytes()).unwrap();
        Self { stream, rest: rest.to_owned() }
    }

    /// Sends the rest; returns the first line of the answer.
    fn finish(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).unwrap();
        read_line(&mut self.stream)
    }
}

fn read_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\n") && stream.read(&mut byte).unwrap() > 0 {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

async fn ends_in_order(signal: &str) {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let mut server = Server::start(&url, &[]);
    let mut socket = server.socket().await;
    let half = HalfSent::start(&server);
    server.signal(signal);
    server.log_line(|line| line.contains("shutting down"));
    let refused = eventually("a refusal", async || {
        // A connection that came an instant too early may be closed before its request is read.
        let response = server.request(Method::GET, "/api/activities/ada").send().await.ok()?;
        let answer = Answer::of(response).await;
        (answer.status != 200).then_some(answer)
    });
    let refused = refused.await;
    assert_eq!((refused.status, refused.rest_error().0.as_str()), (503, "UNAVAILABLE"));
    assert!(half.finish().contains("201"), "the request under way was not answered");
    let closed = socket.receive().await;
    assert_eq!((&closed["type"], &closed["code"]), (&json!("closed"), &json!(1012)), "{closed}");
    let status = server.wait(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{signal}: {status}");
    let restarted = Server::start(&url, &[]);
    let page = restarted.get("/api/activities/ada").await.expect(200);
    assert_eq!(page["activities"][0]["title"], "under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_answers_what_is_under_way_refuses_the_rest_closes_sockets_and_ends() {
    ends_in_order("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_answers_what_is_under_way_refuses_the_rest_closes_sockets_and_ends() {
    ends_in_order("INT").await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_in_one_line() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Server::command(&[("PORT", &port), ("DATABASE_URL", &url)]).output().unwrap();
    let lines: Vec<_> = BufReader::new(&*output.stderr).lines().map(Result::unwrap).collect();
    assert_eq!(output.status.code(), Some(1), "{lines:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("PORT") && lines[0].contains(&port), "{lines:?}");
}
