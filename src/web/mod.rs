//! The pages that the binary carries: GraphiQL, and what it is made of. They hold no data and need no token.

use std::io::Read;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use flate2::read::GzDecoder;

use crate::domain::Error;

/// Path below `web/dist`, and the file compressed by gzip; empty where Node.js was not there at the build.
static PAGES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// What a page may load: only what comes from here. Monaco, the editor of GraphiQL, styles its lines inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; \
     object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

/// Shown where the pages were not built.
const MISSING: &str = "<!doctype html><html lang=\"en\"><title>Pulse</title><h1>Pulse is running</h1><p>This binary was \
     built without its pages, because Node.js was not there. Install Node.js 20.19 or newer and build again: <code>cargo \
     run --release</code>. The API does not need them: <code>/graphql</code>, <code>/api</code>.</p></html>";

/// The routes of the pages.
pub fn router() -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/graphiql", get(|headers: HeaderMap| async move { page("graphiql.html", &headers) }))
        .route("/assets/{*path}", get(asset))
}

/// GraphiQL, for a client that takes gzip, as every browser does.
pub fn graphiql() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    page("graphiql.html", &headers)
}

fn page(name: &str, headers: &HeaderMap) -> Response {
    let mut response = file(name, headers).unwrap_or_else(|| {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        (StatusCode::OK, [(header::CONTENT_TYPE, html)], MISSING).into_response()
    });
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // Names hold a hash of the content.
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    match file(&format!("assets/{path}"), &headers) {
        Some(mut response) => {
            response.headers_mut().insert(header::CACHE_CONTROL, forever);
            response
        }
        None => Error::NotFound("file").into_response(),
    }
}

fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let (_, compressed) = PAGES.iter().find(|(path, _)| *path == name)?;
    let accepts =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if accepts.contains("gzip") {
        ([(header::CONTENT_ENCODING, "gzip")], *compressed).into_response()
    } else {
        let mut plain = Vec::new();
        GzDecoder::new(*compressed).read_to_end(&mut plain).ok()?;
        plain.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
