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
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::future::{Either, ready};
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};
use tracing::Instrument;

use crate::domain::Error;

use super::{Origins, drain::lend, request_log::Entry, upgrade_names::set_upgrade_names};

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// The outside of everything: each request is logged and held against [`Origins`], what its door leaves of its body is
/// read, and each response gets headers that keep browsers from guessing, framing and telling on.
#[derive(Clone, Debug)]
pub struct Surround(Origins);

impl Surround {
    /// Lets in what `origins` let in.
    pub fn new(origins: Origins) -> Self {
        Self(origins)
    }
}

impl<S> Layer<S> for Surround {
    type Service = Surrounded<S>;

    fn layer(&self, inner: S) -> Surrounded<S> {
        Surrounded { inner, origins: self.0.clone() }
    }
}

/// The service of [`Surround`].
#[derive(Clone, Debug)]
pub struct Surrounded<S> {
    inner: S,
    origins: Origins,
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
        let (request, left) = lend(request);
        let answer = match self.origins.check(&request) {
            Ok(()) => Either::Left(span.in_scope(|| self.inner.call(request))),
            Err(error) => Either::Right(error),
        };
        Box::pin(async move {
            let mut response = match answer {
                Either::Left(answer) => answer.instrument(span).await?.map(Body::new),
                Either::Right(error) => span.in_scope(|| error.into_response()),
            };
            if let Some(left) = left {
                left.drain().await;
            }
            secure(response.headers_mut());
            set_upgrade_names(&mut response).await;
            entry.end(&mut response);
            Ok(response)
        })
    }
}

/// Bounds a request: it is answered UNAVAILABLE where it takes longer than it may, and where it comes after the shutdown
/// began, unless it asks how the server is. What a request that took too long was about to write may still be written;
/// upgrades to WebSocket are answered at once and are not ended by this.
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
            let mut response = Error::unavailable("the server shuts down").into_response();
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return Box::pin(ready(Ok(response)));
        }
        let answer = tokio::time::timeout(self.bound.time, self.inner.call(request));
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Ok(Error::unavailable("the request took too long").into_response()))
        })
    }
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
