//! The one mapping of errors to GraphQL: `extensions.code`, `extensions.field`, and a message that clients may see.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError, ServerResult, ValidationResult, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextSubscribe,
        NextValidation,
    },
    parser::types::ExecutableDocument,
};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{domain::Error, telemetry};

/// A document that cannot be read.
pub(super) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// A document that does not fit the schema or is over a limit.
pub(super) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// Gives every error of a schema its code.
///
/// Resolvers use `?` on the domain's [`enum@Error`]; it travels as the source of the GraphQL error up to here.
pub(super) struct ErrorCodes;

impl ExtensionFactory for ErrorCodes {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for ErrorCodes {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        coded(next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(coded).boxed()
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables).await.map_err(|error| with_code(error, PARSE_FAILED))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let errors = match next.run(ctx).await {
            Ok(result) => return Ok(result),
            Err(errors) => errors,
        };
        Err(errors.into_iter().map(|error| with_code(error, VALIDATION_FAILED)).collect())
    }
}

fn coded(mut response: Response) -> Response {
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
