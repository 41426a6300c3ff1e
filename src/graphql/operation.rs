//! An operation on its way from a transport to the schema: parsed, selected, within bounds, with its viewer.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, ValidationMode, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    domain::Viewer,
    service::{Authenticator, Presence, Services},
    telemetry::Metrics,
};

use super::{
    EventSchema, PublicSchema,
    documents::Documents,
    errors::{coded, server_error},
    event_schema,
    limits::{self, DocumentLimits},
    public_schema,
    response::is_request_error,
    root_fields,
    validated::{Shape, Validated},
};

/// What the GraphQL door needs. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    public: PublicSchema,
    /// The same, for operations that are known to be valid.
    trusting: PublicSchema,
    validated: Validated,
    events: EventSchema,
    auth: Authenticator,
    presence: Presence,
    documents: Documents,
    bounds: DocumentLimits,
    transport: crate::config::Limits,
    draining: CancellationToken,
    metrics: Metrics,
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
    pub(super) kind: OperationType,
    /// Its name, where it has one.
    pub(super) name: Option<String>,
    /// What the client sent.
    pub(super) params: Params,
    pub(super) document: Arc<ExecutableDocument>,
}

impl Operation {
    /// The operation as async-graphql takes it.
    fn into_request(self) -> Request {
        let mut document = Arc::unwrap_or_clone(self.document);
        root_fields::merge(&mut document, self.params.operation_name.as_deref());
        let mut request = Request::new(self.params.query).variables(self.params.variables);
        request.operation_name = self.params.operation_name;
        request.set_parsed_query(document);
        request
    }
}

impl Api {
    /// The door to `services`. When `draining` is cancelled, its sockets are closed over a few seconds.
    pub fn new(
        services: Services,
        auth: Authenticator,
        config: &Config,
        draining: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        let bounds = DocumentLimits {
            depth: config.limits.depth,
            aliases: config.limits.aliases,
            root_fields: config.limits.root_fields,
            introspection: config.introspection,
        };
        let presence = services.presence.clone();
        let public = public_schema(services.clone(), config, ValidationMode::Strict);
        let trusting = public_schema(services.clone(), config, ValidationMode::Fast);
        let events = event_schema(services);
        Self(Arc::new(Inner {
            public,
            trusting,
            validated: Validated::default(),
            events,
            auth,
            presence,
            documents: Documents::default(),
            bounds,
            transport: config.limits,
            draining,
            metrics,
        }))
    }

    pub(super) fn auth(&self) -> &Authenticator {
        &self.0.auth
    }

    pub(super) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(super) fn documents(&self) -> &Documents {
        &self.0.documents
    }

    pub(super) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn transport(&self) -> &crate::config::Limits {
        &self.0.transport
    }

    /// Parses and checks what a client sent.
    pub(super) fn prepare(&self, params: Params) -> Result<Operation, ServerError> {
        let document = self.0.documents.parse(&params.query)?;
        let operation = limits::select(&document, params.operation_name.as_deref())?;
        limits::check(&document, operation, &self.0.bounds)?;
        limits::check_variables(operation, &params.variables)?;
        let kind = operation.node.ty;
        let name = params
            .operation_name
            .clone()
            .or_else(|| document.operations.iter().find_map(|(name, _)| name.map(ToString::to_string)));
        Ok(Operation { kind, name, params, document })
    }

    /// Runs a query or mutation.
    pub(super) async fn run(&self, operation: Operation, viewer: Viewer) -> Response {
        let shape = Shape::of(&operation.params);
        let known = self.0.validated.knows(shape);
        let response = self.schema(known).execute(operation.into_request().data(viewer).data(shape)).await;
        if !known && !is_request_error(&response) {
            self.0.validated.learn(shape);
        }
        coded(response)
    }

    /// Validates a subscription; it is not started.
    pub(super) async fn validate(&self, operation: &Operation) -> Result<(), Vec<ServerError>> {
        let shape = Shape::of(&operation.params);
        let known = self.0.validated.knows(shape);
        let Params { query, operation_name, variables } = &operation.params;
        let mut request = Request::new(query).variables(variables.clone());
        request.operation_name.clone_from(operation_name);
        request.set_parsed_query(ExecutableDocument::clone(&operation.document));
        match self.schema(known).execute_stream(request).next().await {
            Some(response) if response.is_err() => Err(coded(response).errors),
            _ => {
                self.0.validated.learn(shape);
                Ok(())
            }
        }
    }

    fn schema(&self, known: bool) -> &PublicSchema {
        if known { &self.0.trusting } else { &self.0.public }
    }

    /// Executes what a subscription selects, as a query.
    pub(super) async fn execute_event(&self, request: Request) -> Response {
        coded(self.0.events.execute(request).await)
    }
}

/// The response of a request that was refused before it ran.
pub(super) fn refused(error: crate::domain::Error) -> Response {
    Response::from_errors(vec![server_error(error)])
}
