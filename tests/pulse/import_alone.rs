//! `pulse import` has the database to itself, and does all of its work or none, whenever it is killed.

use std::{
    io::Write,
    process::{Child, Output, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use crate::support::{
    Backend, Files, Form, Row, Server, Sql, activity, complaints, eventually, fresh_database,
    on_both_databases, printed, pulse, said, tally,
};

fn import(url: &str, arguments: &[&str]) -> Output {
    pulse(url, &[&["import"], arguments].concat())
}

/// Documents as a file of lines.
fn lines(documents: &[Value]) -> Vec<u8> {
    Form::RelaxedLines.write(documents)
}

on_both_databases! {
    async fn a_running_server_is_left_alone(url: &str) {
        let files = Files::new();
        let file = files.write("dump.json", lines(&[activity(1, "ada", 1)]));
        let server = Server::start(url, &[]);
        let refused = import(url, &[&file]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let told = complaints(&refused);
        assert!(told.len() == 1 && told[0].contains("Stop the server"), "{told:?}");
        server.create_activity("ada", "still there").await;
        assert_eq!(server.get("/api/activities/ada").await.expect(200)["total"], 1);
        // A server that crashed does not count.
        server.kill();
        let output = eventually("the database to be let go", async || {
            let output = import(url, &[&file]);
            output.status.success().then_some(output)
        });
        assert_eq!(tally(&output.await, "activities"), [1, 1, 0, 0, 0]);
    }

    async fn a_server_does_not_start_into_an_import(url: &str) {
        let (mut running, mut input) = import_from_here(url);
        // More than fits into pipes and buffers: when all of it is taken, the first of it is staged.
        let documents: Vec<Value> = (0..10_000).map(|number| activity(number, "ada", 1)).collect();
        input.write_all(&lines(&documents)).unwrap();
        let refused = pulse(url, &["migrate"]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        let told = complaints(&refused);
        assert!(told.len() == 1 && told[0].contains("to itself"), "{told:?}");
        // An export sees what was there before, or is told to wait.
        let files = Files::new();
        let export = pulse(url, &["export", &files.argument("out")]);
        assert!(said(&export).contains("0 activities") || said(&export).contains("to itself"), "{}", said(&export));
        drop(input);
        assert!(running.wait().unwrap().success());
        let server = Server::start(url, &[]);
        assert_eq!(server.get("/api/activities/ada").await.expect(200)["total"], 10_000);
    }

    async fn an_import_that_is_killed_has_done_nothing(url: &str) {
        let documents: Vec<Value> = (0..4_000).map(|number| activity(number, "ada", number % 1_440)).collect();
        let files = Files::new();
        let file = files.write("dump.json", lines(&documents));
        printed(&pulse(url, &["migrate"]));
        let tables = tables(url).await;

        // Midway: half of the documents were read, and the other half never comes.
        let (mut running, mut input) = import_from_here(url);
        input.write_all(&lines(&documents[..2_000])).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        drop(input);

        // At any moment: all or nothing.
        let (other, _folder) = fresh_database(if url.starts_with("sqlite") { Backend::Sqlite } else { Backend::Postgres }).await;
        let start = Instant::now();
        printed(&import(&other, &[&file]));
        let took = start.elapsed();
        let mut whole = 0;
        for moment in 1..=12 {
            let mut command = Server::command(&[("DATABASE_URL", url)]);
            let mut running =
                command.args(["import", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(took * moment / 12).await;
            running.kill().unwrap();
            running.wait().unwrap();
            let there = eventually("the database to be let go", async || activities_in(url).await).await;
            assert!(there == whole || (whole == 0 && there == 4_000), "{there} after {moment}/12 of {took:?}");
            whole = there;
        }
        assert_eq!(super::tables(url).await, tables);
        let output = eventually("the database to be let go", async || {
            let output = import(url, &[&file]);
            output.status.success().then_some(output)
        });
        assert_eq!(tally(&output.await, "activities"), [4_000, 4_000 - whole, whole, 0, 0]);
        let server = Server::start(url, &[]);
        let page = server.get("/api/activities/ada").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(4_000), &json!(4_000)));
    }
}

/// An import of what is written to it.
fn import_from_here(url: &str) -> (Child, std::process::ChildStdin) {
    let mut command = Server::command(&[("DATABASE_URL", url)]);
    let command = command.args(["import", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let input = child.stdin.take().unwrap();
    (child, input)
}

async fn rows(url: &str, sql: &str) -> Option<Vec<Row>> {
    let database = Sql::try_connect(url).await.ok()?;
    let rows = database.try_rows(sql).await.ok();
    database.close().await;
    rows
}

/// How many activities the database holds; `None` where it cannot be asked, or an import may still be at work: PostgreSQL
/// ends what it was told to do before it sees that nobody waits.
async fn activities_in(url: &str) -> Option<u64> {
    if url.starts_with("postgres") {
        let sql = "SELECT pid FROM pg_stat_activity
            WHERE application_name = 'pulse import' AND datname = current_database()";
        if !rows(url, sql).await?.is_empty() {
            return None;
        }
    }
    let rows = rows(url, "SELECT COUNT(*) AS count FROM activities").await?;
    rows[0]["count"].as_u64()
}

/// The tables that every connection sees.
async fn tables(url: &str) -> Vec<String> {
    let sql = if url.starts_with("sqlite") {
        "SELECT name FROM sqlite_master ORDER BY name"
    } else {
        "SELECT relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY relname"
    };
    let found = eventually("the tables", async || {
        let rows = rows(url, sql).await?;
        let names: Vec<String> = rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        // PostgreSQL takes temporary tables away when it has seen that their connection is gone.
        (!names.iter().any(|name| name.starts_with("staged") || name == "positioned")).then_some(names)
    });
    found.await
}
