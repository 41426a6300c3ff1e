//! An operation on its way from a transport to the schema: parsed, selected, within bounds, with its viewer.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, Value, Variables,
    parser::{parse_query, types::OperationType},
};
use futures_util::{StreamExt, stream, stream::BoxStream};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    domain::Viewer,
    service::{Authenticator, Presence, Services},
};

use super::{
    PulseSchema,
    errors::{PARSE_FAILED, server_error, with_code},
    limits::{self, DocumentLimits},
    response::is_request_error,
    schema,
};

/// What the GraphQL door needs. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    schema: PulseSchema,
    auth: Authenticator,
    presence: Presence,
    document: DocumentLimits,
    transport: crate::config::Limits,
    draining: CancellationToken,
}

/// What a client sends, whatever the transport.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
}

/// An operation that is ready to run.
pub(super) struct Operation {
    request: Request,
    pub(super) kind: OperationType,
    /// Its name, where it has one.
    pub(super) name: Option<String>,
}

impl Operation {
    /// Gives the resolvers something of the transport's.
    pub(super) fn add<T: std::any::Any + Send + Sync>(&mut self, data: T) {
        self.request.data.insert(data);
    }
}

impl Api {
    /// The door to `services`. When `draining` is cancelled, its sockets are closed over a few seconds.
    pub fn new(
        services: Services,
        auth: Authenticator,
        config: &Config,
        draining: CancellationToken,
    ) -> Self {
        let document = DocumentLimits {
            depth: config.limits.depth,
            aliases: config.limits.aliases,
            root_fields: config.limits.root_fields,
            introspection: config.introspection,
        };
        let presence = services.presence.clone();
        let schema = schema(services, &config.limits);
        Self(Arc::new(Inner { schema, auth, presence, document, transport: config.limits, draining }))
    }

    pub(super) fn auth(&self) -> &Authenticator {
        &self.0.auth
    }

    pub(super) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(super) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    pub(super) fn transport(&self) -> &crate::config::Limits {
        &self.0.transport
    }

    /// Parses and checks what a client sent.
    pub(super) fn prepare(&self, params: Params) -> Result<Operation, ServerError> {
        let document = parse_query(&params.query).map_err(|error| with_code(error.into(), PARSE_FAILED))?;
        let operation = limits::select(&document, params.operation_name.as_deref())?;
        limits::check(&document, operation, &self.0.document)?;
        limits::check_variables(operation, &params.variables)?;
        let kind = operation.node.ty;
        let name = params
            .operation_name
            .clone()
            .or_else(|| document.operations.iter().find_map(|(name, _)| name.map(ToString::to_string)));
        let mut request = Request::new(params.query).variables(params.variables);
        request.operation_name = params.operation_name;
        request.set_parsed_query(document);
        Ok(Operation { request, kind, name })
    }

    /// Runs a query or mutation.
    pub(super) async fn run(&self, operation: Operation, viewer: Viewer) -> Response {
        self.0.schema.execute(operation.request.data(viewer)).await
    }
}

/// What an operation brings.
pub(super) enum Outcome {
    /// A result, with or without errors of single fields.
    Result(Response),
    /// The operation did not start; nothing follows.
    Refused(Response),
}

impl Api {
    /// Starts an operation of any kind: a subscription brings results until it is dropped, the others one.
    pub(super) fn start(&self, params: Params, viewer: Viewer) -> BoxStream<'static, Outcome> {
        let refusal =
            |error| stream::once(async { Outcome::Refused(Response::from_errors(vec![error])) }).boxed();
        match self.prepare(params) {
            Ok(operation) => self.outcomes(operation, viewer),
            Err(error) => refusal(error),
        }
    }

    /// What `operation` brings.
    pub(super) fn outcomes(&self, operation: Operation, viewer: Viewer) -> BoxStream<'static, Outcome> {
        if operation.kind == OperationType::Subscription {
            let mut first = true;
            let responses = self.0.schema.execute_stream(operation.request.data(viewer));
            return responses
                .map(move |response| {
                    // What fails before the first result was refused: a user or cursor that is not the viewer's.
                    let refused =
                        std::mem::take(&mut first) && response.data == Value::Null && response.is_err();
                    if refused { Outcome::Refused(response) } else { Outcome::Result(response) }
                })
                .boxed();
        }
        let api = self.clone();
        stream::once(async move {
            let response = api.run(operation, viewer).await;
            if is_request_error(&response) { Outcome::Refused(response) } else { Outcome::Result(response) }
        })
        .boxed()
    }
}

/// The response of a request that was refused before it ran.
pub(super) fn refused(error: crate::domain::Error) -> Response {
    Response::from_errors(vec![server_error(error)])
}
