//! The results of an operation, for transports that send them one by one.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, ServerError, Variables, parser::types::OperationType};
use futures_util::{FutureExt, StreamExt, future, future::Either, stream, stream::BoxStream};

use crate::{
    domain::{Cursor, Error, Viewer},
    graphql::{
        errors::server_error,
        request::{Operation, Params},
        schema::{HeldMemory, Item, Items, LastEventId, Phase, PlanKey},
        workarounds::plan::Plan,
    },
};

use super::{Engine, Execution};

/// An item of the results of an operation.
pub(in crate::graphql) enum Outcome {
    /// A result, with or without errors of single fields.
    Result(Encoded),
    /// The operation did not start, or a subscription cannot go on. Nothing follows.
    Rejected(Vec<ServerError>),
}

/// A result as JSON.
pub(in crate::graphql) struct Encoded {
    pub(in crate::graphql) payload: Arc<str>,
    /// The cursor from which a subscription resumes after it.
    pub(in crate::graphql) cursor: Option<Cursor>,
    /// Held until it is sent.
    pub(in crate::graphql) held: HeldMemory,
}

impl Engine {
    /// Starts an operation of any kind: a subscription brings results until it is dropped, the others one.
    pub(in crate::graphql) fn start(&self, params: Params, viewer: Viewer) -> BoxStream<'static, Outcome> {
        match self.prepare(params) {
            Ok(operation) => self.outcomes(operation, viewer, None),
            Err(errors) => rejected(errors),
        }
    }

    /// The results of `operation`; of a subscription those after `last`, where its transport saw an event before.
    pub(in crate::graphql) fn outcomes(
        &self,
        operation: Operation,
        viewer: Viewer,
        last: Option<LastEventId>,
    ) -> BoxStream<'static, Outcome> {
        let engine = self.clone();
        let open = engine.metrics().operation();
        if operation.kind() == OperationType::Subscription {
            // Boxed so that the start future is freed before the stream goes idle.
            let start = async move { engine.subscribe(operation, viewer, last).await }.boxed();
            // The count goes with the stream.
            return start.flatten_stream().inspect(move |_| _ = &open).boxed();
        }
        let run = async move {
            let _open = open;
            match engine.with_timeout(engine.run(operation, viewer)).await {
                Ok(Execution::Executed(json, held)) => {
                    Outcome::Result(Encoded { payload: json.into(), cursor: None, held })
                }
                Ok(Execution::Rejected(errors)) => Outcome::Rejected(errors),
                Err(error) => Outcome::Rejected(vec![error]),
            }
        };
        stream::once(run).boxed()
    }

    /// Runs `work` within the time of a request. Writes that have begun by then complete.
    async fn with_timeout<T>(&self, work: impl Future<Output = T>) -> Result<T, ServerError> {
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
        let items = match self.with_timeout(live.start(&self, last)).await {
            Ok(Ok(items)) => items,
            Ok(Err(errors)) => return rejected(errors),
            Err(error) => return rejected(vec![error]),
        };
        let live = Arc::new(live);
        let outcomes = items.then(move |(item, shared)| {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    return Either::Left(future::ready(Outcome::Rejected(vec![server_error(error)])));
                }
            };
            let cursor = item.cursor();
            let outcome =
                move |payload| Outcome::Result(Encoded { payload, cursor, held: HeldMemory::default() });
            // All but the first subscriber of an event find it encoded.
            if let Some(payload) = shared.as_ref().and_then(|shared| shared.get(live.key.0)) {
                return Either::Left(future::ready(outcome(payload)));
            }
            let (engine, live) = (self.clone(), live.clone());
            // Boxed, so that an idle stream keeps no room for an execution.
            Either::Right(Box::pin(async move {
                let encode = live.encode(&engine, item);
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
pub(in crate::graphql) fn rejected(errors: Vec<ServerError>) -> BoxStream<'static, Outcome> {
    stream::once(future::ready(Outcome::Rejected(errors))).boxed()
}

/// A subscription's operation, as the event schema executes it on each item.
struct LiveOperation {
    plan: Arc<Plan>,
    variables: Variables,
    viewer: Viewer,
    /// The same for all subscribers with the same selection.
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
    async fn start(&self, engine: &Engine, last: Option<LastEventId>) -> Result<Items, Vec<ServerError>> {
        let place = Arc::new(Mutex::new(None));
        let mut request = self.request(Phase::Start(place.clone()));
        if let Some(last) = last {
            request = request.data(last);
        }
        let response = engine.execute_event(request, &self.plan).await;
        let items = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        items.ok_or(response.errors)
    }

    async fn encode(&self, engine: &Engine, item: Item) -> Arc<str> {
        let response = engine.execute_event(self.request(Phase::Encode(item)), &self.plan).await;
        engine.encode(&response).into()
    }
}
