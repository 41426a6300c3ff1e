//! Which browsers may come in: a web page of another site must not reach the server through its visitor.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header, uri::Authority},
};

use crate::domain::{Error, Result};

/// The origins that may call, and whether only local names of the server are taken. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Origins(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allowed: Vec<String>,
    local_only: bool,
}

impl Origins {
    /// `allowed` as browsers send them; `local_only` refuses every Host but localhost and loopback addresses, so that
    /// a name that an attacker points at 127.0.0.1 does not reach the open development server.
    pub fn new(allowed: Vec<String>, local_only: bool) -> Self {
        Self(Arc::new(Inner { allowed, local_only }))
    }

    /// Refuses requests of foreign pages: those that change something or open a stream. What else they read stays closed to
    /// them because they get no CORS headers.
    ///
    /// # Errors
    /// FORBIDDEN.
    pub(super) fn check(&self, request: &Request) -> Result<()> {
        let headers = request.headers();
        let host = request.uri().authority().map(Authority::as_str).or_else(|| text(headers, header::HOST));
        if self.0.local_only && !host.is_some_and(is_local) {
            return Err(Error::Forbidden(
                "The development server answers only to localhost and loopback addresses as Host.".into(),
            ));
        }
        let Some(origin) = text(headers, header::ORIGIN) else { return Ok(()) };
        if !changes_or_streams(request) || self.0.allowed.iter().any(|allowed| allowed == origin) {
            return Ok(());
        }
        let own = origin.split_once("://").map(|(_, authority)| authority);
        if own.is_some() && own == host {
            return Ok(());
        }
        Err(Error::Forbidden("This Origin is neither the server's own nor in CLIENT_URL.".into()))
    }
}

fn changes_or_streams(request: &Request) -> bool {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let accepts_stream = text(request.headers(), header::ACCEPT)
        .is_some_and(|accept| accept.contains("text/event-stream") || accept.contains("multipart/mixed"));
    let socket =
        request.headers().contains_key(header::UPGRADE) || request.uri().path().starts_with("/socket.io");
    !safe || accepts_stream || socket
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("not text"))
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
}
