//! Which pages of browsers may call, what they are told, and what the log says of those that may not.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

use crate::support::{Answer, Backend, Client, Server, TestApp, fresh_database, in_time};

const FOREIGN_PAGE: &str = "https://evil.example";
const QUERY: &str = "/graphql?query=%7BactiveUsers%7D";

/// Pages of this machine, as the tools that serve them while developing have it.
const LOOPBACK_PAGES: [&str; 6] = [
    "http://localhost:5173",
    "https://localhost",
    "http://127.0.0.1:8080",
    "http://[::1]:4200",
    "http://app.localhost:3000",
    "http://localhost:3001",
];

async fn send(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, path);
    client.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(client, Method::GET, path, headers).await
}

async fn preflight(client: &Client, origin: &str, headers: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", headers),
    ];
    send(client, Method::OPTIONS, "/graphql", &headers).await
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

async fn handshake(client: &Client, origin: &str) -> u16 {
    let mut request = format!("ws://{}/graphql/ws", client.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    request.headers_mut().insert("origin", origin.parse().unwrap());
    match in_time("a handshake", connect_async(request)).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn in_development_pages_of_this_machine_are_welcome() {
    let (development, production) =
        (TestApp::start(Backend::Sqlite).await, TestApp::production(Backend::Sqlite).await);
    let polling = "/socket.io/?EIO=4&transport=polling";
    for origin in LOOPBACK_PAGES {
        let page = [("origin", origin), ("sec-fetch-site", "cross-site"), ("accept", "application/json")];
        for path in [QUERY, "/api/activities/ada", polling] {
            let answer = get(&development, path, &page).await;
            assert_eq!((answer.status, allowed_origin(&answer)), (200, Some(origin)), "{path}");
        }
        let answer = preflight(&development, origin, "authorization,content-type").await;
        assert_eq!((answer.status, allowed_origin(&answer)), (200, Some(origin)));
        assert_eq!(handshake(&development, origin).await, 101, "{origin}");
        let answer = send(&development, Method::DELETE, "/api/notifications/ada/clear-all", &page).await;
        assert_eq!(answer.status, 200, "{origin}");

        assert_eq!(preflight(&production, origin, "authorization").await.status, 403, "{origin}");
        assert_eq!(handshake(&production, origin).await, 403, "{origin}");
        assert_eq!(get(&production, polling, &page).await.status, 403, "{origin}");
    }
    for origin in [FOREIGN_PAGE, "null", "http://localhost.evil.example", "http://192.168.1.10:5173"] {
        assert_eq!(preflight(&development, origin, "authorization").await.status, 403, "{origin}");
        assert_eq!(handshake(&development, origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn no_page_of_another_site_runs_a_query_on_the_development_server() {
    let app = TestApp::with(Backend::Sqlite, &[("CLIENT_URL", "https://app.example")]).await;
    let cross = ("sec-fetch-site", "cross-site");
    for page in [
        // A fetch, an image or script, and a frame.
        &[("origin", FOREIGN_PAGE), cross][..],
        &[("origin", "null")],
        &[cross, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), ("accept", "image/webp,*/*")],
        &[("sec-fetch-site", "Cross-Site")],
        &[cross, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "embed")],
        &[cross, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), ("accept", "text/html")],
    ] {
        for path in [QUERY, "/api/activities/ada", "/dev/users", "/metrics"] {
            let refused = get(&app, path, page).await;
            assert_eq!(
                (refused.status, refused.rest_error().0.as_str()),
                (403, "FORBIDDEN"),
                "{path} {page:?}"
            );
        }
    }
    for page in [
        &[][..],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://app.example"), cross],
    ] {
        assert_eq!(get(&app, QUERY, page).await.data(), json!({"activeUsers": 0}), "{page:?}");
    }
    // Who follows a link is shown a page, which runs nothing by itself.
    let link =
        [cross, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html,*/*")];
    let page = get(&app, QUERY, &link).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    // In production a token is needed, which no page of another site has.
    let production = TestApp::production(Backend::Sqlite).await;
    assert_eq!(get(&production, QUERY, &[cross]).await.status, 401);
    assert_eq!(get(&production.user("ada"), QUERY, &[cross]).await.status, 200);
}

#[tokio::test]
async fn a_stream_is_known_by_its_media_type_whatever_its_case() {
    let app = TestApp::production(Backend::Sqlite).await;
    let ada = app.user("ada");
    let subscription = "/graphql?query=subscription%7BactiveUsers%7D";
    for accept in [
        "text/event-stream",
        "Text/Event-Stream",
        "TEXT/EVENT-STREAM;q=0.5",
        "application/json, Multipart/Mixed; SubscriptionSpec=\"1.0\"",
    ] {
        let page = [("origin", FOREIGN_PAGE), ("accept", accept)];
        assert_eq!(get(&ada, subscription, &page).await.status, 403, "{accept}");
        let request = ada.request(Method::GET, subscription).header("accept", accept);
        let response = in_time("a stream", request.send()).await.unwrap();
        assert_eq!(response.status(), 200, "{accept}");
    }
    // A header may come in several lines.
    let page = [("accept", "application/json"), ("accept", "Text/Event-Stream"), ("origin", FOREIGN_PAGE)];
    assert_eq!(get(&ada, subscription, &page).await.status, 403);
    // One Origin that is welcome does not excuse another.
    let pages = [("origin", "http://localhost:3000"), ("origin", FOREIGN_PAGE)];
    assert_eq!(send(&ada, Method::POST, "/graphql", &pages).await.status, 403);
    let body = json!({"query": "{ activeUsers }"}).to_string();
    let request =
        ada.request(Method::POST, "/graphql").header("content-type", "Application/JSON; Charset=\"UTF-8\"");
    let request = request.header("accept", "Application/GraphQL-Response+JSON");
    let answer = ada.send(request.body(body)).await;
    assert!(
        answer.headers["content-type"].to_str().unwrap().starts_with("application/graphql-response+json")
    );
    answer.data();
}

#[tokio::test]
async fn preflights_allow_what_browsers_and_libraries_send() {
    let app = TestApp::production(Backend::Sqlite).await;
    let answer = preflight(&app, "http://localhost:3000", "traceparent").await;
    assert_eq!(answer.status, 200);
    let allowed = answer.headers["access-control-allow-headers"].to_str().unwrap().to_lowercase();
    let allowed: Vec<_> = allowed.split(',').map(str::trim).collect();
    for name in [
        "accept",
        "authorization",
        "content-type",
        "last-event-id",
        "x-request-id",
        "traceparent",
        "tracestate",
        "baggage",
        "sentry-trace",
        "x-requested-with",
        "apollo-require-preflight",
        "x-apollo-operation-name",
        "cache-control",
        "x-datadog-trace-id",
        "x-datadog-parent-id",
        "x-datadog-origin",
        "x-datadog-sampling-priority",
        "x-datadog-tags",
        "idempotency-key",
    ] {
        assert!(allowed.contains(&name), "{name} is not in {allowed:?}");
    }
    let read = get(&app.user("ada"), "/api/activities/ada", &[("origin", "http://localhost:3000")]).await;
    let exposed = read.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    for name in ["retry-after", "x-request-id", "www-authenticate", "allow"] {
        assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name} is not in {exposed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_origin_is_one_warning_that_names_the_setting_and_is_logged_as_refused() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    for mode in ["development", "production"] {
        let settings = [("NODE_ENV", mode), ("HOST", "127.0.0.1"), ("CLIENT_URL", "https://app.example")];
        let server = Server::start(&url, &settings);
        for _ in 0..3 {
            assert_eq!(preflight(&server, FOREIGN_PAGE, "authorization").await.status, 403);
        }
        let page = [("origin", FOREIGN_PAGE)];
        assert_eq!(send(&server, Method::POST, "/graphql", &page).await.status, 403);
        assert_eq!(preflight(&server, "https://app.example", "authorization").await.status, 200);
        get(&server, "/api/ready", &[]).await.expect(200);
        let lines = server.log_until(|line| line.contains("/api/ready"));
        let warned: Vec<_> =
            lines.iter().filter(|line| line.contains("WARN") && line.contains("origin")).collect();
        assert_eq!(warned.len(), 1, "{mode}: {lines:#?}");
        for part in [FOREIGN_PAGE, "CLIENT_URL", "https://app.example"] {
            assert!(warned[0].contains(part), "{warned:?}");
        }
        let preflights: Vec<_> = lines.iter().filter(|line| line.contains("OPTIONS")).collect();
        assert_eq!(preflights.len(), 4, "{lines:#?}");
        assert_eq!(preflights.iter().filter(|line| line.contains("status=403")).count(), 3, "{lines:#?}");
    }
}

/// The head of the answer to a request by hand.
fn head_of_answer(client: &Client, head: &str) -> String {
    let mut stream = TcpStream::connect(client.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_has_no_case_and_one_to_another_protocol_is_ignored() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (upgrade, connection) in [
        ("websocket", "Upgrade"),
        ("WebSocket", "keep-alive, UPGRADE"),
        ("WEBSOCKET", "upgrade"),
        ("websocket", "keep-alive\nConnection: Upgrade\nSec-WebSocket-Protocol: other"),
    ] {
        let head = format!(
            "GET /graphql HTTP/1.1\nHost: localhost\nUpgrade: {upgrade}\nConnection: {connection}\n\
             Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\n\n"
        );
        let answer = head_of_answer(&app, &head);
        assert!(answer.starts_with("HTTP/1.1 101 "), "{upgrade}, {connection}: {answer}");
        // Some clients look for names in this case: python's gql 4.4.
        for line in [
            "\r\nConnection: upgrade\r\n",
            "\r\nUpgrade: websocket\r\n",
            "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
            "\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n",
        ] {
            assert!(answer.contains(line), "{answer}");
        }
    }
    let body = json!({"query": "{ activeUsers }"}).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\nHost: localhost\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\n\
         HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\nContent-Type: application/json\nContent-Length: {}\n\n{body}",
        body.len()
    );
    let answer = head_of_answer(&app, &head);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\nHost: localhost\nUpgrade: websocket\n\
                Connection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n";
    let answer = head_of_answer(&app, head);
    assert!(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
}
