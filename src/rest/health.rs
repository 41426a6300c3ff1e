//! `/api/health` and `/api/ready`: for load balancers, without a token.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::Rest;

/// The server is alive.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    #[schema(example = "Server is running")]
    status: &'static str,
    /// Users with at least one open socket.
    active_users: usize,
    version: &'static str,
    uptime_seconds: u64,
}

/// Whether the server is alive.
#[utoipa::path(
    get, path = "/api/health", tag = "health", security(()),
    responses((status = 200, description = "It is", body = Health))
)]
pub(super) async fn health(State(rest): State<Rest>) -> Json<Health> {
    Json(Health {
        status: "Server is running",
        active_users: rest.services().presence.count(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: rest.0.started.elapsed().as_secs(),
    })
}

/// What the server needs, each `ok` or not.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// `ready`, `unavailable` or `draining`.
    status: &'static str,
    /// `ok` where it answers and takes writes, else `unavailable`.
    database: &'static str,
    /// Which database it is.
    backend: &'static str,
    /// The bus between nodes, where there is one: `ok` or `unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    bus: Option<&'static str>,
}

/// Whether the server can do its work.
#[utoipa::path(
    get, path = "/api/ready", tag = "health", security(()),
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "It cannot right now; says what is missing", body = Readiness)
    )
)]
pub(super) async fn ready(State(rest): State<Rest>) -> (StatusCode, Json<Readiness>) {
    let server = &rest.services().status;
    let database = server.database_answers().await;
    let bus = server.bus_answers();
    let answers = database && bus != Some(false);
    let draining = rest.0.draining.is_cancelled();
    let status = match (answers, draining) {
        (_, true) => "draining",
        (true, false) => "ready",
        (false, false) => "unavailable",
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let outcome = |answers| if answers { "ok" } else { "unavailable" };
    let (database, bus) = (outcome(database), bus.map(outcome));
    (code, Json(Readiness { status, database, backend: server.database_name(), bus }))
}
