//! Which sessions of PostgreSQL are still of use.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a session that may be read-only is used at least.
const READ_ONLY_SESSION: Duration = Duration::from_secs(1);

/// Which sessions are still of use. Whether a session of PostgreSQL may write by default is fixed when it begins, so those that
/// were read-only stay so when the database is not any more. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::store) struct Sessions {
    start: Instant,
    /// When a write was refused last because its session is read-only, in ms since the start; 0 where none was.
    refused: Arc<AtomicU64>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { start: Instant::now(), refused: Arc::default() }
    }
}

impl Sessions {
    /// A write was refused: those that are open now are not used much longer.
    pub(in crate::store) fn refused(&self) {
        self.refused.store(self.now(), Ordering::Relaxed);
    }

    /// Whether a session that began `age` ago may be used. Each is for a moment, so that a database that stays read-only is
    /// not connected to again and again.
    pub(in crate::store) fn are_useful(&self, age: Duration) -> bool {
        let refused = self.refused.load(Ordering::Relaxed);
        refused == 0 || age < READ_ONLY_SESSION || self.now().saturating_sub(age.as_millis() as u64) > refused
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}
