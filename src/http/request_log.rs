//! One log line a request.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    response::Response,
};

use crate::{domain::UserId, telemetry};

use super::drain::Reading;

/// The header that a request id comes in and goes out by.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over.
const ID_LENGTH: usize = 64;

/// The id of a request: the caller's where it fits, else a new one.
#[derive(Clone, Debug)]
struct RequestId(HeaderValue);

impl RequestId {
    /// Letters, digits and `-_.`, up to 64 of them: anything else could forge log lines.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).filter(|value| {
            let bytes = value.as_bytes();
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
            (1..=ID_LENGTH).contains(&bytes.len()) && bytes.iter().all(plain)
        });
        Self(given.cloned().unwrap_or_else(|| {
            let id = format!("{:016x}", rand::random::<u64>());
            HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
        }))
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// What a door tells the log of a request while it handles it.
#[derive(Clone, Debug, Default)]
pub struct Note(Arc<Noted>);

#[derive(Debug, Default)]
struct Noted {
    user: OnceLock<UserId>,
    operation: OnceLock<String>,
    body: Reading,
}

impl Note {
    /// Who calls.
    pub fn user(&self, user: UserId) {
        let _ = self.0.user.set(user);
    }

    /// The name of the GraphQL operation; a long one is cut.
    pub fn operation(&self, name: String) {
        let _ = self.0.operation.set(telemetry::cut(name));
    }

    /// How far the request's body was read.
    pub(super) fn body(&self) -> &Reading {
        &self.0.body
    }
}

/// A request that is being answered; it becomes one line of the log.
pub(super) struct Entry {
    start: Instant,
    id: RequestId,
    note: Note,
    method: Method,
    route: Option<MatchedPath>,
}

impl Entry {
    /// Begins when a request arrives; gives it the [`Note`] that its door writes on.
    pub(super) fn begin(request: &mut Request) -> Self {
        let entry = Self {
            start: Instant::now(),
            id: RequestId::of(request),
            note: Note::default(),
            method: request.method().clone(),
            // The route and not the path: paths hold user ids, and there are as many as users.
            route: request.extensions().get::<MatchedPath>().cloned(),
        };
        request.extensions_mut().insert(entry.note.clone());
        entry
    }

    /// What doors and bodies write on.
    pub(super) fn note(&self) -> &Note {
        &self.note
    }

    /// What is logged meanwhile is logged within this span.
    pub(super) fn span(&self) -> tracing::Span {
        tracing::info_span!("request", id = self.id.as_str())
    }

    /// Logs the line: the request's id, method, route or operation, user, status and time; gives the response its id.
    pub(super) fn end(self, response: &mut Response) {
        let noted = &self.note.0;
        tracing::info!(
            request_id = self.id.as_str(),
            method = %self.method,
            route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str),
            operation = noted.operation.get().map(String::as_str),
            user = noted.user.get().map(UserId::as_str),
            status = response.status().as_u16(),
            ms = (self.start.elapsed().as_secs_f64() * 1e5).round() / 1e2,
            "answered"
        );
        response.headers_mut().insert(REQUEST_ID, self.id.0);
    }
}
