//! Stories: what is true of every feed, whichever the door and the database. Each is a test per combination, such as
//! `stories::mark_read::notifications::graphql_postgres`.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::{Backend, Door, Feed, FeedClient, TestApp};

/// A story of a feed through a door.
pub type Story = fn(FeedClient) -> LocalBoxFuture<'static, ()>;

/// Declares stories: `stories! { by door_tests; async fn name(feed: FeedClient) { ... } }`.
macro_rules! stories {
    (by $tests:ident; $($(#[$meta:meta])* async fn $name:ident($feed:ident: FeedClient) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "a story may use nothing of its module")]
            use super::*;

            $(#[$meta])*
            fn story($feed: FeedClient) -> futures_util::future::LocalBoxFuture<'static, ()> {
                Box::pin(async move $body)
            }

            crate::support::each_feed!($tests, story);
        }
    )+ };
}
pub(crate) use stories;

/// Calls a macro for each feed: a new feed is a line here, and in [`super::FEEDS`].
macro_rules! each_feed {
    ($tests:ident, $story:ident) => {
        crate::support::$tests!(activities, ACTIVITIES, $story);
        crate::support::$tests!(notifications, NOTIFICATIONS, $story);
    };
}
pub(crate) use each_feed;

/// The doors of a story. What WebSockets carry does not depend on the database.
macro_rules! door_tests {
    ($name:ident, $feed:ident, $story:ident) => {
        crate::support::tests_of_story!($name, $feed, $story, {
            rest_sqlite: Rest Sqlite,
            rest_postgres: Rest Postgres,
            graphql_sqlite: Graphql Sqlite,
            graphql_postgres: Graphql Postgres,
            websocket_sqlite: Websocket Sqlite,
        });
    };
}
pub(crate) use door_tests;

/// The doors of a story about subscriptions.
macro_rules! push_tests {
    ($name:ident, $feed:ident, $story:ident) => {
        crate::support::tests_of_story!($name, $feed, $story, {
            websocket_sqlite: Websocket Sqlite,
            websocket_postgres: Websocket Postgres,
            event_stream_sqlite: EventStream Sqlite,
            event_stream_postgres: EventStream Postgres,
        });
    };
}
pub(crate) use push_tests;

macro_rules! tests_of_story {
    ($name:ident, $feed:ident, $story:ident, { $($test:ident: $door:ident $backend:ident,)+ }) => {
        mod $name {
            use crate::support::{Backend, Door, $feed, tell};
            $(
                #[test]
                fn $test() {
                    tell(super::$story, Door::$door, &$feed, Backend::$backend);
                }
            )+
        }
    };
}
pub(crate) use tests_of_story;

/// Runs a story on a fresh server.
pub fn tell(story: Story, door: Door, feed: &'static Feed, backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let told: LocalBoxFuture<'static, ()> = Box::pin(async move {
        let app = Arc::new(TestApp::start(backend).await);
        story(FeedClient::new(&app, door, feed)).await;
    });
    runtime.block_on(told);
}
