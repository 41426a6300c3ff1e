//! Readiness is about writes: a database that answers and takes none is not ready, and nothing is answered that is lost.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use reqwest::Method;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, Server, TestApp, eventually, fresh_database};

/// Bytes of a page of the database.
const PAGE: u64 = 2_048;

/// The file of an SQLite database.
fn file_of(url: &str) -> PathBuf {
    url.trim_start_matches("sqlite://").split('?').next().unwrap().into()
}

/// A file that lies beside the database.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

async fn create(client: &Client, title: &str) -> Answer {
    client.post("/api/activities", &json!({"userId": "ada", "type": "login", "title": title})).await
}

async fn ready(client: &Client) -> Option<Value> {
    let answer = client.get("/api/ready").await;
    (answer.status == 200).then_some(answer.body)
}

async fn unready(client: &Client) -> Option<Value> {
    let answer = client.get("/api/ready").await;
    (answer.status == 503).then_some(answer.body)
}

#[track_caller]
fn assert_unavailable(answer: &Answer, what: &str) {
    assert_eq!((answer.status, &*answer.rest_error().0), (503, "UNAVAILABLE"), "{what}: {}", answer.text);
}

/// Nothing of any kind is written, and readiness says so.
async fn assert_takes_no_writes(client: &Client, id: &str) {
    assert_unavailable(&create(client, "lost").await, "an append");
    let read = format!("/api/activities/{id}/read");
    assert_unavailable(&client.patch(&read, &json!({})).await, "a change");
    let hours = client.patch("/api/analytics/ada/learning-hours", &json!({"hours": 1})).await;
    assert_unavailable(&hours, "analytics");
    let body = client.get("/api/ready").await.expect(503);
    assert_eq!((&body["status"], &body["database"]), (&json!("unavailable"), &json!("unavailable")));
    client.get("/api/health").await.expect(200);
}

/// Does something to the files of a database in use, then takes it back.
async fn without_its_file(take: impl Fn(&Path), put_back: impl Fn(&Path)) {
    let app = TestApp::start(Backend::Sqlite).await;
    let file = file_of(&app.database_url);
    let id = app.create_activity("ada", "before").await["_id"].as_str().unwrap().to_owned();
    eventually("readiness", || ready(&app)).await;
    take(&file);
    assert_takes_no_writes(&app, &id).await;
    put_back(&file);
    eventually("readiness", || ready(&app)).await;
    create(&app, "after").await.expect(201);
    let page = app.get("/api/activities/ada").await.expect(200);
    assert_eq!(page["activities"][0]["title"], "after", "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_while_the_file_is_moved_away() {
    let rename = |from: PathBuf, to: PathBuf| fs::rename(from, to).unwrap();
    without_its_file(
        |file| rename(file.into(), beside(file, ".moved")),
        |file| rename(beside(file, ".moved"), file.into()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_while_another_file_has_its_name() {
    without_its_file(
        |file| {
            fs::rename(file, beside(file, ".moved")).unwrap();
            fs::copy(beside(file, ".moved"), file).unwrap();
        },
        |file| fs::rename(beside(file, ".moved"), file).unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_while_the_log_is_moved_away() {
    without_its_file(
        |file| fs::rename(beside(file, "-wal"), beside(file, ".log")).unwrap(),
        |file| fs::rename(beside(file, ".log"), beside(file, "-wal")).unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_is_said_once_and_nothing_is_answered_that_is_lost() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[]);
    let id = server.create_activity("ada", "before").await["_id"].as_str().unwrap().to_owned();
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(beside(&file_of(&url), suffix)).unwrap();
    }
    for _ in 0..3 {
        assert_takes_no_writes(&server, &id).await;
    }
    server.get("/api/nope").await;
    let lines = server.log_until(|line| line.contains("/api/nope") || line.contains("status=404"));
    let said = lines.iter().filter(|line| line.contains("moved, deleted or replaced")).count();
    assert_eq!(said, 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_others_hold_is_not_ready() {
    let app = TestApp::start(Backend::Sqlite).await;
    eventually("readiness", || ready(&app)).await;
    let other = rusqlite::Connection::open(file_of(&app.database_url)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    eventually("the end of readiness", || unready(&app)).await;
    other.execute_batch("COMMIT").unwrap();
    eventually("readiness", || ready(&app)).await;
    create(&app, "after").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_page_is_not_ready() {
    let mut app = TestApp::start(Backend::Sqlite).await;
    app.create_activity("ada", "before").await;
    let file = file_of(&app.database_url);
    app.stop().await;
    let connection = rusqlite::Connection::open(&file).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'activities'";
    let root: u32 = connection.query_row(root, [], |row| row.get(0)).unwrap();
    connection.close().unwrap();
    let mut bytes = fs::OpenOptions::new().write(true).open(&file).unwrap();
    bytes.seek(SeekFrom::Start(u64::from(root - 1) * PAGE)).unwrap();
    bytes.write_all(&[0xa5; PAGE as usize]).unwrap();
    drop(bytes);

    let server = Server::start(&app.database_url, &[]);
    eventually("readiness", || ready(&server)).await;
    create(&server, "lost").await.expect(500);
    server.get("/api/ready").await.expect(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_not_ready() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    // No file may pass 1 MiB: what the kernel says then is to SQLite what a full disk says.
    let limited = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" serve";
    let server = Server::start_by(&["bash", "-c", limited], &url, &[]);
    eventually("readiness", || ready(&server)).await;
    let data = "x".repeat(16_000);
    let body = json!({"userId": "ada", "type": "login", "title": "t", "data": data});
    let refused = eventually("a full disk", || async {
        let answer = server.post("/api/activities", &body).await;
        (answer.status != 201).then_some(answer)
    })
    .await;
    assert_unavailable(&refused, "an append");
    server.get("/api/ready").await.expect(503);
    let page = server.get("/api/activities/ada?limit=1").await.expect(200);
    assert!(page["total"].as_u64().unwrap() > 0, "{page}");
}

/// Runs statements on the server that has the database at `url`, from outside of that database.
async fn administer(url: &str, statements: &[&str]) {
    let (server, name) = url.rsplit_once('/').unwrap();
    let connection = Database::connect(format!("{server}/postgres")).await.unwrap();
    for statement in statements {
        connection.execute_unprepared(&statement.replace("{name}", name)).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_became_read_only_is_not_ready() {
    let app = TestApp::start(Backend::Postgres).await;
    let id = app.create_activity("ada", "before").await["_id"].as_str().unwrap().to_owned();
    eventually("readiness", || ready(&app)).await;
    administer(
        &app.database_url,
        &[
            "ALTER DATABASE {name} SET default_transaction_read_only = on",
            // As a failover does: what is connected is not any more.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        ],
    )
    .await;
    eventually("the end of readiness", || unready(&app)).await;
    assert_takes_no_writes(&app, &id).await;
    app.get("/api/activities/ada").await.expect(200);
    // The sessions that are read-only are not ended by anybody.
    administer(&app.database_url, &["ALTER DATABASE {name} RESET default_transaction_read_only"]).await;
    eventually("readiness", || ready(&app)).await;
    let is_written = || async { (create(&app, "after").await.status == 201).then_some(()) };
    eventually("a write", is_written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_cost_one_write_a_second() {
    let app = TestApp::start(Backend::Sqlite).await;
    let file = rusqlite::Connection::open(file_of(&app.database_url)).unwrap();
    let changes = || file.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let (start, before) = (std::time::Instant::now(), changes());
    let mut distinct = std::collections::BTreeSet::from([before]);
    for _ in 0..200 {
        app.request(Method::GET, "/api/ready").send().await.unwrap().error_for_status().unwrap();
        distinct.insert(changes());
    }
    let most = start.elapsed().as_secs() as usize + 2;
    assert!(distinct.len() <= most, "{} versions, at most {most} were due", distinct.len());
}
