//! Requests on the wire: what their heads may be, and what is asked for of their bodies.

use std::time::Duration;

use serde_json::json;

use crate::support::{Backend, Client, Raw, RawAnswer, Server, SocketIo, TestApp, fresh_database};

async fn answer(client: &Client, request: &str) -> RawAnswer {
    let mut raw = Raw::connect(client).await;
    raw.send(request).await;
    raw.answer().await
}

#[tokio::test]
async fn a_request_names_one_host() {
    let app = TestApp::production(Backend::Sqlite).await;
    for (hosts, status) in [
        ("Host: localhost\r\n", 200),
        ("Host: [::1]:5000\r\n", 200),
        ("Host: pulse.example.com:443\r\n", 200),
        ("", 400),
        ("Host:\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: user@a\r\n", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost\r\nhOST: evil.example\r\n", 400),
    ] {
        let got = answer(&app, &format!("GET /api/health HTTP/1.1\r\n{hosts}\r\n")).await;
        assert_eq!(got.status, status, "{hosts:?}");
        if status == 400 {
            assert_eq!(got.code(), "BAD_USER_INPUT");
        }
    }
    assert_eq!(answer(&app, "GET /api/health HTTP/1.0\r\n\r\n").await.status, 200);
}

#[tokio::test]
async fn a_body_in_an_unknown_transfer_encoding_is_not_read() {
    let app = TestApp::start(Backend::Sqlite).await;
    let body = "2\r\n{}\r\n0\r\n\r\n";
    for (encoding, status) in [
        ("Transfer-Encoding: chunked", 400),
        ("Transfer-Encoding: CHUNKED", 400),
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        ("Transfer-Encoding: chunked, chunked", 501),
    ] {
        let head = "POST /api/activities HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        let got = answer(&app, &format!("{head}\r\n{encoding}\r\n\r\n{body}")).await;
        assert_eq!(got.status, status, "{encoding}: {got:?}");
        assert_eq!(got.code(), if status == 501 { "NOT_IMPLEMENTED" } else { "BAD_USER_INPUT" });
    }
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_nothing_rules_it_out() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (json, length) = ("Content-Type: application/json", "Content-Length: 20");
    for path in ["/api/activities", "/graphql"] {
        for (headers, status) in [
            (format!("Authorization: Bearer nonsense\r\n{json}\r\n{length}"), 401),
            (format!("{json}\r\nContent-Length: 1000000"), 413),
            (format!("Content-Type: text/plain\r\n{length}"), 415),
            (length.to_owned(), 415),
            ("Transfer-Encoding: chunked".to_owned(), 415),
            (format!("{json}\r\nContent-Encoding: br\r\n{length}"), 415),
            (format!("{json}\r\n{length}"), 100),
        ] {
            let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue");
            let got = answer(&app, &format!("{head}\r\n{headers}\r\n\r\n")).await;
            assert_eq!(got.status, status, "{path} {headers}: {got:?}");
        }
    }
    let polling = "POST /socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: localhost";
    let got =
        answer(&app, &format!("{polling}\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")).await;
    assert_eq!((got.status, got.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn a_head_has_64_kib_at_most() {
    let app = TestApp::start(Backend::Sqlite).await;
    let padded = |bytes: usize| {
        let head = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
        format!("{head}{}\r\n\r\n", "x".repeat(bytes - head.len() - 4))
    };
    assert_eq!(answer(&app, &padded(60 * 1024)).await.status, 200);
    // Who is still sending gets to read why not.
    for bytes in [70 * 1024, 1024 * 1024] {
        assert_eq!(answer(&app, &padded(bytes)).await.status, 431);
    }
}

#[tokio::test]
async fn half_a_head_and_an_idle_connection_end_at_the_deadline() {
    let app = TestApp::tuned(|timing| timing.head_timeout = Duration::from_millis(100)).await;
    let mut half = Raw::connect(&app).await;
    half.send("GET /api/health HTTP/1.1\r\nHost: loc").await;
    assert_eq!(half.end().await, b"");
    let mut silent = Raw::connect(&app).await;
    assert_eq!(silent.end().await, b"");
    let mut idle = Raw::connect(&app).await;
    assert_eq!(idle.get("/api/health").await.status, 200);
    assert_eq!(idle.end().await, b"");
}

#[tokio::test]
async fn half_a_body_is_answered_408_at_the_deadline() {
    let app = TestApp::tuned(|timing| timing.body_timeout = Duration::from_millis(100)).await;
    let handshake = app.get("/socket.io/?EIO=4&transport=polling").await.text;
    let sid = handshake.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap();
    let polling = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    for path in ["/api/activities", "/graphql", "/dev/token", &polling] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json");
        let got = answer(&app, &format!("{head}\r\nContent-Length: 100\r\n\r\n{{\"userId\"")).await;
        assert_eq!((got.status, got.code().as_str()), (408, "REQUEST_TIMEOUT"), "{path}: {got:?}");
    }
}

#[tokio::test]
async fn a_long_name_is_cut_in_the_log() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[]);
    let name = "N".repeat(250);
    server.graphql(&format!("query {name} {{ activeUsers }}"), json!({})).await.data();
    let is_cut = |line: &str, field: &str| {
        assert!(line.len() < 500, "{line}");
        assert!(line.contains(field) && line.contains("NNN…"), "{line}");
    };
    is_cut(&server.log_line(|line| line.contains("route=\"/graphql\"")), "operation=");
    let mut socket = SocketIo::connect(&server).await;
    socket.send(&json!([name, 1]).to_string().replacen('[', "42[", 1)).await;
    socket.until("42[\"error:message\"").await;
    is_cut(&server.log_line(|line| line.contains("event=")), "code=");
}
