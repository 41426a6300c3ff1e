//! The parts of the OpenAPI document that belong to no operation.

use axum::http::HeaderMap;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        OpenApi,
        external_docs::ExternalDocs,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::http::ErrorBody;

use super::errors::add_transport_errors;

#[derive(utoipa::OpenApi)]
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
    components(schemas(ErrorBody)),
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
    fn modify(&self, document: &mut OpenApi) {
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

/// The document without operations.
pub(super) fn base() -> OpenApi {
    Document::openapi()
}

/// Adds the errors that the server answers before it calls a handler.
pub(super) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.post, &mut item.patch].into_iter().flatten() {
            add_transport_errors(operation, true);
        }
        for operation in [&mut item.get, &mut item.delete].into_iter().flatten() {
            add_transport_errors(operation, false);
        }
    }
}

/// Adds the URL of the page that shows the document. It must be absolute, so it depends on the request.
pub(super) fn add_page_url(document: &mut OpenApi, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = header("host") else { return };
    let scheme = if header("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    let mut page = ExternalDocs::new(format!("{scheme}://{host}/docs/api"));
    page.description = Some("This document as a page, to read and to try".to_owned());
    document.external_docs = Some(page);
}
