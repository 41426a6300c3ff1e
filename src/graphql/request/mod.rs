//! Prepares operations: from the text of a request to a plan that async-graphql executes.
//!
//! A document is scanned ([`lexical`]), parsed by apollo-compiler, measured ([`limits`]) and validated once per text
//! ([`rules`]); valid ones are cached ([`document`]). Each request has its variables coerced ([`variables`]) and gets a
//! plan ([`workarounds::plan`](super::workarounds::plan)). Each step is bounded before the next one runs, so no step walks
//! more than the bounds allow.

mod document;
mod lexical;
mod limits;
mod rules;
mod variables;

use std::sync::Arc;

use async_graphql::{Request, ServerError, Variables, parser::types::OperationType};

use super::{errors::with_code, type_system::TypeSystem, workarounds::plan::Plan};

use self::document::DocumentCache;

pub(super) use self::limits::OperationLimits;

/// The parameters of a request, by any transport.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
    /// Whether a hash of the text came, in place of it or beside it: `extensions.persistedQuery`.
    pub(super) persisted: bool,
}

/// An operation that is ready to be executed.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) plan: Arc<Plan>,
    /// Coerced: the declared ones alone, with their defaults.
    pub(super) variables: Variables,
}

impl Operation {
    pub(super) fn kind(&self) -> OperationType {
        self.plan.kind
    }

    /// The operation as async-graphql takes it.
    pub(super) fn into_request(self) -> (Arc<Plan>, Request) {
        let mut request = Request::new("").variables(self.variables);
        request.set_parsed_query(self.plan.document.clone());
        (self.plan, request)
    }
}

/// Prepares operations of one schema. Valid documents and their plans are kept.
pub(super) struct Preparer {
    types: TypeSystem,
    limits: OperationLimits,
    documents: DocumentCache,
}

impl Preparer {
    /// Prepares operations of the schema that `sdl` describes.
    pub(super) fn new(sdl: &str, limits: OperationLimits) -> Self {
        Self {
            types: TypeSystem::new(sdl, limits.introspection),
            limits,
            documents: DocumentCache::default(),
        }
    }

    /// The operation that `params` ask for.
    ///
    /// # Errors
    /// GRAPHQL_PARSE_FAILED or GRAPHQL_VALIDATION_FAILED with its place: a text that is no document, one that does not fit
    /// the schema or exceeds a bound, an operation that is not there, a variable that does not fit. At most
    /// [`MAX_ERRORS`](super::errors::MAX_ERRORS).
    pub(super) fn prepare(&self, params: Params) -> Result<Operation, Vec<ServerError>> {
        let Params { query, operation_name, variables, persisted } = params;
        if persisted && query.is_empty() {
            return Err(vec![persisted_query_not_supported()]);
        }
        let prepared = self.documents.get_or_compile(&self.types, &self.limits, &query);
        let prepared = prepared.and_then(|(text, document)| {
            let prepared = document.prepare(&self.types, &text, operation_name.as_deref(), variables);
            prepared.map_err(|rejection| vec![rejection])
        });
        match prepared {
            Ok((plan, variables)) => Ok(Operation { plan, variables }),
            Err(rejections) => {
                Err(rejections.into_iter().map(|rejection| rejection.into_error(&query)).collect())
            }
        }
    }
}

/// Asks the client for the text. Clients look for this message and this code:
/// <https://www.apollographql.com/docs/apollo-server/performance/apq>
fn persisted_query_not_supported() -> ServerError {
    with_code(ServerError::new("PersistedQueryNotSupported", None), "PERSISTED_QUERY_NOT_SUPPORTED")
}
