//! The middleware of every request: access log, timeouts, panics, and headers of responses.
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
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::{Either, ready};
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};
use tracing::Instrument;

use crate::domain::Error;

use super::{
    connection_lifetime::shutdown_response,
    head,
    header_case::set_upgrade_header_case,
    origin::OriginPolicy,
    request_body::{BodyProgress, drain_on_drop},
    request_log::{AccessLog, RequestLogContext},
};

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// The outermost layer. It logs each request, checks its head and its origin ([`OriginPolicy`]), sets the deadline of its body
/// and drains the rest of it, and sets nosniff, frame-ancestors and referrer-policy headers.
#[derive(Clone, Debug)]
pub struct EdgeLayer {
    origins: OriginPolicy,
    body_timeout: Duration,
}

impl EdgeLayer {
    /// Rejects other origins than `origins` allow; a body may take `body_timeout` to come.
    pub fn new(origins: OriginPolicy, body_timeout: Duration) -> Self {
        Self { origins, body_timeout }
    }
}

impl<S> Layer<S> for EdgeLayer {
    type Service = EdgeService<S>;

    fn layer(&self, inner: S) -> EdgeService<S> {
        EdgeService { inner, edge: self.clone() }
    }
}

/// The service of [`EdgeLayer`].
#[derive(Clone, Debug)]
pub struct EdgeService<S> {
    inner: S,
    edge: EdgeLayer,
}

impl<S, B> Service<Request> for EdgeService<S>
where
    S: Service<Request, Response = Response<B>, Error = Infallible, Future: Send + 'static>,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> ResponseFuture {
        let log = AccessLog::begin(&mut request);
        let span = log.span();
        let (context, limit) = (log.context().clone(), self.edge.body_timeout);
        let request = drain_on_drop(request, &context, limit);
        let answer = match head::check(&request).and_then(|()| self.edge.origins.check(&request)) {
            Ok(()) => Either::Left(span.in_scope(|| self.inner.call(request))),
            Err(error) => Either::Right(error),
        };
        Box::pin(async move {
            let mut response = match answer {
                Either::Left(answer) => answer.instrument(span).await?.map(Body::new),
                Either::Right(error) => span.in_scope(|| error.into_response()),
            };
            let body: &BodyProgress = context.as_ref();
            if body.is_late() && response.status() != StatusCode::REQUEST_TIMEOUT {
                // Of a door that does not read its bodies itself.
                response = Error::RequestTimeout { limit }.into_response();
            }
            body.drain().await;
            set_security_headers(response.headers_mut());
            set_upgrade_header_case(&mut response).await;
            log.end(&mut response);
            Ok(response)
        })
    }
}

/// Answers UNAVAILABLE to a request that takes too long after its body is complete, and to one that comes after the shutdown
/// began (`shutdown_response`), but for health and readiness. A write of a request that took too long may still complete;
/// upgrades to WebSocket are answered at once and are not ended by this.
#[derive(Clone, Debug)]
pub struct RequestTimeoutLayer {
    time: Duration,
    draining: CancellationToken,
}

impl RequestTimeoutLayer {
    /// Each request may take `time`, and none begins once `draining` is cancelled.
    pub fn new(time: Duration, draining: CancellationToken) -> Self {
        Self { time, draining }
    }
}

impl<S> Layer<S> for RequestTimeoutLayer {
    type Service = RequestTimeoutService<S>;

    fn layer(&self, inner: S) -> RequestTimeoutService<S> {
        RequestTimeoutService { inner, bound: self.clone() }
    }
}

/// The service of [`RequestTimeoutLayer`].
#[derive(Clone, Debug)]
pub struct RequestTimeoutService<S> {
    inner: S,
    bound: RequestTimeoutLayer,
}

impl<S> Service<Request> for RequestTimeoutService<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> ResponseFuture {
        let is_health_check = matches!(request.uri().path(), "/api/health" | "/api/ready");
        if self.bound.draining.is_cancelled() && !is_health_check {
            return Box::pin(ready(Ok(shutdown_response(&request))));
        }
        let limit = self.bound.time;
        let context = request.extensions().get::<RequestLogContext>().cloned().unwrap_or_default();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = context.as_ref().with_timeout(limit, answer).await;
            answer.unwrap_or_else(|| Ok(Error::unavailable("the request took too long").into_response()))
        })
    }
}

/// The answer to a request whose handler panicked: an internal error, like every other defect.
pub fn panic_response(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Error::internal(format!("a handler panicked: {}", text.unwrap_or_default())).into_response()
}

/// A page that needs less sets its own.
fn set_security_headers(headers: &mut HeaderMap) {
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
