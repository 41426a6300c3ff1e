//! A page: compressed once at the start, revalidated by its ETag.

use std::{
    hash::{DefaultHasher, Hasher},
    io::{self, Read, Write},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// The mode element of a built page; a development server replaces the word.
pub(super) const MODE: &str = "<meta name=\"pulse-mode\" content=\"production\" />";

/// The page of a binary that was built without pages.
const MISSING_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
     content=\"width=device-width\"><title>Pulse</title><h1>Pulse is running</h1><p>This binary was built without its \
     pages, because Node.js was not there. To get them, install Node.js 20.19 or newer and build again: <code>cargo \
     run --release</code>.</p><p>The API does not need them: <code>/graphql</code>, <code>/api</code> (described at <a \
     href=\"/api/openapi.json\">/api/openapi.json</a>).</p></html>";
/// The policy of a page that loads nothing.
const MISSING_PAGE_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An HTML page.
#[derive(Debug)]
pub(super) struct Page {
    plain: Bytes,
    compressed: Bytes,
    etag: HeaderValue,
    policy: &'static str,
}

impl Page {
    /// A built page from its gzipped file; `None` if the file is unreadable.
    pub(super) fn from_file(file: &[u8], policy: &'static str, production: bool) -> Option<Self> {
        let built = String::from_utf8(decompressed(file).ok()?).ok()?;
        let mode = if production { "production" } else { "development" };
        Self::new(&built.replace(MODE, &MODE.replace("production", mode)), policy)
    }

    /// The replacement for a page that was not built.
    pub(super) fn missing() -> Self {
        let etag = HeaderValue::from_static("W/\"missing\"");
        Self {
            plain: Bytes::from_static(MISSING_PAGE.as_bytes()),
            compressed: Bytes::new(),
            etag,
            policy: MISSING_PAGE_POLICY,
        }
    }

    fn new(html: &str, policy: &'static str) -> Option<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(html.as_bytes()).ok()?;
        let compressed = encoder.finish().ok()?;
        // DefaultHasher::new() has a fixed key, so every node computes the same tag. The tag is weak because the
        // compressed and the plain representation share it.
        let mut hasher = DefaultHasher::new();
        hasher.write(html.as_bytes());
        hasher.write(policy.as_bytes());
        let etag = HeaderValue::from_str(&format!("W/\"{:016x}\"", hasher.finish())).ok()?;
        Some(Self { plain: html.to_owned().into(), compressed: compressed.into(), etag, policy })
    }

    /// Responds with the page, or with 304 if the client has it.
    pub(super) fn respond(&self, request: &HeaderMap) -> Response {
        let mut response = if self.is_cached_by_client(request) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if !self.compressed.is_empty() && accepts_gzip(request) {
            ([(header::CONTENT_ENCODING, "gzip")], self.compressed.clone()).into_response()
        } else {
            self.plain.clone().into_response()
        };
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, "text/html; charset=utf-8");
        set(header::CONTENT_SECURITY_POLICY, self.policy);
        set(header::CACHE_CONTROL, "no-cache");
        set(header::VARY, "accept-encoding");
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        set(
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        );
        headers.insert(header::ETAG, self.etag.clone());
        response
    }

    /// Whether `If-None-Match` matches the page (RFC 9110, section 13.1.2).
    fn is_cached_by_client(&self, request: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = self.etag.to_str().map(opaque).unwrap_or_default();
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || opaque(tag) == own)
    }
}

/// Whether the client accepts gzip (RFC 9110, section 12.5.3).
pub(super) fn accepts_gzip(request: &HeaderMap) -> bool {
    let refused = |parameters: &str| {
        let parameters = parameters.to_ascii_lowercase();
        let quality = parameters.split(';').filter_map(|part| part.trim().strip_prefix("q=")).next();
        quality.is_some_and(|quality| quality.trim().parse::<f32>() == Ok(0.0))
    };
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = values
        .flat_map(|value| value.split(','))
        .map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, parameters)| name.trim().eq_ignore_ascii_case("gzip") && !refused(parameters))
}

/// Decompresses a gzipped file.
pub(super) fn decompressed(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(file).read_to_end(&mut plain)?;
    Ok(plain)
}

/// The media type of a file by its extension.
pub(super) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn gzip_is_accepted_or_rejected_by_name() {
        for (value, taken) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.8", true),
            ("gzip;q=0, br", false),
            ("gzip; q=0.000", false),
            ("GZIP; Q=0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(&headers(header::ACCEPT_ENCODING, value)), taken, "{value}");
        }
    }

    #[test]
    fn a_cached_page_is_not_sent_again() {
        let page = Page::new("<p>one</p>", MISSING_PAGE_POLICY).unwrap();
        let tag = page.etag.to_str().unwrap().to_owned();
        let strong = tag.trim_start_matches("W/");
        for (value, known) in [
            (tag.as_str(), true),
            (strong, true),
            (&format!("\"other\", {tag}"), true),
            ("*", true),
            ("\"other\"", false),
            ("", false),
        ] {
            assert_eq!(page.is_cached_by_client(&headers(header::IF_NONE_MATCH, value)), known, "{value}");
        }
        let other = Page::new("<p>two</p>", MISSING_PAGE_POLICY).unwrap();
        assert!(!other.is_cached_by_client(&headers(header::IF_NONE_MATCH, &tag)));
    }

    #[test]
    fn the_mode_of_a_page_is_that_of_the_server() {
        let page = Page::new(&format!("<head>{MODE}</head>"), MISSING_PAGE_POLICY).unwrap();
        for production in [true, false] {
            let shown = Page::from_file(&page.compressed, MISSING_PAGE_POLICY, production).unwrap();
            let text = String::from_utf8(shown.plain.to_vec()).unwrap();
            assert_eq!(
                (text.contains("production"), text.contains("development")),
                (production, !production)
            );
        }
    }
}
