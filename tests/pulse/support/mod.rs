//! What tests share: servers, clients, and the same story told on every database.

mod answer;
mod app;
mod cluster;
mod database;
mod door;
mod event_stream;
mod feed;
mod nats;
mod process;
mod raw;
mod routes;
mod schema;
mod script;
mod shape;
mod socket;
mod socket_io;
mod sql;
mod story;
mod transfer;

use std::time::Duration;

pub(crate) use self::story::{door_tests, each_feed, push_tests, stories, tests_of_story};
pub use self::{
    answer::Answer,
    app::{Client, SECRET, TestApp, token},
    cluster::{Cluster, Pooler, Switch},
    database::{Backend, fresh_database},
    door::{Door, FeedClient},
    event_stream::EventStream,
    feed::{ACTIVITIES, FEEDS, Feed, NOTIFICATIONS},
    nats::Nats,
    process::Server,
    raw::{Raw, RawAnswer},
    routes::{Route, routes},
    schema::{Introspected, RootField, list, name, type_text},
    script::run_postgres,
    shape::{each, is_id, keys, millis, segment, with},
    socket::{Socket, Subscription},
    socket_io::SocketIo,
    sql::{Row, Sql},
    story::tell,
    transfer::{
        Files, Form, activity, complaints, date, holds_only, id, notification, printed, pulse, said, tally,
    },
};

/// How long a test waits for something that should come at once.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Declares a test that is run on every database: `on_both!(async fn name(app: TestApp) { ... })`. An app with settings
/// or a clock of its own: `on_both!(start: how; async fn ...)`, where `how` takes the backend.
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($($app:tt)*) $body:block) => {
        crate::support::on_both!(
            start: crate::support::TestApp::start;
            $(#[$meta])* async fn $name($($app)*) $body
        );
    };
    (
        start: $start:path;
        $(#[$meta:meta])* async fn $name:ident($($app:ident)+: TestApp) $body:block
    ) => {
        mod $name {
            #[allow(unused_imports, reason = "a test may use nothing of its module")]
            use super::*;

            $(#[$meta])*
            async fn tell($($app)+: TestApp) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                tell($start(crate::support::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                tell($start(crate::support::Backend::Postgres).await).await;
            }
        }
    };
}
pub(crate) use on_both;

/// Declares tests that are told the address of a fresh database, on every kind of it: for those who start servers
/// themselves.
macro_rules! on_both_databases {
    ($(async fn $name:ident($url:ident: &str) $body:block)+) => { $(
        mod $name {
            use super::*;

            async fn tell($url: &str) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let (url, _folder) = crate::support::fresh_database(crate::support::Backend::Sqlite).await;
                tell(&url).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let (url, _folder) = crate::support::fresh_database(crate::support::Backend::Postgres).await;
                tell(&url).await;
            }
        }
    )+ };
}
pub(crate) use on_both_databases;

/// Waits for `future`, and fails with `what` where it does not come in time.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come within {DEADLINE:?}"),
    }
}

/// Asks again and again until `check` gives a value.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut check: impl FnMut() -> F) -> T {
    in_time(what, async {
        loop {
            if let Some(value) = check().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}
