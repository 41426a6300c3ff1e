//! REST: JSON over HTTP for scripts and older clients. Each handler decodes, calls one service and encodes.
//!
//! A route is registered together with its documentation, so `/api/openapi.json` has all of them. Its `operationId` is the
//! name of the same operation in GraphQL.

mod activity;
mod analytics;
mod document;
mod endpoint;
mod errors;
mod extract;
mod feed;
mod health;
mod metrics;
mod notification;
mod state;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::MatchedPath,
    http::HeaderMap,
    routing::{any, get},
};
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::OpenApiRouter;

use crate::{domain::Error, http::method_not_allowed};

pub use self::state::Rest;

fn documented() -> (Router<Rest>, OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(document::base())
        .merge(health::router())
        .merge(activity::router())
        .merge(analytics::router())
        .merge(notification::router())
        .split_for_parts();
    document::complete(&mut document);
    (router, document)
}

/// The OpenAPI 3.1 document of every route.
pub fn openapi() -> OpenApi {
    documented().1
}

/// The routes under `/api`, and `/metrics`.
pub fn router(rest: Rest) -> Router {
    let (router, document) = documented();
    let methods: HashMap<_, _> =
        document.paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect();
    let methods = Arc::new(methods);
    let reject_method = move |path: MatchedPath| {
        // Routes outside the document take only GET.
        let methods = methods.get(path.as_str()).map_or(&["GET"][..], Vec::as_slice);
        std::future::ready(method_not_allowed(methods))
    };
    let serve_document = async move |headers: HeaderMap| {
        let mut document = document.clone();
        document::add_page_url(&mut document, &headers);
        Json(document)
    };
    router
        .route("/api/openapi.json", get(serve_document))
        .route("/metrics", get(metrics::metrics))
        .route("/api/{*path}", any(async || Error::unknown_path()))
        .method_not_allowed_fallback(reject_method)
        .with_state(rest)
}

/// The methods of a documented path.
fn methods(item: &PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method).collect()
}
