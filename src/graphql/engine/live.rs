//! What an operation brings to a transport that takes results one by one.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, ServerError, Variables, parser::types::OperationType};
use futures_util::{FutureExt, StreamExt, future, future::Either, stream, stream::BoxStream};

use crate::{
    domain::{Cursor, Error, Viewer},
    graphql::{
        errors::server_error,
        request::{Operation, Params, Plan},
        schema::{HeldMemory, Item, Items, LastEventId, Phase, PlanKey},
    },
};

use super::{Api, Execution};

/// What an operation brings.
pub(in crate::graphql) enum Outcome {
    /// A result, with or without errors of single fields.
    Result(Encoded),
    /// The operation did not start, or a subscription cannot go on; nothing follows.
    Refused(Vec<ServerError>),
}

/// A result as JSON.
pub(in crate::graphql) struct Encoded {
    pub(in crate::graphql) payload: Arc<str>,
    /// Where a subscription goes on from after it.
    pub(in crate::graphql) cursor: Option<Cursor>,
    /// To be held until it is sent.
    pub(in crate::graphql) held: HeldMemory,
}

impl Api {
    /// Starts an operation of any kind: a subscription brings results until it is dropped, the others one.
    pub(in crate::graphql) fn start(&self, params: Params, viewer: Viewer) -> BoxStream<'static, Outcome> {
        match self.prepare(params) {
            Ok(operation) => self.outcomes(operation, viewer, None),
            Err(errors) => refused(errors),
        }
    }

    /// What `operation` brings; a subscription after `last`, where its transport saw an event before.
    pub(in crate::graphql) fn outcomes(
        &self,
        operation: Operation,
        viewer: Viewer,
        last: Option<LastEventId>,
    ) -> BoxStream<'static, Outcome> {
        let api = self.clone();
        let open = api.metrics().operation();
        if operation.kind() == OperationType::Subscription {
            // Boxed so that the start future is freed before the stream goes idle.
            let start = async move { api.subscribe(operation, viewer, last).await }.boxed();
            // The count goes with the stream.
            return start.flatten_stream().inspect(move |_| _ = &open).boxed();
        }
        let run = async move {
            let _open = open;
            match api.in_time(api.run(operation, viewer)).await {
                Ok(Execution::Executed(json, held)) => {
                    Outcome::Result(Encoded { payload: json.into(), cursor: None, held })
                }
                Ok(Execution::Rejected(errors)) => Outcome::Refused(errors),
                Err(error) => Outcome::Refused(vec![error]),
            }
        };
        stream::once(run).boxed()
    }

    /// What `work` brings within the time that a request has; what is written by then goes on.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ServerError> {
        let limit = self.transport().request_timeout;
        let outcome = tokio::time::timeout(limit, work).await;
        outcome.map_err(|_| server_error(Error::unavailable("The operation took too long.")))
    }

    async fn subscribe(
        self,
        operation: Operation,
        viewer: Viewer,
        last: Option<LastEventId>,
    ) -> BoxStream<'static, Outcome> {
        let live = LiveOperation::new(operation, viewer);
        let items = match self.in_time(live.start(&self, last)).await {
            Ok(Ok(items)) => items,
            Ok(Err(errors)) => return refused(errors),
            Err(error) => return refused(vec![error]),
        };
        let live = Arc::new(live);
        let outcomes = items.then(move |(item, shared)| {
            if let Item::Ended(error) = item {
                return Either::Left(future::ready(Outcome::Refused(vec![server_error(error)])));
            }
            let cursor = item.cursor();
            let outcome =
                move |payload| Outcome::Result(Encoded { payload, cursor, held: HeldMemory::default() });
            // For all but the first subscriber of an event it has been made.
            if let Some(payload) = shared.as_ref().and_then(|shared| shared.get(live.key.0)) {
                return Either::Left(future::ready(outcome(payload)));
            }
            let (api, live) = (self.clone(), live.clone());
            // In a box, so that whoever waits keeps no room for an execution.
            Either::Right(Box::pin(async move {
                let encode = live.encode(&api, item);
                outcome(match shared {
                    Some(shared) => shared.get_or_encode(live.key.0, encode).await,
                    None => encode.await,
                })
            }))
        });
        outcomes.boxed()
    }
}

/// The only outcome of an operation that does not start.
pub(in crate::graphql) fn refused(errors: Vec<ServerError>) -> BoxStream<'static, Outcome> {
    stream::once(future::ready(Outcome::Refused(errors))).boxed()
}

/// A subscription's operation, as the event schema executes it on each item.
struct LiveOperation {
    plan: Arc<Plan>,
    variables: Variables,
    viewer: Viewer,
    /// The same for all who select the same.
    key: PlanKey,
}

impl LiveOperation {
    fn new(operation: Operation, viewer: Viewer) -> Self {
        let key = operation.plan_key();
        let Operation { plan, variables } = operation;
        Self { plan, variables, viewer, key }
    }

    fn request(&self, phase: Phase) -> Request {
        let variables = self.variables.clone();
        let mut request = Request::new("").variables(variables).data(self.viewer.clone()).data(phase);
        request.set_parsed_query(self.plan.document.clone());
        request
    }

    /// Resolves the arguments: the items, or why there are none.
    async fn start(&self, api: &Api, last: Option<LastEventId>) -> Result<Items, Vec<ServerError>> {
        let place = Arc::new(Mutex::new(None));
        let mut request = self.request(Phase::Start(place.clone()));
        if let Some(last) = last {
            request = request.data(last);
        }
        let response = api.execute_event(request, &self.plan).await;
        let items = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        items.ok_or(response.errors)
    }

    async fn encode(&self, api: &Api, item: Item) -> Arc<str> {
        let response = api.execute_event(self.request(Phase::Encode(item)), &self.plan).await;
        api.encode(&response).into()
    }
}
