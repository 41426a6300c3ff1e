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

use super::request_body::BodyProgress;

/// The header of the request id, in requests and responses.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of the longest request id that is accepted from a client.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// The id of a request: the caller's where it fits, else a new one.
#[derive(Clone, Debug)]
struct RequestId(HeaderValue);

impl RequestId {
    /// Letters, digits and `-_.`, up to 64 of them: anything else could forge log lines.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).filter(|value| {
            let bytes = value.as_bytes();
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
            (1..=MAX_REQUEST_ID_BYTES).contains(&bytes.len()) && bytes.iter().all(plain)
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

/// What a handler adds to the log line of its request, and how far the body of the request was read. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RequestLogContext(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    user: OnceLock<UserId>,
    operation: OnceLock<String>,
    body: BodyProgress,
}

impl RequestLogContext {
    /// Logs the user who calls.
    pub fn user(&self, user: UserId) {
        let _ = self.0.user.set(user);
    }

    /// Logs the name of the GraphQL operation; a long one is cut.
    pub fn operation(&self, name: String) {
        let _ = self.0.operation.set(telemetry::cut(name));
    }
}

impl AsRef<BodyProgress> for RequestLogContext {
    fn as_ref(&self) -> &BodyProgress {
        &self.0.body
    }
}

/// The log line of a request that is being handled.
pub(super) struct AccessLog {
    start: Instant,
    id: RequestId,
    context: RequestLogContext,
    method: Method,
    route: Option<MatchedPath>,
}

impl AccessLog {
    /// Begins when a request arrives; puts a [`RequestLogContext`] into its extensions.
    pub(super) fn begin(request: &mut Request) -> Self {
        let log = Self {
            start: Instant::now(),
            id: RequestId::of(request),
            context: RequestLogContext::default(),
            method: request.method().clone(),
            // The route and not the path: paths hold user ids, and there are as many as users.
            route: request.extensions().get::<MatchedPath>().cloned(),
        };
        request.extensions_mut().insert(log.context.clone());
        log
    }

    /// The context in the request's extensions.
    pub(super) fn context(&self) -> &RequestLogContext {
        &self.context
    }

    /// The span of all that is logged meanwhile.
    pub(super) fn span(&self) -> tracing::Span {
        tracing::info_span!("request", id = self.id.as_str())
    }

    /// Logs the line: the request's id, method, route or operation, user, status and time; gives the response its id.
    pub(super) fn end(self, response: &mut Response) {
        let logged = &self.context.0;
        tracing::info!(
            request_id = self.id.as_str(),
            method = %self.method,
            route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str),
            operation = logged.operation.get().map(String::as_str),
            user = logged.user.get().map(UserId::as_str),
            status = response.status().as_u16(),
            ms = (self.start.elapsed().as_secs_f64() * 1e5).round() / 1e2,
            "answered"
        );
        response.headers_mut().insert(REQUEST_ID, self.id.0);
    }
}
