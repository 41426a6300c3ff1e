//! The one mapping of errors to GraphQL: `extensions.code`, `extensions.field`, and a message that clients may see.

use async_graphql::{Response, ServerError};

use crate::{domain::Error, telemetry};

/// A document that cannot be read.
pub(super) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// A document that does not fit the schema or is over a limit.
pub(super) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// Errors of one answer.
const MAX_ERRORS: usize = super::request::MAX_ERRORS;
/// Characters of a message; the rest is cut.
const MAX_MESSAGE_CHARS: usize = 400;

/// A response of async-graphql with the code of each error; `rejected` where it was not executed.
///
/// Resolvers use `?` on the domain's [`enum@Error`]; it travels as the source of the GraphQL error up to here. This is no
/// extension of the schema: with even one, each field of each item is resolved through a chain of boxed futures.
pub(super) fn coded(mut response: Response, rejected: bool) -> Response {
    let code = |error: ServerError| match rejected && error.source::<Error>().is_none() {
        true => with_code(error, VALIDATION_FAILED),
        false => code(error),
    };
    response.errors = bounded(response.errors).into_iter().map(code).collect();
    response
}

/// The first errors, each with a message of one line.
pub(super) fn bounded(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.truncate(MAX_ERRORS);
    for error in &mut errors {
        cut(&mut error.message);
    }
    errors
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

/// Cuts a message to one line of at most [`MAX_MESSAGE_CHARS`].
pub(super) fn cut(message: &mut String) {
    let line = message.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(MAX_MESSAGE_CHARS).map_or(line.len(), |(end, _)| end);
    if end < message.len() {
        message.truncate(end);
        message.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_their_messages_are_bounded() {
        let error = |message: &str| ServerError::new(message, None);
        let mut errors = vec![error("one\ntwo"), error(&"é".repeat(401)), error(&"x".repeat(400))];
        errors.extend((0..50).map(|_| error("more")));
        let bounded = bounded(errors);
        assert_eq!(bounded.len(), 20);
        assert_eq!(bounded[0].message, "one…");
        assert_eq!(bounded[1].message, "é".repeat(400) + "…");
        assert_eq!(bounded[2].message, "x".repeat(400));
    }
}
