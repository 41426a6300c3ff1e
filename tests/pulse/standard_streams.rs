//! Standard output and error that are closed, full or not read: they cost what was printed, and nothing else.

use std::{
    fs::File,
    io::pipe,
    net::TcpListener,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::support::{Backend, SECRET, Server, eventually, fresh_database};

/// More lines of the log than a pipe holds.
const REQUESTS: usize = 600;

/// A stream whose reader is gone.
fn closed() -> Stdio {
    pipe().unwrap().1.into()
}

/// A stream on a disk that is full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// Starts a server with this standard error, lets it work and ends it.
async fn serves_with(stderr: Stdio) {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    // It cannot say where it listens, so it is told.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = [("DATABASE_URL", url.as_str()), ("PORT", &port.to_string()), ("JWT_SECRET", SECRET)];
    let child = Server::command(&settings).arg("serve").stderr(stderr).spawn().unwrap();
    let mut server = Server::running(child, ([127, 0, 0, 1], port).into());
    let ready = || async { server.http.get(server.url("/api/ready")).send().await.ok() };
    eventually("the server", ready).await;
    let ada = server.user("ada");
    for number in 0..REQUESTS {
        ada.create_activity("ada", &format!("activity {number}")).await;
    }
    let page = ada.get("/api/activities/ada?limit=1").await.expect(200);
    assert_eq!(page["total"], json!(REQUESTS));
    server.signal("TERM");
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_works_on_when_nobody_holds_its_log_open() {
    serves_with(closed()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_works_on_when_the_disk_of_its_log_is_full() {
    serves_with(full()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_works_on_when_nobody_reads_its_log() {
    let (_unread, stderr) = pipe().unwrap();
    serves_with(stderr.into()).await;
}

fn run(arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Output {
    let settings = [("JWT_SECRET", SECRET), ("DATABASE_URL", "sqlite://unused.db?mode=rwc")];
    let child = Server::command(&settings).args(arguments).stdout(stdout).stderr(stderr).spawn();
    child.unwrap().wait_with_output().unwrap()
}

/// Commands that only print.
const PRINTING: &[&[&str]] = &[
    &["schema"],
    &["openapi"],
    &["config"],
    &["token", "--user", "ada"],
    &["--help"],
    &["token", "--help"],
    &["--version"],
];

#[test]
fn commands_end_quietly_when_nobody_reads_on() {
    for arguments in PRINTING {
        let output = run(arguments, closed(), Stdio::piped());
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn commands_say_in_one_line_that_the_disk_is_full() {
    for arguments in PRINTING {
        let output = run(arguments, full(), Stdio::piped());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.starts_with("pulse: Standard output could not be written: "), "{error}");
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    }
}

#[test]
fn an_import_ends_with_its_exit_code_when_nobody_reads_its_complaints() {
    let folder = tempfile::tempdir().unwrap();
    let (file, database) = (folder.path().join("bad.json"), folder.path().join("pulse.db"));
    let line = json!({"_id": "x", "userId": "ada", "type": "nothing", "title": ""}).to_string() + "\n";
    std::fs::write(&file, line.repeat(5_000)).unwrap();
    let url = format!("sqlite://{}?mode=rwc", database.display());
    for (stdout, stderr) in [(Stdio::piped(), closed()), (closed(), closed()), (Stdio::null(), full())] {
        let mut command = Server::command(&[("DATABASE_URL", &url)]);
        let child = command.args(["import", file.to_str().unwrap()]).stdout(stdout).stderr(stderr).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
    }
}
