//! What browsers are told that pages of other origins may do.

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::Origins;

/// For how long a browser may remember what is allowed.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// Headers of requests beside those that browsers allow by themselves: what Pulse reads, and what the libraries that
/// frontends use send along without being asked. One that is missing here fails the request in the browser.
const REQUEST_HEADERS: [&str; 41] = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "x-request-id",
    // Caches: fetch with `cache: "no-store"`, and clients that set it themselves.
    "cache-control",
    "if-modified-since",
    "if-none-match",
    "pragma",
    // GraphQL clients.
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-require-preflight",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-graphql-client-name",
    "x-graphql-client-version",
    "x-graphql-event-stream-token",
    // jQuery, axios and their like.
    "x-correlation-id",
    "x-csrf-token",
    "x-requested-with",
    // Traces: W3C, Sentry, Datadog, B3, Elastic, New Relic, Application Insights, X-Ray.
    "baggage",
    "b3",
    "elastic-apm-traceparent",
    "newrelic",
    "request-context",
    "request-id",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-amzn-trace-id",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-datadog-origin",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
    "x-datadog-trace-id",
];

/// Headers of answers that pages may read beside those that browsers show by themselves: when to try again, what to name
/// in a report, what is wrong with a token, and which methods there are.
const RESPONSE_HEADERS: [HeaderName; 4] =
    [header::RETRY_AFTER, HeaderName::from_static("x-request-id"), header::WWW_AUTHENTICATE, header::ALLOW];

/// Lets pages of the origins that are welcome call, and read the answers.
pub fn cors(origins: &Origins) -> CorsLayer {
    let origins = origins.clone();
    let welcome =
        AllowOrigin::predicate(move |origin, _| origin.to_str().is_ok_and(|origin| origins.welcomes(origin)));
    CorsLayer::new()
        .allow_origin(welcome)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers(RESPONSE_HEADERS)
        .allow_credentials(true)
        .max_age(PREFLIGHT_AGE)
}
