//! The error responses of the OpenAPI document, in groups that operations name.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::{
    IntoResponses,
    openapi::{Content, Header, Object, Ref, RefOr, Response, ResponseBuilder, Type, path::Operation},
};

const BAD_USER_INPUT: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "A field cannot be used");
const UNAUTHENTICATED: (StatusCode, &str) =
    (StatusCode::UNAUTHORIZED, "No token, or not one that can be trusted");
const FORBIDDEN: (StatusCode, &str) = (StatusCode::FORBIDDEN, "Another user's");
const NOT_FOUND: (StatusCode, &str) = (StatusCode::NOT_FOUND, "No such item, or another user's");
const REQUEST_TIMEOUT: (StatusCode, &str) =
    (StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time.");
const PAYLOAD_TOO_LARGE: (StatusCode, &str) = (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large");
const UNSUPPORTED_MEDIA_TYPE: (StatusCode, &str) =
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not application/json");
const RATE_LIMITED: (StatusCode, &str) =
    (StatusCode::TOO_MANY_REQUESTS, "Too many requests. Try again after the time in Retry-After.");
const NOT_IMPLEMENTED: (StatusCode, &str) =
    (StatusCode::NOT_IMPLEMENTED, "The Transfer-Encoding of the request body is not supported.");
const UNAVAILABLE: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "Try again shortly");

/// Errors of an operation that any authenticated caller may perform.
pub(super) struct CallerErrors;

/// Errors of an operation on the data of one user.
pub(super) struct UserErrors;

/// Errors of an operation on one item of a feed.
pub(super) struct ItemErrors;

/// Errors of an operation that reads a JSON body.
pub(super) struct BodyErrors;

impl IntoResponses for CallerErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([BAD_USER_INPUT, UNAUTHENTICATED, UNAVAILABLE])
    }
}

impl IntoResponses for UserErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([BAD_USER_INPUT, UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE])
    }
}

impl IntoResponses for ItemErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([BAD_USER_INPUT, UNAUTHENTICATED, NOT_FOUND, UNAVAILABLE])
    }
}

impl IntoResponses for BodyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE])
    }
}

/// Adds the errors of the connection and the request body, which occur before a handler runs.
pub(super) fn add_transport_errors(operation: &mut Operation, may_have_body: bool) {
    let all = &mut operation.responses.responses;
    all.extend(responses([RATE_LIMITED]));
    if may_have_body {
        all.extend(responses([REQUEST_TIMEOUT, NOT_IMPLEMENTED]));
    }
}

fn responses<const N: usize>(errors: [(StatusCode, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let document = |(status, description): (StatusCode, &str)| {
        let error = Content::new(Some(Ref::from_schema_name("ErrorBody")));
        let mut response = ResponseBuilder::new().description(description).content("application/json", error);
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response = response.header("Retry-After", retry_after());
        }
        (status.as_str().to_owned(), response.build().into())
    };
    errors.map(document).into()
}

fn retry_after() -> Header {
    let mut header = Header::new(Object::with_type(Type::Integer));
    header.description = Some("How many seconds to wait before the next attempt".to_owned());
    header
}
