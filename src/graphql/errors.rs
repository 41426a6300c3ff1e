//! The one mapping of errors to GraphQL: `extensions.code`, `extensions.field`, and a message that clients may see.

use async_graphql::{Response, ServerError};

use crate::{domain::Error, telemetry};

use super::response::is_request_error;

/// A document that cannot be read.
pub(super) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// A document that does not fit the schema or is over a limit.
pub(super) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// A response of async-graphql with the code of each error.
///
/// Resolvers use `?` on the domain's [`enum@Error`]; it travels as the source of the GraphQL error up to here. This is no
/// extension of the schema: with even one, each field of each item is resolved through a chain of boxed futures.
pub(super) fn coded(mut response: Response) -> Response {
    let refused = is_request_error(&response);
    let code = |error: ServerError| match refused && error.source::<Error>().is_none() {
        true => with_code(error, VALIDATION_FAILED),
        false => code(error),
    };
    response.errors = response.errors.into_iter().map(code).collect();
    response
}

fn code(error: ServerError) -> ServerError {
    if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
        return error;
    }
    match error.source::<Error>().cloned() {
        Some(source) => {
            let located = ServerError { source: None, ..error };
            from_domain(source, located)
        }
        // What is left is async-graphql's own: an argument that does not fit its type, an unknown operation.
        None => with_code(error, "BAD_USER_INPUT"),
    }
}

/// The GraphQL error of a domain error, at no place of the document.
pub(super) fn server_error(error: Error) -> ServerError {
    from_domain(error, ServerError::new("", None))
}

fn from_domain(error: Error, located: ServerError) -> ServerError {
    telemetry::log_failure(&error);
    let field = error.at_field();
    let mut coded = with_code(ServerError { message: error.to_string(), ..located }, error.code());
    if let Some(field) = field {
        coded.extensions.get_or_insert_default().set("field", field);
    }
    coded
}

/// The error with `code`; one that has a code keeps it.
pub(super) fn with_code(mut error: ServerError, code: &str) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    error
}
