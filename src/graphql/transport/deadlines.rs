//! The ends that every open connection has in common: that of its token, and that of the server.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Timestamp, Viewer};

/// Over how long connections are ended at a shutdown, so that not everyone comes back at once.
pub(super) const DRAIN: Duration = Duration::from_secs(4);
/// As good as for ever.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// An instant that does not come.
pub(super) fn never() -> Instant {
    Instant::now() + NEVER
}

/// When the viewer's token ends.
pub(super) fn token_end(viewer: &Viewer) -> Instant {
    let left = viewer.expires_at().map(|end| end.millis().saturating_sub(Timestamp::now().millis()));
    let left = left.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
    Instant::now() + left.map_or(NEVER, |left| left.min(NEVER))
}

/// When a connection ends whose server shuts down now: at a random moment of [`DRAIN`].
pub(super) fn drain_end() -> Instant {
    Instant::now() + DRAIN.mul_f64(rand::random::<f64>())
}
