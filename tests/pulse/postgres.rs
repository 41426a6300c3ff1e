//! What a PostgreSQL may be, and what it may not: roles, encodings, poolers, limits.

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::support::{Backend, Client, Files, Pooler, SECRET, Server, TestApp, fresh_database, in_time};

/// Runs statements on the database at `url`, as its owner.
async fn run(url: &str, statements: &[String]) {
    let connection = Database::connect(url).await.unwrap();
    for statement in statements {
        connection.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    connection.close().await.unwrap();
}

/// The address of the same database for another role.
fn as_role(url: &str, role: &str) -> String {
    url.replace("postgres@", &format!("{role}@"))
}

/// A role of this test alone, with a limit on connections; -1 is none.
async fn role(url: &str, limit: i32) -> String {
    let role = format!("role_{:016x}", rand::random::<u64>());
    run(url, &[format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT {limit}")]).await;
    role
}

/// What `command` says when it ends without success.
fn refusal(url: &str, command: &str) -> String {
    let settings = [("DATABASE_URL", url), ("JWT_SECRET", SECRET), ("PORT", "0")];
    let output = Server::command(&settings).arg(command).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{command} went well: {stderr}");
    stderr
}

/// Something of everything that a server writes.
async fn write_and_follow(app: &Client) {
    let mut socket = app.socket().await;
    let query = "subscription { activityCreated(userId: \"ada\") { title } }";
    let follows = socket.subscribe(query, json!({})).await;
    socket.settle().await;
    let activity = app.create_activity("ada", "a").await;
    assert_eq!(socket.next(&follows).await["activityCreated"]["title"], "a");
    app.create_notification("ada", "n").await;
    let id = activity["_id"].as_str().unwrap();
    app.patch(&format!("/api/activities/{id}/read"), &json!({})).await.expect(200);
    app.patch("/api/analytics/ada/learning-hours", &json!({"hours": 1})).await.expect(200);
    app.delete(&format!("/api/activities/{id}")).await.expect(200);
    assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
    app.get("/api/ready").await.expect(200);
}

/// Exports the database at `url`.
fn export(url: &str) {
    let files = Files::new();
    let output =
        Server::command(&[("DATABASE_URL", url)]).args(["export", &files.argument("out")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_rights_on_rows_only_serves_a_migrated_database() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let role = role(&url, -1).await;
    let app_url = as_role(&url, &role);
    run(&url, &["REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()]).await;
    // Before the owner has made the tables, the refusal says who has to.
    let refused = refusal(&app_url, "serve");
    assert!(refused.contains("pulse migrate") && refused.contains("permission denied"), "{refused}");
    let status = Server::command(&[("DATABASE_URL", &url)]).arg("migrate").status().unwrap();
    assert!(status.success());
    let rights = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
    run(&url, &[rights]).await;
    let mut app = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &app_url)]).await;
    write_and_follow(&app).await;
    app.restart().await;
    assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
    app.stop().await;
    export(&app_url);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_encoding_than_utf8_is_refused_with_a_sentence() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let (server, name) = url.rsplit_once('/').unwrap();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let other = format!("{name}_{}", encoding.to_lowercase());
        run(
            &url,
            &[format!(
                "CREATE DATABASE {other} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            )],
        )
        .await;
        for command in ["serve", "migrate"] {
            let refused = refusal(&format!("{server}/{other}"), command);
            assert!(
                refused.contains(&format!("has the encoding {encoding}"))
                    && refused.contains("TEMPLATE template0"),
                "{refused}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_session_mode_needs_no_settings() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let pooler = Pooler::before(&url);
    let (_, name) = url.rsplit_once('/').unwrap();
    let (pool, _) = pooler.url.rsplit_once('/').unwrap();
    let pooled = format!("{pool}/{name}");
    let mut app = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &pooled)]).await;
    write_and_follow(&app).await;
    // The sessions behind the pooler have the limits that a node asks for.
    let connection = Database::connect(&url).await.unwrap();
    let sql = "SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    assert!(row.try_get::<i64>("", "count").unwrap() >= 1);
    connection.close().await.unwrap();
    app.stop().await;
    export(&pooled);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_connections_say_how_many_are_needed() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    Server::command(&[("DATABASE_URL", &url)]).arg("migrate").status().unwrap();
    for (limit, says) in [(0, "no connection left"), (3, "allows 3 connections")] {
        let role = role(&url, limit).await;
        let refused = refusal(&as_role(&url, &role), "serve");
        assert!(refused.contains(says) && refused.contains("at least 5"), "{refused}");
    }
    // Fewer than a node would take, and enough to work: the log says so.
    let role = role(&url, 5).await;
    let rights = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
    run(&url, &[rights]).await;
    let server = Server::start(&as_role(&url, &role), &[]);
    assert!(server.banner().iter().any(|line| line.contains("fewer connections")), "{:?}", server.banner());
    let creates = (0..40).map(|number| {
        let client = (*server).clone();
        async move { client.create_activity(&format!("user-{number}"), "t").await }
    });
    in_time("forty writes", futures_util::future::join_all(creates)).await;
    write_and_follow(&server).await;
}
