//! `pulse backup` under load and what a restored server says, `pulse epoch`, and `pulse health`.

use std::{
    path::Path,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use crate::support::{
    Backend, Client, Files, SECRET, Server, complaints, eventually, fresh_database, holds_only, printed,
    pulse, said,
};

const WRITERS: usize = 6;

fn sqlite(path: &Path) -> String {
    format!("sqlite://{}?mode=rw", path.display())
}

/// The one line that a command failed with.
#[track_caller]
fn problem(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    let lines = complaints(output);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.concat()
}

/// Writes for `user` until it is told to stop; returns the titles that were answered, in order.
async fn write_on(client: Client, user: String, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut answered = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let title = answered.len().to_string();
        client.create_activity(&user, &title).await;
        answered.push(title);
    }
    answered
}

async fn page(client: &Client, user: &str, limit: usize) -> Value {
    client.get(&format!("/api/activities/{user}?limit={limit}")).await.expect(200)
}

/// How a subscription of `user` from `cursor` is answered: the message's type and its first code.
async fn resumed(client: &Client, user: &str, cursor: &Value) -> (Value, Value) {
    let mut socket = client.socket().await;
    let query =
        "subscription($user: ID, $after: String) { activityCreated(userId: $user, after: $after) { title } }";
    socket.subscribe(query, json!({"user": user, "after": cursor})).await;
    let message = socket.receive().await;
    (message["type"].clone(), message["payload"][0]["extensions"]["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_restored_with_all_that_was_answered() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let users: Vec<_> = (0..WRITERS).map(|number| format!("user-{number}")).collect();
    let writers: Vec<_> = users
        .iter()
        .map(|user| tokio::spawn(write_on((*server).clone(), user.clone(), stop.clone())))
        .collect();
    // Something lies in the WAL and in the file, and every writer is at work.
    eventually("some writes", async || {
        let mut totals = Vec::new();
        for user in &users {
            totals.push(page(&server, user, 1).await["total"].as_u64().unwrap());
        }
        totals.iter().all(|total| *total >= 20).then_some(())
    })
    .await;
    let mut before = Vec::new();
    for user in &users {
        before.push(page(&server, user, 1).await);
    }
    let files = Files::new();
    let (command_url, argument) = (url.clone(), files.argument("copy.db"));
    let output =
        tokio::task::spawn_blocking(move || pulse(&command_url, &["backup", &argument])).await.unwrap();
    let mut after = Vec::new();
    for user in &users {
        after.push(page(&server, user, 1).await);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(!writer.await.unwrap().is_empty());
    }
    drop(server);

    let summary = printed(&output);
    assert!(
        summary.contains("copy.db") && summary.contains("bytes") && summary.contains(" s\n"),
        "{summary}"
    );
    holds_only(files.path("").as_path(), &["copy.db"]);
    let restored = Server::start(&sqlite(&files.path("copy.db")), &[]);
    for ((user, before), after) in users.iter().zip(&before).zip(&after) {
        let page = page(&restored, user, 200).await;
        let total = page["total"].as_u64().unwrap();
        let range = before["total"].as_u64().unwrap()..=after["total"].as_u64().unwrap();
        assert!(range.contains(&total), "{user} has {total}, not {range:?}");
        // A prefix of what was answered, without a hole, and counted exactly.
        let titles: Vec<_> =
            page["activities"].as_array().unwrap().iter().map(|item| item["title"].clone()).collect();
        let expected: Vec<_> = (0..total).rev().take(200).map(|number| json!(number.to_string())).collect();
        assert_eq!(titles, expected);
        assert_eq!(page["unreadCount"], page["total"]);
        // The history that a cursor of before speaks of goes on differently here, wherever it stands.
        for cursor in [&before["cursor"], &after["cursor"]] {
            assert_eq!(resumed(&restored, user, cursor).await, (json!("error"), json!("CURSOR_EXPIRED")));
        }
        restored.create_activity(user, "after the restore").await;
        assert_eq!(resumed(&restored, user, &page["cursor"]).await.0, "next");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_restore_of_one_backup_has_a_mark_of_its_own() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[]);
    server.create_activity("ada", "kept").await;
    let files = Files::new();
    printed(&pulse(&url, &["backup", &files.argument("backup.db")]));
    assert_eq!(printed(&pulse(&sqlite(&files.path("backup.db")), &["epoch"])).trim(), "none yet");
    let mut cursors = Vec::new();
    for name in ["monday.db", "tuesday.db"] {
        std::fs::copy(files.path("backup.db"), files.path(name)).unwrap();
        let restored = Server::start(&sqlite(&files.path(name)), &[]);
        let page = page(&restored, "ada", 1).await;
        assert_eq!(page["activities"][0]["title"], "kept");
        for cursor in &cursors {
            assert_eq!(resumed(&restored, "ada", cursor).await.1, "CURSOR_EXPIRED");
        }
        // It stays the same from then on.
        let mark = printed(&pulse(&sqlite(&files.path(name)), &["epoch"]));
        drop(restored);
        let _again = Server::start(&sqlite(&files.path(name)), &[]);
        assert_eq!(printed(&pulse(&sqlite(&files.path(name)), &["epoch"])), mark);
        cursors.push(page["cursor"].clone());
    }
    // What is in a backup can be read without a server.
    let exported = printed(&pulse(&sqlite(&files.path("backup.db")), &["export", &files.argument("out")]));
    assert!(exported.contains("1 activities"), "{exported}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_overwrites_only_what_it_may() {
    let (url, folder) = fresh_database(Backend::Sqlite).await;
    let folder = folder.unwrap();
    let server = Server::start(&url, &[]);
    server.create_activity("ada", "t").await;
    let files = Files::new();
    let (copy, other) = (files.argument("copy.db"), files.argument("other.db"));
    printed(&pulse(&url, &["backup", &copy]));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&copy).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let first = std::fs::read(&copy).unwrap();
    let line = problem(&pulse(&url, &["backup", &copy]));
    assert!(line.contains(&copy) && line.contains("--force"), "{line}");
    assert_eq!(std::fs::read(&copy).unwrap(), first);
    server.create_activity("ada", "u").await;
    printed(&pulse(&url, &["backup", "--force", &copy]));
    assert_ne!(std::fs::read(&copy).unwrap(), first);

    // The database itself, by another name too, and one that a server has open.
    let own = folder.path().join("pulse.db");
    let around = folder.path().join("../").join(folder.path().file_name().unwrap()).join("pulse.db");
    for path in [&own, &around] {
        let line = problem(&pulse(&url, &["backup", "--force", path.to_str().unwrap()]));
        assert!(line.contains("is the database itself"), "{line}");
    }
    let _open = Server::start(&format!("sqlite://{other}?mode=rwc"), &[]);
    let line = problem(&pulse(&url, &["backup", "--force", &other]));
    assert!(line.contains(&other) && line.contains("in use"), "{line}");
    for (name, part) in
        [(files.argument(""), "folder"), (files.argument("missing/copy.db"), "cannot be written")]
    {
        let line = problem(&pulse(&url, &["backup", &name]));
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_backed_up_is_refused_and_leaves_nothing() {
    let files = Files::new();
    let copy = files.argument("copy.db");
    let (url, _) = fresh_database(Backend::Postgres).await;
    let line = problem(&pulse(&url, &["backup", &copy]));
    assert!(line.contains("DATABASE_URL") && line.contains("pg_dump"), "{line}");
    let missing = format!("sqlite://{}?mode=rwc", files.argument("missing.db"));
    let line = problem(&pulse(&missing, &["backup", &copy]));
    assert!(line.contains("DATABASE_URL") && line.contains("unable to open"), "{line}");
    let foreign = files.write("foreign.db", []);
    let line = problem(&pulse(&format!("sqlite://{foreign}"), &["backup", &copy]));
    assert!(line.contains("not one of Pulse"), "{line}");
    holds_only(files.path("").as_path(), &["foreign.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_leaves_one_file_and_damage_in_it_is_noticed() {
    let (url, folder) = fresh_database(Backend::Sqlite).await;
    let folder = folder.unwrap();
    let mut server = Server::start(&url, &[]);
    for number in 0..200 {
        server.create_activity("ada", &format!("{number} {}", "x".repeat(150))).await;
    }
    server.signal("TERM");
    assert!(server.wait(crate::support::DEADLINE).success());
    holds_only(folder.path(), &["pulse.db"]);
    let mut bytes = std::fs::read(folder.path().join("pulse.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0x5a);
    let files = Files::new();
    let damaged = files.write("damaged.db", bytes);
    let line = problem(&pulse(&format!("sqlite://{damaged}"), &["backup", &files.argument("copy.db")]));
    assert!(line.contains("malformed") || line.contains("damaged"), "{line}");
    // What SQLite keeps beside the database that was read may be there; a copy is not.
    let left = std::fs::read_dir(files.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    assert!(left.iter().all(|name| name.starts_with("damaged.db")), "{left:?}");
}

async fn a_renewed_mark_refuses_old_cursors(backend: Backend) {
    let (url, _folder) = fresh_database(backend).await;
    let mut server = Server::start(&url, &[]);
    let cursor = server.create_activity("ada", "old").await["cursor"].clone();
    let mark = printed(&pulse(&url, &["epoch"]));
    assert_eq!(mark.trim().len(), 16, "{mark}");
    let line = problem(&pulse(&url, &["epoch", "--renew"]));
    assert!(line.contains("in use"), "{line}");
    assert_eq!(printed(&pulse(&url, &["epoch"])), mark);
    server.signal("TERM");
    server.wait(crate::support::DEADLINE);
    let renewed = printed(&pulse(&url, &["epoch", "--renew"]));
    assert!(renewed.contains(mark.trim()), "{renewed}");
    assert!(renewed.contains(printed(&pulse(&url, &["epoch"])).trim()), "{renewed}");
    let again = Server::start(&url, &[]);
    again.create_activity("ada", "new").await;
    assert_eq!(resumed(&again, "ada", &cursor).await, (json!("error"), json!("CURSOR_EXPIRED")));
    let fresh = page(&again, "ada", 2).await;
    assert_eq!(fresh["total"], 2);
    again.create_activity("ada", "newer").await;
    assert_eq!(resumed(&again, "ada", &fresh["cursor"]).await.0, "next");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_mark_refuses_old_cursors_sqlite() {
    a_renewed_mark_refuses_old_cursors(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_mark_refuses_old_cursors_postgres() {
    a_renewed_mark_refuses_old_cursors(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mark_is_renewed_where_there_is_no_database() {
    let files = Files::new();
    for arguments in [&["epoch"][..], &["epoch", "--renew"]] {
        let missing = format!("sqlite://{}?mode=rwc", files.argument("missing.db"));
        let line = problem(&pulse(&missing, arguments));
        assert!(line.contains("DATABASE_URL"), "{line}");
        let (empty, _) = fresh_database(Backend::Postgres).await;
        let line = problem(&pulse(&empty, arguments));
        assert!(line.contains("not one of Pulse"), "{line}");
    }
    assert!(!files.path("missing.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_by_its_exit_code_whether_a_server_is_ready() {
    let ask = |settings: &[(&str, &str)], arguments: &[&str]| {
        Server::command(settings).arg("health").args(arguments).output().unwrap()
    };
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let mut server = Server::start(&url, &[("NODE_ENV", "production"), ("HOST", "127.0.0.1")]);
    let address = format!("http://{}/api/ready", server.address);
    assert!(printed(&ask(&[], &["--url", &address])).contains("\"ready\""));
    // By the settings of the server: its port, and its secret as production wants it.
    let port = server.address.port().to_string();
    let settings = [("NODE_ENV", "production"), ("PORT", port.as_str()), ("JWT_SECRET", SECRET)];
    assert!(printed(&ask(&settings, &[])).contains("\"ready\""));
    let line = problem(&ask(&[], &["--url", &format!("http://{}/api/nothing", server.address)]));
    assert!(line.contains("404"), "{line}");
    // A socket that is open keeps it draining.
    let token = crate::support::token("ada", pulse::domain::Role::User);
    let _socket = server.with_token(token).socket().await;
    server.signal("TERM");
    let draining = eventually("the drain", async || {
        let output = ask(&[], &["--url", &address]);
        (!output.status.success()).then_some(output)
    });
    let line = problem(&draining.await);
    assert!(line.contains("503") && line.contains("draining"), "{line}");
    server.wait(crate::support::DEADLINE);
    let line = problem(&ask(&[], &["--url", &address]));
    assert!(line.contains("does not answer"), "{line}");
    let line = problem(&ask(&[("PORT", "0")], &[]));
    assert!(line.contains("--url"), "{line}");
}

#[tokio::test]
async fn health_does_not_wait_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let output = Server::command(&[]).args(["health", "--timeout", "1", "--url", &url]).output().unwrap();
    let line = problem(&output);
    assert!(line.contains("within 1 s"), "{line}");
    let wrong = Server::command(&[]).args(["health", "--url", "https://localhost"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
