//! What an EventSource is told that comes while the server shuts down.

use std::time::Duration;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// When it comes again: at the earliest, and how much later at random, so that not everyone comes at once.
const RETRY: Duration = Duration::from_secs(1);
const SPREAD: Duration = Duration::from_secs(2);

/// An event stream that ends at once, and says when to come again. After any answer but 200 an EventSource never comes back
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model>).
pub(super) fn response() -> Response {
    let retry = RETRY + SPREAD.mul_f64(rand::random());
    let text = format!("retry: {}\n: service restart\n\n", retry.as_millis());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CONNECTION, HeaderValue::from_static("close")),
    ];
    (headers, text).into_response()
}
