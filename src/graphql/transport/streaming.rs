//! Subscriptions over plain HTTP: server-sent events and Apollo's multipart.
//!
//! Specifications: the distinct connections mode of
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, and
//! <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>

use std::time::Duration;

use async_graphql::ServerError;
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use futures_util::{StreamExt, stream, stream::BoxStream};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    domain::{Cursor, Viewer},
    graphql::{
        engine::{Engine, Outcome},
        errors::server_error,
        json::rejected_json,
        schema::HeldMemory,
    },
    http::{ConnectionEnd, ConnectionLifetime},
    telemetry::ConnectionGuard,
};

use super::negotiation::Streaming;

/// The response that sends the results of one operation.
struct Connection {
    outcomes: BoxStream<'static, Outcome>,
    format: Streaming,
    lifetime: ConnectionLifetime,
    keep_alive: Instant,
    /// How often a comment or an empty part is sent, so that proxies keep the connection open.
    keep_alive_interval: Duration,
    state: State,
    held: HeldMemory,
    _open: ConnectionGuard,
}

#[derive(PartialEq, Eq)]
enum State {
    Opening,
    Running,
    /// The last result was sent; the end is to be sent.
    Finished,
    Ended,
}

/// Answers with the results of an operation as they come.
pub(super) fn respond(
    outcomes: BoxStream<'static, Outcome>,
    format: Streaming,
    viewer: &Viewer,
    engine: &Engine,
) -> axum::response::Response {
    let mut lifetime = engine.lifetime();
    let keep_alive_interval = engine.timing().keep_alive_interval;
    lifetime.set_viewer(viewer);
    let connection = Connection {
        outcomes,
        format,
        lifetime,
        keep_alive: Instant::now() + keep_alive_interval,
        keep_alive_interval,
        state: State::Opening,
        held: HeldMemory::default(),
        _open: engine.metrics().stream(),
    };
    let chunks = stream::unfold(connection, |mut connection| async move {
        let chunk = connection.next().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), connection))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        // Proxies of the nginx family would hold events back otherwise.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

impl Connection {
    async fn next(&mut self) -> Option<String> {
        self.held = HeldMemory::default();
        match self.state {
            State::Opening => {
                self.state = State::Running;
                return Some(self.format.opening());
            }
            State::Finished => {
                self.state = State::Ended;
                return Some(self.format.complete());
            }
            State::Ended => return None,
            State::Running => {}
        }
        loop {
            let until = self.lifetime.next_check().min(self.keep_alive);
            tokio::select! {
                outcome = self.outcomes.next() => return Some(self.outcome(outcome)),
                () = sleep_until(until) => if let Some(chunk) = self.deadline() { return Some(chunk) },
                // Sets the next deadline.
                () = self.lifetime.shutdown_begins() => {}
            }
        }
    }

    fn outcome(&mut self, outcome: Option<Outcome>) -> String {
        match outcome {
            Some(Outcome::Result(result)) => {
                // Until the next chunk is polled.
                self.held = result.held;
                self.format.result(&result.payload, result.cursor)
            }
            Some(Outcome::Rejected(errors)) => {
                self.state = State::Finished;
                self.format.result(&rejected_json(&errors), None)
            }
            None => {
                self.state = State::Ended;
                self.format.complete()
            }
        }
    }

    /// The chunk at a deadline. A connection that ends without `complete` is opened again by clients, with their last cursor
    /// and a fresh token.
    fn deadline(&mut self) -> Option<String> {
        if let Err(end) = self.lifetime.check() {
            self.state = State::Ended;
            return Some(self.format.broken_off(end));
        }
        let now = Instant::now();
        if self.keep_alive > now {
            return None;
        }
        self.keep_alive = now + self.keep_alive_interval;
        Some(self.format.keep_alive())
    }
}

/// An error of the connection and not of the operation.
#[derive(Serialize)]
struct BrokenOff<'a> {
    payload: (),
    errors: &'a [ServerError],
}

/// The two formats of results.
impl Streaming {
    fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream; charset=utf-8",
            Self::Multipart => "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0",
        }
    }

    /// Sent at once, so that the client knows that it is connected.
    fn opening(self) -> String {
        match self {
            Self::Events => ":\n\n".to_owned(),
            Self::Multipart => "\r\n--graphql".to_owned() + &self.keep_alive(),
        }
    }

    fn keep_alive(self) -> String {
        match self {
            Self::Events => ":\n\n".to_owned(),
            Self::Multipart => part("{}"),
        }
    }

    fn result(self, payload: &str, cursor: Option<Cursor>) -> String {
        match self {
            Self::Events => {
                let id = cursor.map_or(String::new(), |cursor| format!("id: {cursor}\n"));
                format!("{id}event: next\ndata: {payload}\n\n")
            }
            Self::Multipart => part(&format!(r#"{{"payload":{payload}}}"#)),
        }
    }

    fn complete(self) -> String {
        match self {
            Self::Events => "event: complete\ndata:\n\n".to_owned(),
            Self::Multipart => "--\r\n".to_owned(),
        }
    }

    /// The connection ends, though the operation has not.
    fn broken_off(self, end: ConnectionEnd) -> String {
        match self {
            Self::Events => format!(": {}\n\n", end.reason()),
            Self::Multipart => {
                let errors = &[server_error(end.error())];
                part(&json(&BrokenOff { payload: (), errors })) + &self.complete()
            }
        }
    }
}

/// A part, and the boundary after it: a client reads a part when it sees its end.
fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}

fn json(value: &impl Serialize) -> String {
    // Maps with keys that are no strings would fail; there are none.
    serde_json::to_string(value).unwrap_or_default()
}
