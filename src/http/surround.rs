//! What surrounds every request: its line in the log, its time, its panics, and the headers of every response.
//!
//! Two services, and no middleware functions of axum: each of those costs every request two allocations, and a clone of
//! all that it surrounds.

use std::{
    any::Any,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::{Either, ready};
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};
use tracing::Instrument;

use crate::domain::Error;

use super::{
    Note, Origins, come_back, drain::lend, head, request_log::Entry, upgrade_names::set_upgrade_names,
};

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// The outside of everything: each request is logged, and held against the rules of HTTP and [`Origins`]; its body has a
/// deadline, and what its door leaves of it is read; and each response gets nosniff, frame-ancestors and
/// referrer-policy headers.
#[derive(Clone, Debug)]
pub struct Surround {
    origins: Origins,
    body_timeout: Duration,
}

impl Surround {
    /// Lets in what `origins` let in; a body may take `body_timeout` to come.
    pub fn new(origins: Origins, body_timeout: Duration) -> Self {
        Self { origins, body_timeout }
    }
}

impl<S> Layer<S> for Surround {
    type Service = Surrounded<S>;

    fn layer(&self, inner: S) -> Surrounded<S> {
        Surrounded { inner, edge: self.clone() }
    }
}

/// The service of [`Surround`].
#[derive(Clone, Debug)]
pub struct Surrounded<S> {
    inner: S,
    edge: Surround,
}

impl<S, B> Service<Request> for Surrounded<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible, Future: Send + 'static>,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Answering {
        let entry = Entry::begin(&mut request);
        let span = entry.span();
        let (note, limit) = (entry.note().clone(), self.edge.body_timeout);
        let request = lend(request, &note, limit);
        let answer = match head::check(&request).and_then(|()| self.edge.origins.check(&request)) {
            Ok(()) => Either::Left(span.in_scope(|| self.inner.call(request))),
            Err(error) => Either::Right(error),
        };
        Box::pin(async move {
            let mut response = match answer {
                Either::Left(answer) => answer.instrument(span).await?.map(Body::new),
                Either::Right(error) => span.in_scope(|| error.into_response()),
            };
            let body = note.body();
            if body.is_late() && response.status() != StatusCode::REQUEST_TIMEOUT {
                // Of a door that does not read its bodies itself.
                response = Error::RequestTimeout { limit }.into_response();
            }
            body.drain().await;
            secure(response.headers_mut());
            set_upgrade_names(&mut response).await;
            entry.end(&mut response);
            Ok(response)
        })
    }
}

/// Bounds a request: it is answered UNAVAILABLE where it takes longer than it may once its body is there, and where it
/// comes after the shutdown began, unless it asks how the server is, or is an EventSource, which a refusal would end for
/// good. What a request that took too long was about to write may still be written; upgrades to WebSocket are answered at
/// once and are not ended by this.
#[derive(Clone, Debug)]
pub struct Bound {
    time: Duration,
    draining: CancellationToken,
}

impl Bound {
    /// Lets each request take `time`, and none begin once `draining` is cancelled.
    pub fn new(time: Duration, draining: CancellationToken) -> Self {
        Self { time, draining }
    }
}

impl<S> Layer<S> for Bound {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded { inner, bound: self.clone() }
    }
}

/// The service of [`Bound`].
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    inner: S,
    bound: Bound,
}

impl<S> Service<Request> for Bounded<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Answering {
        let asks_how_it_is = matches!(request.uri().path(), "/api/health" | "/api/ready");
        if self.bound.draining.is_cancelled() && !asks_how_it_is {
            if is_event_source(&request) {
                return Box::pin(ready(Ok(come_back::response())));
            }
            let mut response = Error::unavailable("the server shuts down").into_response();
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return Box::pin(ready(Ok(response)));
        }
        let limit = self.bound.time;
        let note = request.extensions().get::<Note>().cloned().unwrap_or_default();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = note.body().within(limit, answer).await;
            answer.unwrap_or_else(|| Ok(Error::unavailable("the request took too long").into_response()))
        })
    }
}

/// Whether a request is that of an EventSource: it wants events first of all.
fn is_event_source(request: &Request) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    let accept = request.headers().get(header::ACCEPT).map_or(&[][..], HeaderValue::as_bytes);
    request.method() == Method::GET
        && accept.get(..EVENTS.len()).is_some_and(|first| first.eq_ignore_ascii_case(EVENTS))
}

/// The answer to a request whose handler panicked: an internal error, like every other defect.
pub fn answer_panics(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Error::internal(format!("a handler panicked: {}", text.unwrap_or_default())).into_response()
}

/// A page that needs less sets its own.
fn secure(headers: &mut HeaderMap) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::REFERRER_POLICY, "no-referrer");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-site");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::CACHE_CONTROL, "no-store");
}
