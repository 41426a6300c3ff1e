//! The REST door: the documented routes for curl and old code. Each decodes, calls one service, encodes.
//!
//! Routes are registered together with their documentation, so that `/api/openapi.json` cannot leave one out. Each has
//! the `operationId` that the same operation has as a field in GraphQL.

mod activities;
mod analytics;
mod decode;
mod health;
mod metrics;
mod notifications;
mod shapes;

use std::{collections::HashMap, sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{FromRef, MatchedPath},
    http::HeaderMap,
    routing::get,
};
use tokio_util::sync::CancellationToken;
use utoipa::{
    Modify, OpenApi,
    openapi::external_docs::ExternalDocs,
    openapi::{
        ContentBuilder, Header, Object, PathItem, Ref, ResponseBuilder, Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    domain::Error,
    http::method_not_allowed,
    service::{Authenticator, Services},
    telemetry::Metrics,
};

/// What the REST door needs. Cheap to clone.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    services: Services,
    auth: Authenticator,
    body_bytes: usize,
    started: Instant,
    draining: CancellationToken,
    metrics: Metrics,
}

impl Rest {
    /// The door to `services`; not ready any more once `draining` is cancelled.
    pub fn new(
        services: Services,
        auth: Authenticator,
        body_bytes: usize,
        draining: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        Self(Arc::new(Inner { services, auth, body_bytes, started: Instant::now(), draining, metrics }))
    }

    fn services(&self) -> &Services {
        &self.0.services
    }
}

impl FromRef<Rest> for Authenticator {
    fn from_ref(rest: &Rest) -> Self {
        rest.0.auth.clone()
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pulse",
        description = "Activities, analytics and notifications of the users of a learning product. An error has one \
                       sentence, a stable code and, where one field is at fault, its name. The page /docs/api of the server \
                       shows this document, to read and to try."
    ),
    servers((url = "/", description = "The server that answers with this document")),
    modifiers(&Bearer),
    security(("bearer" = [])),
    tags(
        (name = "health", description = "Whether the server is there"),
        (name = "activities", description = "What users did"),
        (name = "analytics", description = "What users have reached, in numbers"),
        (name = "notifications", description = "What users are told")
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "HS256 with JWT_SECRET. In development a request without a token acts as a service.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Adds what every operation may answer.
fn add_common_responses(document: &mut utoipa::openapi::OpenApi) {
    let mut retry_after = Header::new(Object::with_type(Type::Integer));
    retry_after.description = Some("How many seconds to wait before the next attempt".to_owned());
    let error = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    let failure = |description: &str| {
        ResponseBuilder::new().description(description).content("application/json", error.clone()).build()
    };
    let late = failure("The request body did not arrive in time.");
    let unknown_encoding = failure("The Transfer-Encoding of the request body is not supported.");
    let limited = ResponseBuilder::new()
        .description("Too many requests. Try again after the time in Retry-After.")
        .content("application/json", error.clone())
        .header("Retry-After", retry_after)
        .build();
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.patch].into_iter().flatten() {
            operation.responses.responses.insert("408".to_owned(), late.clone().into());
            operation.responses.responses.insert("501".to_owned(), unknown_encoding.clone().into());
        }
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("429".to_owned(), limited.clone().into());
        }
    }
}

fn documented() -> OpenApiRouter<Rest> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        // One path, two meanings: a user's feed to read, an item of a feed to delete.
        .routes(routes!(activities::list, activities::delete))
        .routes(routes!(activities::unread_count))
        .routes(routes!(activities::create))
        .routes(routes!(activities::mark_read))
        .routes(routes!(activities::mark_all_read))
        .routes(routes!(analytics::leaderboard))
        .routes(routes!(analytics::get))
        .routes(routes!(analytics::init))
        .routes(routes!(analytics::learning_hours))
        .routes(routes!(analytics::streak))
        .routes(routes!(analytics::increment))
        .routes(routes!(analytics::weekly))
        // One path, two meanings: a user's feed to read, an item of a feed to delete.
        .routes(routes!(notifications::list, notifications::delete))
        .routes(routes!(notifications::unread_count))
        .routes(routes!(notifications::create))
        .routes(routes!(notifications::mark_read))
        .routes(routes!(notifications::mark_all_read))
        .routes(routes!(notifications::clear))
}

/// The documented routes, and their document.
fn documented_in_full() -> (Router<Rest>, utoipa::openapi::OpenApi) {
    let (router, mut document) = documented().split_for_parts();
    add_common_responses(&mut document);
    (router, document)
}

/// The OpenAPI 3.1 document of every route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented_in_full().1
}

/// The routes under `/api`.
pub fn router(rest: Rest) -> Router {
    let (router, document) = documented_in_full();
    let methods: HashMap<_, _> =
        document.paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect();
    let methods = Arc::new(methods);
    let refuse = move |path: MatchedPath| {
        // What the document does not have is there to be read.
        let methods = methods.get(path.as_str()).map_or(&["GET"][..], Vec::as_slice);
        std::future::ready(method_not_allowed(methods))
    };
    router
        .route(
            "/api/openapi.json",
            get(move |headers: HeaderMap| async move { answer_document(document, &headers) }),
        )
        .route("/metrics", get(metrics::metrics))
        .route("/api/{*path}", axum::routing::any(unknown))
        .method_not_allowed_fallback(refuse)
        .with_state(rest)
}

/// The document, with the address of its page: that has to be absolute, and only the request knows it.
fn answer_document(
    mut document: utoipa::openapi::OpenApi,
    headers: &HeaderMap,
) -> Json<utoipa::openapi::OpenApi> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(host) = text("host") {
        let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
        let mut page = ExternalDocs::new(format!("{scheme}://{host}/docs/api"));
        page.description = Some("This document as a page, to read and to try".to_owned());
        document.external_docs = Some(page);
    }
    Json(document)
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

async fn unknown() -> Error {
    Error::unknown_path()
}
