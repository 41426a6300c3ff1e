//! The policy on origins, and CORS by it: a web page of another site must not reach the server through its visitor.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, header, uri::Authority},
};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::{Host, Url};

use crate::domain::{Error, Result};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Rejected origins that are logged within [`LOGGED_ORIGIN_AGE`], and characters of each.
const LOGGED_ORIGINS: usize = 64;
const LOGGED_ORIGIN_CHARS: usize = 200;
/// The time after which a rejected origin is logged again.
const LOGGED_ORIGIN_AGE: Duration = Duration::from_secs(3_600);

/// How long a browser may cache a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// Request headers beside those that browsers allow by themselves: those that Pulse reads, and those that libraries of
/// frontends add. A header that is missing here fails the request in the browser.
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

/// Response headers that pages may read beside those that browsers expose by themselves.
const RESPONSE_HEADERS: [HeaderName; 4] =
    [header::RETRY_AFTER, HeaderName::from_static("x-request-id"), header::WWW_AUTHENTICATE, header::ALLOW];

/// The origins that may call. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OriginPolicy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allowed: Vec<String>,
    development: bool,
    logged: Mutex<LoggedOrigins>,
}

/// Rejected origins that were logged.
#[derive(Debug)]
struct LoggedOrigins {
    since: Instant,
    origins: HashSet<String>,
}

impl OriginPolicy {
    /// `allowed` as browsers send them. A development server is open to every client that reaches it. So it also allows
    /// pages of this machine, and no other page may cause anything to run; and it rejects every Host but localhost and
    /// loopback addresses, so that a name that an attacker points at 127.0.0.1 does not reach it (DNS rebinding).
    pub fn new(allowed: Vec<String>, development: bool) -> Self {
        let logged = Mutex::new(LoggedOrigins { since: Instant::now(), origins: HashSet::new() });
        Self(Arc::new(Inner { allowed, development, logged }))
    }

    /// Whether pages of `origin` may call and read the answers.
    pub(super) fn allows(&self, origin: &str) -> bool {
        self.0.allowed.iter().any(|allowed| allowed == origin) || (self.0.development && is_loopback(origin))
    }

    /// Rejects requests of foreign pages that change something or open a stream, and preflights; in development all but
    /// following a link. Other responses in production are unreadable to such pages, because they get no CORS headers.
    ///
    /// # Errors
    /// FORBIDDEN.
    pub(super) fn check(&self, request: &Request) -> Result<()> {
        let headers = request.headers();
        let host =
            request.uri().authority().map(Authority::as_str).or_else(|| header_str(headers, header::HOST));
        let development = self.0.development;
        if development && !host.is_some_and(is_local) {
            return Err(Error::Forbidden(
                "The development server answers only to localhost and loopback addresses as Host.".into(),
            ));
        }
        let mut origins = header_strs(headers, header::ORIGIN).peekable();
        if development && origins.peek().is_none() && is_embedded_elsewhere(request) {
            return Err(Error::Forbidden("Pages of other sites may not call the development server.".into()));
        }
        let own =
            |origin: &str| origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
        let Some(foreign) = origins.find(|origin| !own(origin) && !self.allows(origin)) else {
            return Ok(());
        };
        // Its page cannot read the answer either.
        self.warn(foreign);
        if !development && !changes_or_streams(request) {
            return Ok(());
        }
        Err(Error::Forbidden("This Origin is neither the server's own nor in CLIENT_URL.".into()))
    }

    /// Logs a rejected origin once: the browser shows its page no cause.
    fn warn(&self, origin: &str) {
        let origin: String = origin.chars().take(LOGGED_ORIGIN_CHARS).collect();
        if self.0.logged.lock().unwrap_or_else(PoisonError::into_inner).is_new(&origin, Instant::now()) {
            let allowed = self.0.allowed.join(",");
            tracing::warn!(
                "requests of the origin {origin:?} are rejected: CLIENT_URL is {allowed:?}; to allow it, add it there, \
                 separated by a comma"
            );
        }
    }
}

impl LoggedOrigins {
    /// Whether `origin` was not logged lately and there is room for one more.
    fn is_new(&mut self, origin: &str, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= LOGGED_ORIGIN_AGE {
            self.origins.clear();
            self.since = now;
        }
        self.origins.len() < LOGGED_ORIGINS && self.origins.insert(origin.to_owned())
    }
}

fn changes_or_streams(request: &Request) -> bool {
    let headers = request.headers();
    let preflight = headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) && !preflight;
    // Media types have no case, and a header may come in several lines.
    let streams = ["text/event-stream", "multipart/mixed"];
    let accepts_stream = header_strs(headers, header::ACCEPT)
        .map(str::to_ascii_lowercase)
        .any(|accept| streams.iter().any(|stream| accept.contains(stream)));
    let socket = headers.contains_key(header::UPGRADE) || request.uri().path().starts_with("/socket.io");
    !safe || accepts_stream || socket
}

/// Whether a page of another site embeds this resource, for example as an image: browsers send no Origin for those.
fn is_embedded_elsewhere(request: &Request) -> bool {
    let is = |name, value: &str| {
        header_str(request.headers(), name).is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    let follows_link = || is(SEC_FETCH_MODE, "navigate") && is(SEC_FETCH_DEST, "document");
    is(SEC_FETCH_SITE, "cross-site") && !follows_link()
}

fn header_str(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    header_strs(headers, name).next()
}

fn header_strs(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or("not text"))
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    is_local_name(name) || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_local_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

/// Whether `origin` is that of a page from this machine, as browsers write it: any port, with or without TLS.
fn is_loopback(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return false };
    let local = match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    local && matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == origin
}

/// CORS: pages of allowed origins may call and read responses.
pub fn cors(origins: &OriginPolicy) -> CorsLayer {
    let origins = origins.clone();
    let allowed =
        AllowOrigin::predicate(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allows(origin)));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers(RESPONSE_HEADERS)
        .allow_credentials(true)
        .max_age(PREFLIGHT_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names_are_told_from_others() {
        for local in
            ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "127.3.2.1", "[::1]:5000", "app.localhost"]
        {
            assert!(is_local(local), "{local}");
        }
        for foreign in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", ""]
        {
            assert!(!is_local(foreign), "{foreign}");
        }
    }

    #[test]
    fn loopback_origins_are_told_from_others() {
        for local in [
            "http://localhost:5173",
            "https://localhost",
            "http://127.0.0.1:1",
            "https://127.9.9.9:8443",
            "http://[::1]:4200",
            "http://app.localhost:8080",
            "https://a.b.localhost",
        ] {
            assert!(is_loopback(local), "{local}");
        }
        for foreign in [
            "null",
            "",
            "localhost:5173",
            "file://localhost",
            "ftp://localhost",
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://127.0.0.1.evil.example",
            "http://user@localhost:5173",
            "http://localhost:5173/",
            "http://localhost:5173@evil.example",
            "http://2130706433",
            "http://0.0.0.0:5173",
            "http://192.168.1.10:5173",
            "http://[::2]",
            "chrome-extension://localhost",
        ] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_refused_origin_is_named_once_an_hour_and_not_too_many_are() {
        let start = Instant::now();
        let mut named = LoggedOrigins { since: start, origins: HashSet::new() };
        let new = |named: &mut LoggedOrigins| {
            (0..1_000).filter(|n| named.is_new(&format!("https://{n}"), start)).count()
        };
        assert_eq!(new(&mut named), LOGGED_ORIGINS);
        assert_eq!(new(&mut named), 0);
        assert!(named.is_new("https://0", start + LOGGED_ORIGIN_AGE));
        assert!(!named.is_new("https://0", start + LOGGED_ORIGIN_AGE));
    }
}
