//! What an operation brings to a transport that takes results one by one.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    Request, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use futures_util::{FutureExt, StreamExt, future, future::Either, stream, stream::BoxStream};

use crate::domain::{Cursor, Viewer};

use super::{
    digest::digest,
    documents::Documents,
    limits,
    operation::{Api, Operation, Params},
    response::{is_request_error, to_json},
    streaming::LastEventId,
    subscription::{Item, Items, Phase},
};

/// What an operation brings.
pub(super) enum Outcome {
    /// A result, with or without errors of single fields.
    Result(Encoded),
    /// The operation did not start; nothing follows.
    Refused(Vec<ServerError>),
}

/// A result as JSON.
pub(super) struct Encoded {
    pub(super) payload: Arc<str>,
    /// Where a subscription goes on from after it.
    pub(super) cursor: Option<Cursor>,
}

impl Api {
    /// Starts an operation of any kind: a subscription brings results until it is dropped, the others one.
    pub(super) fn start(&self, params: Params, viewer: Viewer) -> BoxStream<'static, Outcome> {
        match self.prepare(params) {
            Ok(operation) => self.outcomes(operation, viewer, None),
            Err(error) => refused(vec![error]),
        }
    }

    /// What `operation` brings; a subscription after `last`, where its transport saw an event before.
    pub(super) fn outcomes(
        &self,
        operation: Operation,
        viewer: Viewer,
        last: Option<LastEventId>,
    ) -> BoxStream<'static, Outcome> {
        let api = self.clone();
        let open = api.metrics().operation();
        if operation.kind == OperationType::Subscription {
            // What starting takes is in a box of its own, which is gone when events are waited for.
            let start = async move { api.subscribe(operation, viewer, last).await }.boxed();
            // The count goes with the stream.
            return start.flatten_stream().inspect(move |_| _ = &open).boxed();
        }
        let run = async move {
            let _open = open;
            let response = api.run(operation, viewer).await;
            if is_request_error(&response) {
                return Outcome::Refused(response.errors);
            }
            Outcome::Result(Encoded { payload: to_json(&response).into(), cursor: None })
        };
        stream::once(run).boxed()
    }

    async fn subscribe(
        self,
        operation: Operation,
        viewer: Viewer,
        last: Option<LastEventId>,
    ) -> BoxStream<'static, Outcome> {
        if let Err(errors) = self.validate(&operation).await {
            return refused(errors);
        }
        let selection = Selection::of(operation, viewer);
        let items = match selection.start(&self, last).await {
            Ok(items) => items,
            Err(errors) => return refused(errors),
        };
        let selection = Arc::new(selection);
        let outcomes = items.then(move |(item, shared)| {
            let cursor = item.cursor();
            let outcome = move |payload| Outcome::Result(Encoded { payload, cursor });
            // For all but the first subscriber of an event it has been made.
            if let Some(payload) = shared.as_ref().and_then(|shared| shared.get(selection.key)) {
                return Either::Left(future::ready(outcome(payload)));
            }
            let (api, selection) = (self.clone(), selection.clone());
            // In a box, so that whoever waits keeps no room for an execution.
            Either::Right(Box::pin(async move {
                let encode = selection.encode(&api, item);
                outcome(match shared {
                    Some(shared) => shared.get_or_encode(selection.key, encode).await,
                    None => encode.await,
                })
            }))
        });
        outcomes.boxed()
    }
}

/// The only outcome of an operation that does not start.
pub(super) fn refused(errors: Vec<ServerError>) -> BoxStream<'static, Outcome> {
    stream::once(future::ready(Outcome::Refused(errors))).boxed()
}

/// A subscription's operation, as the event schema executes it on each item.
struct Selection {
    params: Params,
    viewer: Viewer,
    /// The same for the same operation with the same variables.
    key: u128,
}

impl Selection {
    fn of(operation: Operation, viewer: Viewer) -> Self {
        let Operation { params, .. } = operation;
        Self { key: key(&params), params, viewer }
    }

    /// The document with this operation alone, as a query: the event schema has what can be followed as its queries.
    /// A subscription keeps the text, because the document would take many times its room.
    fn document(&self, documents: &Documents) -> ExecutableDocument {
        let document = documents.parse(&self.params.query).ok();
        let name = self.params.operation_name.as_deref();
        let selected = document.as_deref().and_then(|document| limits::select(document, name).ok());
        let operations = match selected {
            Some(operation) => {
                let mut operation = operation.clone();
                operation.node.ty = OperationType::Query;
                DocumentOperations::Single(operation)
            }
            None => DocumentOperations::Multiple(Default::default()),
        };
        let fragments = document.as_ref().map(|document| document.fragments.clone());
        ExecutableDocument { operations, fragments: fragments.unwrap_or_default() }
    }

    fn request(&self, documents: &Documents, phase: Phase) -> Request {
        let variables = self.params.variables.clone();
        let mut request = Request::new("").variables(variables).data(self.viewer.clone()).data(phase);
        request.set_parsed_query(self.document(documents));
        request
    }

    /// Resolves the arguments: the items, or why there are none.
    async fn start(&self, api: &Api, last: Option<LastEventId>) -> Result<Items, Vec<ServerError>> {
        let place = Arc::new(Mutex::new(None));
        let mut request = self.request(api.documents(), Phase::Start(place.clone()));
        if let Some(last) = last {
            request = request.data(last);
        }
        let response = api.execute_event(request).await;
        let items = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        items.ok_or(response.errors)
    }

    async fn encode(&self, api: &Api, item: Item) -> Arc<str> {
        let request = self.request(api.documents(), Phase::Encode(item));
        to_json(&api.execute_event(request).await).into()
    }
}

/// By which operations are told apart.
fn key(params: &Params) -> u128 {
    let variables = serde_json::to_string(&params.variables).unwrap_or_default();
    digest(|hasher| (&params.query, &params.operation_name, &variables).hash(hasher))
}
