//! How many connections may be open, and what becomes of those beyond.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::support::{Backend, Raw, Server, TestApp, eventually, fresh_database, in_time};

/// A connection that the server has accepted, and keeps.
async fn kept(app: &TestApp) -> Raw {
    let mut raw = Raw::connect(app).await;
    assert_eq!(raw.get("/api/health").await.status, 200);
    raw
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_readiness_still_answers() {
    let app = TestApp::with(Backend::Sqlite, &[("MAX_CONNECTIONS", "3")]).await;
    let (first, _second) = (kept(&app).await, kept(&app).await);
    // A WebSocket keeps its place.
    let mut socket = app.socket().await;
    for path in ["/api/activities/ada", "/graphql?query={__typename}", "/"] {
        let refused = Raw::connect(&app).await.get(path).await;
        assert_eq!((refused.status, refused.code().as_str()), (503, "UNAVAILABLE"), "{path}");
        let head = refused.head.to_ascii_lowercase();
        assert!(head.contains("retry-after: 1") && head.contains("connection: close"), "{head}");
    }
    // Whoever holds the places beyond without a word does not keep others from asking.
    let mut silent = Vec::new();
    for _ in 0..40 {
        let mut raw = Raw::connect(&app).await;
        raw.send("GET /api/re").await;
        silent.push(raw);
    }
    assert_eq!(Raw::connect(&app).await.get("/api/ready").await.status, 200);
    socket.settle().await;
    drop(first);
    eventually("a free place", async || {
        (Raw::connect(&app).await.get("/api/activities/ada").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_connections_of_one_address_can_be_bounded() {
    let app = TestApp::with(Backend::Sqlite, &[("MAX_CONNECTIONS_PER_ADDRESS", "2")]).await;
    let (first, _second) = (kept(&app).await, kept(&app).await);
    let refused = Raw::connect(&app).await.get("/api/activities/ada").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "RATE_LIMITED"), "{refused:?}");
    let mut other = Raw::from("127.0.0.2", &app).await;
    assert_eq!(other.get("/api/activities/ada").await.status, 200);
    drop(first);
    eventually("a free place", async || {
        (Raw::connect(&app).await.get("/api/activities/ada").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn files_that_run_out_are_told_in_the_log_and_do_not_end_the_server() {
    const FILES: u32 = 96;
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::with_files(FILES, &url, &[("MAX_CONNECTIONS", "1000")]);
    let banner = server.log_line(|line| line.contains("MAX_CONNECTIONS is 1000"));
    assert!(banner.contains("leaves room for 48"), "{banner}");
    let mut held = Vec::new();
    for _ in 0..FILES {
        held.push(Raw::connect(&server).await);
    }
    let line = server.log_line(|line| line.contains("connections cannot be accepted"));
    assert!(line.contains("ERROR") && line.contains("ulimit -n"), "{line}");
    drop(held);
    eventually("an answer", async || (server.get("/api/health").await.status == 200).then_some(())).await;
}

#[tokio::test]
async fn a_burst_of_connections_waits_to_be_accepted() {
    const BURST: usize = 300;
    let listener = pulse::http::listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..BURST {
        waiting.push(Raw::to(address).await);
    }
    for _ in 0..BURST {
        in_time("a connection", listener.accept()).await.unwrap();
    }
}
