//! Subscriptions over plain HTTP: server-sent events and Apollo's multipart.
//!
//! Specifications: the distinct connections mode of
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, and
//! <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>

use async_graphql::ServerError;
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use futures_util::{StreamExt, stream, stream::BoxStream};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Timing,
    domain::{Clock, Cursor, Error, Viewer},
    graphql::{
        engine::{Api, Outcome, rejected_json},
        errors::server_error,
        schema::HeldMemory,
    },
    http::TokenEnd,
    telemetry::Open,
};

use super::{deadlines::drain_end, response::Streaming};

/// What surrounds the results of one operation.
struct Connection {
    outcomes: BoxStream<'static, Outcome>,
    format: Streaming,
    draining: CancellationToken,
    clock: Clock,
    timing: Timing,
    deadlines: Deadlines,
    state: State,
    held: HeldMemory,
    _open: Open,
}

struct Deadlines {
    keep_alive: Instant,
    token: TokenEnd,
    drained: Option<Instant>,
}

#[derive(PartialEq, Eq)]
enum State {
    Opening,
    Running,
    /// The last result was sent; the client is told that there are no more.
    Finished,
    Ended,
}

/// Answers with the results of an operation as they come.
pub(super) fn respond(
    outcomes: BoxStream<'static, Outcome>,
    format: Streaming,
    viewer: &Viewer,
    api: &Api,
) -> axum::response::Response {
    let clock = api.auth().clock().clone();
    let timing = *api.timing();
    let keep_alive = Instant::now() + timing.keep_alive_interval;
    let deadlines = Deadlines { keep_alive, token: TokenEnd::of(viewer, &clock), drained: None };
    let connection = Connection {
        outcomes,
        format,
        draining: api.draining().clone(),
        clock,
        timing,
        deadlines,
        state: State::Opening,
        held: HeldMemory::default(),
        _open: api.metrics().stream(),
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
            let until = self.deadlines.token.instant().min(self.deadlines.keep_alive);
            let until = self.deadlines.drained.map_or(until, |drained| drained.min(until));
            tokio::select! {
                outcome = self.outcomes.next() => return Some(self.outcome(outcome)),
                () = sleep_until(until) => if let Some(chunk) = self.deadline() { return Some(chunk) },
                () = self.draining.cancelled(), if self.deadlines.drained.is_none() => {
                    self.deadlines.drained = Some(drain_end(self.timing.drain_window));
                }
            }
        }
    }

    fn outcome(&mut self, outcome: Option<Outcome>) -> String {
        match outcome {
            Some(Outcome::Result(result)) => {
                // Until the next chunk is asked for.
                self.held = result.held;
                self.format.result(&result.payload, result.cursor)
            }
            Some(Outcome::Refused(errors)) => {
                self.state = State::Finished;
                self.format.result(&rejected_json(&errors), None)
            }
            None => {
                self.state = State::Ended;
                self.format.complete()
            }
        }
    }

    /// What a deadline brings. A connection that ends without being complete is one that clients open again, with
    /// their last cursor and a fresh token.
    fn deadline(&mut self) -> Option<String> {
        let now = Instant::now();
        if self.deadlines.token.has_come(&self.clock) {
            self.state = State::Ended;
            let error = server_error(Error::Unauthenticated("token expired".into()));
            return Some(self.format.broken_off(error, "token expired"));
        }
        if self.deadlines.drained.is_some_and(|drained| drained <= now) {
            self.state = State::Ended;
            let error = server_error(Error::unavailable("the server shuts down"));
            return Some(self.format.broken_off(error, "service restart"));
        }
        if self.deadlines.keep_alive > now {
            return None;
        }
        self.deadlines.keep_alive = now + self.timing.keep_alive_interval;
        Some(self.format.keep_alive())
    }
}

/// An error of the connection and not of the operation.
#[derive(Serialize)]
struct BrokenOff<'a> {
    payload: (),
    errors: &'a [ServerError],
}

/// The two ways in which results are written.
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
    fn broken_off(self, error: ServerError, reason: &str) -> String {
        match self {
            Self::Events => format!(": {reason}\n\n"),
            Self::Multipart => part(&json(&BrokenOff { payload: (), errors: &[error] })) + &self.complete(),
        }
    }
}

/// A part, and the boundary after it: a client takes a part up when it sees its end.
fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}

fn json(value: &impl Serialize) -> String {
    // Maps with keys that are no strings would fail; there are none.
    serde_json::to_string(value).unwrap_or_default()
}
