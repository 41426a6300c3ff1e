//! Logs: tracing, as text for people or JSON for machines; and gauges of what is open.

mod metrics;

use std::{io::IsTerminal, net::SocketAddr, str::FromStr};

use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, LogFormat},
    domain::Error,
};

pub use metrics::{Metrics, Open};

/// Starts logging to standard error. Called once, before anything else runs.
pub fn init(config: &Config) {
    // The text was checked when the settings were read.
    let filter = EnvFilter::from_str(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match config.log_format {
        LogFormat::Text => logs.with_target(false).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
}

/// Logs a failure of ours with its cause, once, where it leaves for a client. Refusals of bad requests are no failures.
pub fn log_failure(error: &Error) {
    match error {
        Error::Internal(cause) => tracing::error!(%cause, "internal error"),
        Error::Unavailable(cause) => tracing::warn!(%cause, "unavailable"),
        _ => {}
    }
}

/// The longest name of a client's making that is logged, in bytes.
const NAME_BYTES: usize = 100;

/// A name that a client made, cut to what a line of the log has room for.
pub fn cut(mut name: String) -> String {
    if name.len() > NAME_BYTES {
        name.truncate(name.floor_char_boundary(NAME_BYTES));
        name.push('…');
        name.shrink_to_fit();
    }
    name
}

/// Says where the doors are, and in which mode they are open.
pub fn banner(config: &Config, address: SocketAddr, database: &str) {
    let mode = if config.production() { "production" } else { "development" };
    tracing::info!("Pulse {} is up in {mode} on {database}", env!("CARGO_PKG_VERSION"));
    tracing::info!("  GraphQL        http://{address}/graphql");
    tracing::info!("  subscriptions  ws://{address}/graphql/ws");
    tracing::info!("  Socket.IO      http://{address}/socket.io (clients 3 and 4)");
    tracing::info!("  REST           http://{address}/api (OpenAPI: /api/openapi.json)");
    tracing::info!("  pages          http://{address}/ (REST docs: /docs/api)");
    tracing::info!("  GraphiQL       http://{address}/graphiql");
    if let Some(bus) = config.shown("NATS_URL") {
        tracing::info!("  bus            {bus}");
    }
    if let Some(allowed) = config.too_many_connections() {
        tracing::warn!(
            "MAX_CONNECTIONS is {}, but the limit on open files (ulimit -n) leaves room for {allowed}",
            config.limits.connections
        );
    }
    if !config.production() {
        tracing::warn!(
            "development: who calls without a token acts as a service and may do anything; only this machine can call"
        );
        tracing::info!("  tokens         POST http://{address}/dev/token {{\"user\": \"ada\"}}");
    }
    if config.jwt_secret.is_none() {
        tracing::info!(
            "JWT_SECRET is not set: tokens are signed with a random secret, and hold no longer than this process"
        );
    }
    if config.mongodb_uri_set {
        tracing::warn!("MONGODB_URI is not used: the data of the old backend comes in by `pulse import`");
    }
}
