//! `/api/health` and `/api/ready`: probes for load balancers, without a token.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::Rest;

pub(super) fn router() -> OpenApiRouter<Rest> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready))
}

/// The server is alive.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Health {
    /// Always the same sentence.
    #[schema(example = "Server is running")]
    status: &'static str,
    /// Users with at least one open socket.
    active_users: usize,
    /// The version of the server.
    version: &'static str,
    /// How long the server has been running, in seconds.
    uptime_seconds: u64,
}

/// Whether the server is alive.
///
/// Answers 200 as long as the process answers at all, without asking the database. No token is needed.
#[utoipa::path(
    get, path = "/api/health", tag = "health", security(()),
    responses((status = 200, description = "It is", body = Health))
)]
async fn health(State(rest): State<Rest>) -> Json<Health> {
    Json(Health {
        status: "Server is running",
        active_users: rest.services().presence.count(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: rest.uptime_seconds(),
    })
}

/// What the server needs, each `ok` or not.
#[derive(Serialize, ToSchema)]
struct Readiness {
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
///
/// Answers 200 when the database, and the bus where there is one, answer; otherwise 503 with what is missing. No token
/// is needed.
#[utoipa::path(
    get, path = "/api/ready", tag = "health", security(()),
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "It cannot right now; says what is missing", body = Readiness)
    )
)]
async fn ready(State(rest): State<Rest>) -> (StatusCode, Json<Readiness>) {
    let server = &rest.services().status;
    let database = server.database_answers().await;
    let bus = server.bus_answers();
    let answers = database && bus != Some(false);
    let draining = rest.is_draining();
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
