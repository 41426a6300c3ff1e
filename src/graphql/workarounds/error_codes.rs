//! Codes of errors that resolvers return by `?`.

use async_graphql::{Response, ServerError};

use crate::{
    domain::Error,
    graphql::errors::{VALIDATION_FAILED, bounded, from_domain, with_code},
};

/// A response of async-graphql with the code of each error; `rejected` where it was not executed.
///
/// Resolvers use `?` on the domain's [`enum@Error`]; it travels as the source of the GraphQL error up to here. This is no
/// extension of the schema: with even one, each field of each item is resolved through a chain of boxed futures.
pub(in crate::graphql) fn with_error_codes(mut response: Response, rejected: bool) -> Response {
    let code = |error: ServerError| match rejected && error.source::<Error>().is_none() {
        true => with_code(error, VALIDATION_FAILED),
        false => code(error),
    };
    response.errors = bounded(response.errors).into_iter().map(code).collect();
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
        // An error of async-graphql: an argument that does not fit its type, an unknown operation.
        None => with_code(error, "BAD_USER_INPUT"),
    }
}
