//! What surrounds every request: its time, its panics, and the headers of every response.

use std::{any::Any, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use tokio_util::sync::CancellationToken;

use crate::domain::Error;

/// Answers UNAVAILABLE where a request takes longer than `limit`. What it was about to write may still be written.
/// Upgrades to WebSocket are answered at once and are not ended by this.
pub async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::unavailable("the request took too long").into_response(),
    }
}

/// Answers UNAVAILABLE to whoever comes after the shutdown began, but for those who ask how the server is.
pub async fn refuse_while_draining(
    State(draining): State<CancellationToken>,
    request: Request,
    next: Next,
) -> Response {
    if draining.is_cancelled() && !matches!(request.uri().path(), "/api/health" | "/api/ready") {
        let mut response = Error::unavailable("the server shuts down").into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    next.run(request).await
}

/// The answer to a request whose handler panicked: an internal error, like every other defect.
pub fn answer_panics(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Error::internal(format!("a handler panicked: {}", text.unwrap_or_default())).into_response()
}

/// Headers that keep browsers from guessing, framing and telling on. A page that needs less sets its own.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::REFERRER_POLICY, "no-referrer");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-site");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::CACHE_CONTROL, "no-store");
    response
}
