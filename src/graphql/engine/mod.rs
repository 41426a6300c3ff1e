//! Executes prepared operations on the schema.

mod live;

use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    sync::{Arc, LazyLock},
};

use async_graphql::{Request, Response, ServerError, parser::types::OperationType};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Timing},
    domain::{Error, Viewer},
    http::{ConnectionLifetime, Drain},
    service::{Authenticator, Presence, Services},
    telemetry::Metrics,
};

use super::{
    errors::server_error,
    json::executed_json,
    request::{Operation, OperationLimits, Params, Preparer},
    schema::{self, AnswerMemory, EventSchema, HeldMemory, PlanKey, PublicSchema, ResponseBudget},
    workarounds::{error_codes::with_error_codes, plan::Plan},
};

pub(super) use self::live::{Outcome, rejected};

/// Prepares and executes operations. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    preparer: Preparer,
    public: PublicSchema,
    events: EventSchema,
    auth: Authenticator,
    presence: Presence,
    limits: crate::config::Limits,
    timing: Timing,
    answers: AnswerMemory,
    drain: Drain,
    metrics: Metrics,
}

/// The outcome of a query or mutation.
#[derive(Debug)]
pub(super) enum Execution {
    /// It was executed: the response as JSON, with or without errors of fields, and the memory that it takes.
    Executed(String, HeldMemory),
    /// It was not executed; nothing has changed.
    Rejected(Vec<ServerError>),
}

impl Engine {
    /// The door to `services`. When `draining` is cancelled, its sockets are closed over a few seconds.
    pub fn new(
        services: Services,
        auth: Authenticator,
        config: &Config,
        draining: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        let limits = OperationLimits {
            depth: config.limits.depth,
            aliases: config.limits.aliases,
            root_fields: config.limits.root_fields,
            introspection: config.introspection,
        };
        let presence = services.presence.clone();
        Self(Arc::new(Inner {
            preparer: Preparer::new(&schema::sdl(), limits),
            public: schema::public_schema(services.clone(), config),
            events: schema::event_schema(services),
            auth,
            presence,
            limits: config.limits,
            timing: config.timing,
            answers: AnswerMemory::new(config.limits.response_bytes),
            drain: Drain::new(draining, config.timing.drain_window),
            metrics,
        }))
    }

    pub(super) fn auth(&self) -> &Authenticator {
        &self.0.auth
    }

    pub(super) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    /// The lifetime of a connection that opens now.
    pub(super) fn lifetime(&self) -> ConnectionLifetime {
        ConnectionLifetime::new(self.0.auth.clock().clone(), self.0.drain.clone())
    }

    pub(super) fn timing(&self) -> &Timing {
        &self.0.timing
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn transport(&self) -> &crate::config::Limits {
        &self.0.limits
    }

    /// Prepares the operation of a request.
    ///
    /// # Errors
    /// Why it is rejected: at least one error.
    pub(super) fn prepare(&self, params: Params) -> Result<Operation, Vec<ServerError>> {
        self.0.preparer.prepare(params)
    }

    /// Runs a query or mutation.
    pub(super) async fn run(&self, operation: Operation, viewer: Viewer) -> Execution {
        let key = operation.plan_key();
        let (plan, request) = operation.into_request();
        let mut request = request.data(viewer).data(key);
        let budget = (plan.kind == OperationType::Query)
            .then(|| ResponseBudget::new(self.0.limits.response_bytes, self.0.answers.clone()));
        if let Some(budget) = &budget {
            request = request.data(budget.clone());
        }
        let response = self.0.public.execute(request).await;
        // An error of a field has a path: without one, async-graphql refused to execute (its complexity).
        if response.is_err() && response.errors.iter().all(|error| error.path.is_empty()) {
            return Execution::Rejected(locate(with_error_codes(response, true), &plan).errors);
        }
        let json = self.encode(&locate(with_error_codes(response, false), &plan));
        Execution::Executed(json, budget.map(ResponseBudget::into_held).unwrap_or_default())
    }

    /// Executes the selection of a subscription as a query.
    pub(super) async fn execute_event(&self, request: Request, plan: &Plan) -> Response {
        locate(with_error_codes(self.0.events.execute(request).await, false), plan)
    }

    /// The response as JSON; an error in its place where it has too many bytes.
    pub(super) fn encode(&self, response: &Response) -> String {
        let limit = self.0.limits.response_bytes;
        let json = executed_json(response);
        if json.len() <= limit {
            return json;
        }
        executed_json(&Response::from_errors(vec![server_error(Error::AnswerTooLarge { limit })]))
    }
}

impl Operation {
    /// Identifies its selection.
    pub(super) fn plan_key(&self) -> PlanKey {
        let Plan { id, has_nested_variables, .. } = &*self.plan;
        if !has_nested_variables {
            return PlanKey(u128::from(*id));
        }
        let variables = serde_json::to_string(&self.variables).unwrap_or_default();
        PlanKey(fingerprint(|hasher| (id, &variables).hash(hasher)))
    }
}

/// Puts lines and columns where the plan has bytes.
fn locate(mut response: Response, plan: &Plan) -> Response {
    for error in &mut response.errors {
        error.locations = error.locations.iter().filter_map(|at| plan.locate(*at)).collect();
    }
    response
}

/// 128 bits of what `feed` writes to a hasher. The seeds are secret and of this process, so that clients cannot make two
/// inputs that collide.
fn fingerprint(feed: impl Fn(&mut DefaultHasher)) -> u128 {
    static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

    let [high, low] = SEEDS.each_ref().map(|seed| {
        let mut hasher = seed.build_hasher();
        feed(&mut hasher);
        u128::from(hasher.finish())
    });
    high << 64 | low
}
