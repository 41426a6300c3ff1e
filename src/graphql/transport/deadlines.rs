//! The end that every open connection has in common with the server.

use std::time::Duration;

use tokio::time::Instant;

pub(super) use crate::http::never;

/// When a connection ends whose server shuts down now: at a random moment of `window`.
pub(super) fn drain_end(window: Duration) -> Instant {
    Instant::now() + window.mul_f64(rand::random::<f64>())
}
