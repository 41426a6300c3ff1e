//! Logs by tracing, as text or JSON; and gauges of open connections.
//!
//! Logging is best effort: a standard error that is closed, full or not read costs lines and nothing else.

mod metrics;
mod writer;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::IsTerminal,
    net::SocketAddr,
    panic::{self, PanicHookInfo},
    str::FromStr,
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, LogFormat},
    domain::Error,
};

pub use metrics::{ConnectionGuard, Metrics};
use writer::LogWriter;

/// How long the end of the process may wait for lines that are not written yet.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

/// The running log. Dropping it writes the lines that wait, for half a second at most.
#[derive(Debug)]
pub struct Logs(LogWriter);

impl Drop for Logs {
    fn drop(&mut self) {
        self.0.flush(FLUSH_LIMIT);
    }
}

/// Starts logging to standard error, panics included. Called once, before anything else runs.
///
/// # Errors
/// The operating system gives no thread.
pub fn init(config: &Config) -> std::io::Result<Logs> {
    // The text was checked when the settings were read.
    let filter = EnvFilter::from_str(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let writer = LogWriter::start(std::io::stderr(), |lines| {
        tracing::warn!(lines, "log lines were dropped: standard error was full, closed or not read in time");
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer.clone())
        .with_ansi(colours)
        // It would report its own errors by `eprintln!`, which panics where standard error is gone.
        .log_internal_errors(false);
    match config.log_format {
        LogFormat::Text => logs.with_target(false).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
    // The standard hook writes to standard error itself, and waits where that is not read.
    panic::set_hook(Box::new(log_panic));
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(Logs(writer))
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let location = panic.location().map(tracing::field::display);
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(thread, location, backtrace, "panic: {message}");
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

/// A name from a client, cut for the log.
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
            "development: requests without a token act as a service, without restrictions; only this machine can connect"
        );
        tracing::info!("  tokens         POST http://{address}/dev/token {{\"user\": \"ada\"}}");
    }
    if config.jwt_secret.is_none() {
        tracing::info!(
            "JWT_SECRET is not set: tokens are signed with a random secret, and are invalid after a restart"
        );
    }
    if config.mongodb_uri_set {
        tracing::warn!("MONGODB_URI is not used: import the data of the old backend by `pulse import`");
    }
}
