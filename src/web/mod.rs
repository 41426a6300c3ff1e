//! The pages that are embedded in the binary, and their assets. They contain no data and need no token.
//!
//! Each page has its own Content-Security-Policy. A `meta` element tells it whether the server runs in development, where it
//! can request tokens.

mod page;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use crate::{domain::Error, http::method_not_allowed};

use self::page::{Page, accepts_gzip, content_type, decompressed};

/// Paths below `web/dist` and the files, gzipped; empty if the pages were not built.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The default policy: same origin only, no inline script or style, Trusted Types required.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'";
/// GraphiQL's policy: its editor, Monaco, sets inline styles and writes markup. Scripts are as restricted as elsewhere.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";
/// The policy of scripts that run as workers.
const WORKER_POLICY: &str =
    "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/// The pages of a server. Cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Prepared>);

struct Prepared {
    dashboard: Option<Page>,
    graphiql: Page,
    docs: Page,
}

impl Pages {
    /// Prepares the pages for a production or a development server.
    pub fn new(production: bool) -> Self {
        let load = |name, policy| stored(name).and_then(|file| Page::from_file(file, policy, production));
        let or_missing = |page: Option<Page>| page.unwrap_or_else(Page::missing);
        Self(Arc::new(Prepared {
            dashboard: load("index.html", PAGE_POLICY),
            graphiql: or_missing(load("graphiql.html", GRAPHIQL_POLICY)),
            docs: or_missing(load("apidocs.html", PAGE_POLICY)),
        }))
    }

    /// Responds with GraphiQL to a request with these headers.
    pub fn graphiql(&self, request: &HeaderMap) -> Response {
        self.0.graphiql.respond(request)
    }

    fn dashboard(&self, request: &HeaderMap) -> Response {
        match &self.0.dashboard {
            Some(page) => page.respond(request),
            None => Redirect::temporary("/graphiql").into_response(),
        }
    }
}

/// The routes of the pages.
pub fn router(pages: &Pages) -> Router {
    let (dashboard, graphiql, docs) = (pages.clone(), pages.clone(), pages.clone());
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { dashboard.dashboard(&headers) }))
        .route("/graphiql", get(|headers: HeaderMap| async move { graphiql.graphiql(&headers) }))
        .route("/docs/api", get(|headers: HeaderMap| async move { docs.0.docs.respond(&headers) }))
        .route("/assets/{*path}", get(asset))
        .method_not_allowed_fallback(async || method_not_allowed(&["GET"]))
}

async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    let Some(file) = stored(&format!("assets/{path}")) else {
        return Error::unknown_path().into_response();
    };
    let mut response = if accepts_gzip(&request) {
        ([(header::CONTENT_ENCODING, "gzip")], file).into_response()
    } else {
        match decompressed(file) {
            Ok(plain) => plain.into_response(),
            Err(error) => return Error::internal(error).into_response(),
        }
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, content_type(&path));
    set(header::CONTENT_SECURITY_POLICY, WORKER_POLICY);
    // File names contain a hash of the content.
    set(header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    set(header::VARY, "accept-encoding");
    response
}

fn stored(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(path, _)| *path == name).map(|(_, file)| *file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_page_has_one_mode_element() {
        for (path, file) in FILES.iter().filter(|(path, _)| path.ends_with(".html")) {
            let html = String::from_utf8(decompressed(file).unwrap()).unwrap();
            assert_eq!(html.matches(page::MODE).count(), 1, "{path} needs one {}", page::MODE);
        }
    }
}
