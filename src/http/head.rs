//! Checks of the head of a request: framing and Host; and the canonical form of its path.

use axum::{
    extract::Request,
    http::{
        HeaderValue, Uri, Version, header,
        uri::{Authority, PathAndQuery},
    },
};

use crate::domain::{Error, Result};

/// Words of REST paths that stand behind an id.
const FIXED_PARTS: &[&str] = &[
    "all",
    "clear-all",
    "count",
    "increment",
    "init",
    "learning-hours",
    "read",
    "read-all",
    "streak",
    "unread",
    "weekly",
];

/// Refuses what two servers in a row could read differently: a body in an encoding that is not undone here, and a request
/// that names no host or two.
///
/// # Errors
/// NOT_IMPLEMENTED, BAD_USER_INPUT.
pub(super) fn check(request: &Request) -> Result<()> {
    let headers = request.headers();
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(encoding) = encodings.next()
        && (encodings.next().is_some() || !encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
    {
        let message = "The Transfer-Encoding of the body must be chunked.";
        return Err(Error::NotImplemented(message.into()));
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_authority(host) => Ok(()),
        (Some(_), None) => Err(Error::bad_input("The Host header must be a host name or an address.")),
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        (None, _) => Err(Error::bad_input("The request has no Host header.")),
        (Some(_), Some(_)) => Err(Error::bad_input("The request has more than one Host header.")),
    }
}

/// Writes a path of REST as the routes have it: Express took a slash at its end, and capitals in its fixed parts. Ids stay
/// as they are.
pub(super) fn make_canonical(uri: &mut Uri) {
    let Some(path) = canonical(uri.path()) else { return };
    let written = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(written).ok();
    if let Ok(changed) = Uri::from_parts(parts) {
        *uri = changed;
    }
}

/// The canonical form of `path`, where that is another one.
fn canonical(path: &str) -> Option<String> {
    if !path.get(..5)?.eq_ignore_ascii_case("/api/") {
        return None;
    }
    let whole = path.strip_suffix('/').unwrap_or(path);
    // "", "api", the noun, the id (which the leaderboard has none of), fixed parts.
    let is_fixed = |at: usize, part: &str| match at {
        0..3 => true,
        3 => part.eq_ignore_ascii_case("leaderboard") && ends_with_ignoring_case(whole, "/leaderboard/all"),
        _ => FIXED_PARTS.iter().any(|fixed| part.eq_ignore_ascii_case(fixed)),
    };
    let is_other =
        |(at, part): (usize, &str)| part.bytes().any(|byte| byte.is_ascii_uppercase()) && is_fixed(at, part);
    if whole.len() == path.len() && !whole.split('/').enumerate().any(is_other) {
        return None;
    }
    let parts = whole.split('/').enumerate().map(|(at, part)| match is_fixed(at, part) {
        true => part.to_ascii_lowercase(),
        false => part.to_owned(),
    });
    Some(parts.collect::<Vec<_>>().join("/"))
}

fn ends_with_ignoring_case(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|from| text.get(from..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Whether a Host header names a host: with a port or without, and without a user (RFC 9110, section 7.2).
fn is_authority(host: &HeaderValue) -> bool {
    !host.as_bytes().contains(&b'@') && Authority::try_from(host.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_parts_are_lowered_and_ids_are_not() {
        for (path, expected) in [
            ("/api/activities/ada/", "/api/activities/ada"),
            ("/API/Activities/Ada", "/api/activities/Ada"),
            ("/api/activities/READ/Read", "/api/activities/READ/read"),
            ("/api/Notifications/Ada/Clear-All/", "/api/notifications/Ada/clear-all"),
            ("/api/analytics/LeaderBoard/ALL", "/api/analytics/leaderboard/all"),
            ("/api/activities/Leaderboard/Read", "/api/activities/Leaderboard/read"),
            ("/Api/", "/api"),
        ] {
            assert_eq!(canonical(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "/api/activities/Ada",
            "/api/analytics/leaderboard/all",
            "/api/analytics/Leaderboard",
            "/api",
            "/graphql/",
            "/GraphQL",
            "/",
            "",
            "/apí/",
        ] {
            assert_eq!(canonical(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_stays_as_it_is() {
        let mut uri = Uri::from_static("/API/activities/Ada/?Limit=2&x=/A/");
        make_canonical(&mut uri);
        assert_eq!(uri, "/api/activities/Ada?Limit=2&x=/A/");
    }
}
