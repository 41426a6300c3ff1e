//! The end that every open connection has in common with the server.

use std::time::Duration;

use tokio::time::Instant;

pub(super) use crate::http::never;

/// Over how long connections are ended at a shutdown, so that not everyone comes back at once.
pub(super) const DRAIN: Duration = Duration::from_secs(4);

/// When a connection ends whose server shuts down now: at a random moment of [`DRAIN`].
pub(super) fn drain_end() -> Instant {
    Instant::now() + DRAIN.mul_f64(rand::random::<f64>())
}
