//! The command line: what each command prints, and how a setting that cannot be used stops the start.

use std::process::Output;

use insta::assert_snapshot;

use crate::support::{Backend, SECRET, Server, TestApp, eventually, fresh_database};

/// The commands that are promised.
const COMMANDS: &[&str] = &[
    "serve", "migrate", "schema", "openapi", "token", "import", "export", "seed", "backup", "epoch",
    "health", "config",
];

fn pulse(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    Server::command(settings).args(arguments).output().unwrap()
}

/// What a command printed that succeeded.
#[track_caller]
fn printed(output: Output) -> String {
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}: {out}{error}", output.status);
    out
}

/// The one line that a command failed with.
#[track_caller]
fn problem(output: &Output) -> String {
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{error}");
    assert_eq!((out.as_str(), error.lines().count()), ("", 1), "{out}{error}");
    error
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(printed(pulse(&["--version"], &[])).trim(), concat!("pulse ", env!("CARGO_PKG_VERSION")));
}

/// The commands that `--help` lists, but for `help` itself.
fn listed() -> Vec<String> {
    let help = printed(pulse(&["--help"], &[]));
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands =
        below.take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().next().unwrap());
    commands.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_promised_command_is_there() {
    let listed = listed();
    let missing: Vec<_> = COMMANDS.iter().filter(|name| !listed.contains(&(**name).to_owned())).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {listed:?}");
}

#[test]
fn every_command_has_help() {
    let mut all = printed(pulse(&["--help"], &[]));
    for command in listed() {
        let help = printed(pulse(&[&command, "--help"], &[]));
        all += &format!("\n$ pulse {command} --help\n{help}");
        assert!(help.contains(&format!("Usage: pulse {command}")), "{help}");
        assert!(
            !help.lines().next().unwrap().trim().is_empty(),
            "{command} does not say what it does: {help}"
        );
    }
    assert_snapshot!("help", all);
}

#[test]
fn an_unknown_command_is_refused_with_the_usage() {
    let output = pulse(&["frobnicate"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("Usage: pulse"));
}

#[test]
fn schema_prints_the_schema_and_needs_no_settings() {
    assert_eq!(printed(pulse(&["schema"], &[("PORT", "nonsense")])), pulse::graphql::sdl());
}

#[tokio::test]
async fn migrate_may_run_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (url, _folder) = fresh_database(backend).await;
        let first = printed(pulse(&["migrate"], &[("DATABASE_URL", &url)]));
        assert!(first.contains("up to date") && !first.contains(" 0 steps"), "{first}");
        let second = printed(pulse(&["migrate"], &[("DATABASE_URL", &url)]));
        assert!(second.contains("up to date") && second.contains(" 0 steps"), "{second}");
    }
}

#[tokio::test]
async fn a_token_of_the_command_line_is_taken_until_it_expires() {
    let app = TestApp::production(Backend::Sqlite).await;
    let token = |arguments: &[&str]| {
        let arguments = [&["token"], arguments].concat();
        printed(pulse(&arguments, &[("JWT_SECRET", SECRET)])).trim().to_owned()
    };
    let ada = app.with_token(token(&["--user", "ada", "--expires", "1h"]));
    ada.get("/api/activities/ada").await.expect(200);
    ada.get("/api/activities/bob").await.expect(403);
    for role in ["service", "admin"] {
        let other = app.with_token(token(&["--user", "ops", "--role", role, "--expires", "15m"]));
        other.get("/api/activities/ada").await.expect(200);
    }
    let short = app.with_token(token(&["--user", "ada", "--expires", "1s"]));
    let refused = eventually("the end of the token", async || {
        let answer = short.get("/api/activities/ada").await;
        (answer.status != 200).then_some(answer)
    });
    let refused = refused.await;
    assert_eq!((refused.status, refused.rest_error().0.as_str()), (401, "UNAUTHENTICATED"));
}

#[test]
fn a_token_that_cannot_be_made_is_refused_with_the_reason() {
    let unsigned = problem(&pulse(&["token", "--user", "ada"], &[]));
    assert!(unsigned.contains("JWT_SECRET"), "{unsigned}");
    for (wrong, named) in [("--role", "king"), ("--expires", "soon"), ("--expires", "0s")] {
        let output = pulse(&["token", "--user", "ada", wrong, named], &[("JWT_SECRET", SECRET)]);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains(named) && error.contains("It must be"), "{error}");
    }
}

#[test]
fn config_prints_what_is_in_force_without_secrets() {
    let settings = [
        ("DATABASE_URL", "postgres://pulse:hunter2@localhost/pulse"),
        ("NATS_URL", "nats://pulse:hunter2@localhost:4222"),
        ("JWT_SECRET", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("MONGODB_URI", "mongodb://pulse:hunter2@localhost"),
        ("EMAIL_PASSWORD", "hunter2"),
        ("PORT", "5123"),
        // The default depends on the limit on open files.
        ("MAX_CONNECTIONS", "1000"),
    ];
    let shown = printed(pulse(&["config"], &settings));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_snapshot!("config", shown);
}

#[test]
fn a_setting_that_cannot_be_used_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let no_folder = format!("sqlite://{}/missing/pulse.db?mode=rwc", folder.path().display());
    for (settings, parts) in [
        (vec![("PORT", "70000")], ["PORT", "70000", "0 to 65535"]),
        (vec![("PORT", "http")], ["PORT", "http", "0 to 65535"]),
        (vec![("NODE_ENV", "staging")], ["NODE_ENV", "staging", "development or production"]),
        (vec![("HOST", "0.0.0.0")], ["HOST", "0.0.0.0", "loopback"]),
        (vec![("CLIENT_URL", "*")], ["CLIENT_URL", "*", "https://"]),
        (vec![("LOG_FORMAT", "xml")], ["LOG_FORMAT", "xml", "text or json"]),
        (vec![("RUST_LOG", "pulse=loudly")], ["RUST_LOG", "loudly", "debug"]),
        (vec![("PUBLIC_FEED", "maybe")], ["PUBLIC_FEED", "maybe", "true or false"]),
        (vec![("NATS_URL", "localhost")], ["NATS_URL", "localhost", "nats://"]),
        (vec![("DATABASE_URL", "mysql://db/pulse")], ["DATABASE_URL", "mysql://db/pulse", "postgres://"]),
        (vec![("DATABASE_URL", &no_folder)], ["DATABASE_URL", &no_folder, "sqlite://"]),
        (
            vec![("DATABASE_URL", "postgres://pulse:hunter2@127.0.0.1:1/pulse")],
            ["DATABASE_URL", "127.0.0.1:1/pulse", "postgres://"],
        ),
        (vec![("NODE_ENV", "production")], ["JWT_SECRET", "must be set", "32 bytes"]),
        (
            vec![("NODE_ENV", "production"), ("JWT_SECRET", "hunter2")],
            ["JWT_SECRET", "7 bytes", "32 bytes or more"],
        ),
    ] {
        let line = problem(&pulse(&["serve"], &settings));
        for part in parts {
            assert!(line.contains(part), "{settings:?} without {part:?}: {line}");
        }
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn dot_env_is_read_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PORT=5111\nLOG_FORMAT=json\n").unwrap();
    let mut command = Server::command(&[("LOG_FORMAT", "text")]);
    let shown = printed(command.arg("config").current_dir(folder.path()).output().unwrap());
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("PORT").contains("5111"), "{shown}");
    assert!(line("LOG_FORMAT").contains("text"), "{shown}");
    std::fs::write(folder.path().join(".env"), b"PORT=1\nJWT_SECRET=hunter2\xff\n").unwrap();
    let broken = Server::command(&[]).arg("serve").current_dir(folder.path()).output().unwrap();
    let line = problem(&broken);
    assert!(line.contains(".env") && line.contains("line 2") && !line.contains("hunter2"), "{line}");
}

/// The rules themselves are tested beside the parser.
#[tokio::test]
async fn a_secret_in_dot_env_is_what_node_reads() {
    let folder = tempfile::tempdir().unwrap();
    for (line, secret) in [
        (format!("JWT_SECRET={SECRET}$tail"), format!("{SECRET}$tail")),
        (format!("export JWT_SECRET = \"{SECRET} # `x`\" # the old one"), format!("{SECRET} # `x`")),
        (format!("JWT_SECRET=other\nJWT_SECRET={SECRET}\\'\"y"), format!("{SECRET}\\'\"y")),
    ] {
        std::fs::write(folder.path().join(".env"), &line).unwrap();
        let mut command = Server::command(&[]);
        let token = command.args(["token", "--user", "ada"]).current_dir(folder.path()).output().unwrap();
        let app = TestApp::with(Backend::Sqlite, &[("JWT_SECRET", &secret)]).await;
        app.with_token(printed(token).trim()).get("/api/activities/ada").await.expect(200);
    }
}

#[test]
fn what_was_probably_not_meant_so_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "CLIENT_URLS=https://app.example\nnonsense\n").unwrap();
    let mut command = Server::command(&[("JWT_SECRET", "hunter2\n"), ("JWT_SECERT", "hunter2")]);
    let output = command.arg("config").current_dir(folder.path()).output().unwrap();
    let error = text(&output.stderr);
    assert!(output.status.success() && !error.contains("hunter2"), "{error}");
    for part in [
        "JWT_SECRET ends with a line break",
        "Did you mean JWT_SECRET?",
        "Did you mean CLIENT_URL?",
        "Line 2 of .env is not NAME=VALUE",
    ] {
        assert_eq!(error.lines().filter(|line| line.contains(part)).count(), 1, "{part}: {error}");
    }
    assert!(text(&output.stdout).contains("hidden, 8 bytes"));
}

#[test]
fn all_settings_that_cannot_be_used_are_named_at_once() {
    let output = pulse(
        &["serve"],
        &[("NODE_ENV", "production"), ("PORT", "http"), ("LOG_FORMAT", "xml"), ("JWT_SECERT", "hunter2")],
    );
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(error.lines().count(), 4, "{error}");
    assert!(error.lines().all(|line| line.starts_with("pulse: ") && line.ends_with(['.', '?'])), "{error}");
    for part in ["PORT must be", "LOG_FORMAT must be", "JWT_SECRET must be set", "Did you mean JWT_SECRET?"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn the_log_warns_of_what_was_probably_not_meant_so() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let server = Server::start(&url, &[("DATABASE_URI", "x")]);
    assert!(server.banner().iter().any(|line| line.contains("WARN") && line.contains("DATABASE_URL?")));
}

#[tokio::test]
async fn the_log_says_where_the_doors_are_and_in_which_mode() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let banner = |server: &Server| {
        let rest = server.log_until(|line| line.contains("GraphiQL"));
        [server.banner(), &rest].concat().join("\n")
    };
    let development = Server::start(&url, &[]);
    let said = banner(&development);
    for part in [
        "development",
        "SQLite",
        "/graphql",
        "ws://127.0.0.1",
        "/graphql/ws",
        "/socket.io",
        "/api",
        "/docs/api",
        "/graphiql",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(said.contains(&development.address.to_string()), "{said}");
    development.log_line(|line| line.contains("development") && line.contains("without a token"));
    development.log_line(|line| line.contains("POST http://") && line.contains("/dev/token"));
    drop(development);
    let production = Server::start(&url, &[("NODE_ENV", "production"), ("HOST", "127.0.0.1")]);
    assert!(banner(&production).contains("production"));
    // The first request is logged after all that is said at the start.
    production.get("/api/health").await.expect(200);
    let rest = production.log_until(|line| line.contains("answered")).join("\n");
    assert!(!rest.contains("/dev/token") && !rest.contains("JWT_SECRET"), "{rest}");
}

#[tokio::test]
async fn what_is_set_for_the_old_backend_gets_a_hint() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let mongodb = "mongodb://pulse:hunter2@127.0.0.1:1/pulse";
    let server = Server::start(&url, &[("MONGODB_URI", mongodb)]);
    let mut lines = server.log_until(|line| line.contains("MONGODB_URI"));
    assert!(lines.last().unwrap().contains("pulse import"), "{lines:?}");
    lines.extend_from_slice(server.banner());
    assert!(!lines.concat().contains("hunter2"), "{lines:?}");
}
