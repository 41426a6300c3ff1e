//! Errors as HTTP responses: status, headers and JSON body.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{domain::Error, telemetry};

/// An error as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// One sentence for people.
    #[schema(example = "Title must have 1 to 200 characters.")]
    pub error: String,
    /// The stable code that clients branch on.
    #[schema(example = "BAD_USER_INPUT")]
    pub code: &'static str,
    /// The field at fault, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "title")]
    pub field: Option<String>,
}

impl From<&Error> for ErrorBody {
    fn from(error: &Error) -> Self {
        Self { error: error.to_string(), code: error.code(), field: error.at_field().map(str::to_owned) }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        telemetry::log_failure(&self);
        respond(&self, Json(ErrorBody::from(&self)).into_response())
    }
}

/// The error of a method that is not one of `methods`; GET implies HEAD. The router adds the `Allow` header.
pub fn method_not_allowed(methods: &[&str]) -> Error {
    let named: Vec<_> =
        methods.iter().map(|method| if *method == "GET" { "GET, HEAD" } else { method }).collect();
    Error::MethodNotAllowed(format!("Method not allowed. Allowed: {}.", named.join(", ")).into())
}

/// Sets the status and the headers of `error` on a response.
pub fn respond(error: &Error, mut response: Response) -> Response {
    *response.status_mut() = status(error);
    let headers = response.headers_mut();
    if let Some(pause) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs().max(1)));
    }
    if matches!(error, Error::Unauthenticated(_)) {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The status of each error.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::BadUserInput { .. } => StatusCode::BAD_REQUEST,
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Error::RequestTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::CursorExpired { .. } => StatusCode::GONE,
        Error::PayloadTooLarge { .. } | Error::AnswerTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
