//! Whether the database takes writes, for readiness.
//!
//! Every commit notes its outcome. Where none was made lately, the question is a write of its own, through the writer and
//! as durable as any other; at most one a second, however often readiness is asked.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use crate::domain::{Error, Result};

use super::{
    error::{Failure, failure, is_read_only},
    postgres::Sessions,
};

/// For how long an outcome is an answer. So long there is no second write to check.
const OUTCOME_TTL: Duration = Duration::from_secs(1);
/// For how long damage (a full disk, a malformed page) is remembered whatever other writes do: they may touch other pages.
const DAMAGE_MEMORY: Duration = Duration::from_secs(10);

/// Outcomes of writes. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteStatus {
    state: Arc<Mutex<State>>,
    sessions: Sessions,
}

#[derive(Debug, Default)]
struct State {
    /// The last outcome.
    last: Option<(Instant, Result<()>)>,
    /// The last damage.
    damage: Option<(Instant, Error)>,
    /// The write that checks, while it is under way.
    check: Option<Shared<BoxFuture<'static, Result<()>>>>,
    /// Whether the log was told that writes fail.
    logged: bool,
}

impl State {
    /// What is known at `now`; `None` where it takes a write to know.
    fn known(&self, now: Instant) -> Option<Result<()>> {
        let recent = |at: &Instant, time| now.saturating_duration_since(*at) < time;
        if let Some((_, error)) = self.damage.as_ref().filter(|(at, _)| recent(at, DAMAGE_MEMORY)) {
            return Some(Err(error.clone()));
        }
        self.last.as_ref().filter(|(at, _)| recent(at, OUTCOME_TTL)).map(|(_, outcome)| outcome.clone())
    }
}

impl WriteStatus {
    /// Of a database with these `sessions`.
    pub(super) fn new(sessions: Sessions) -> Self {
        Self { state: Arc::default(), sessions }
    }

    /// A change was committed.
    pub(super) fn succeeded(&self) {
        self.state().last = Some((Instant::now(), Ok(())));
    }

    /// A write failed. What lies in the write itself says nothing of the database.
    pub(super) fn failed(&self, error: &Error) {
        let failure = failure(error);
        if failure == Failure::OfTheWrite {
            return;
        }
        if is_read_only(error) {
            self.sessions.refused();
        }
        let (mut state, now) = (self.state(), Instant::now());
        state.last = Some((now, Err(error.clone())));
        if failure == Failure::Damage {
            state.damage = Some((now, error.clone()));
        }
    }

    /// What is known without a write, or the outcome of one: of `write`, or of one that is under way.
    pub(super) async fn ask(&self, write: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        let check = {
            let mut state = self.state();
            if let Some(known) = state.known(Instant::now()) {
                return known;
            }
            let start = || {
                let status = self.clone();
                // Spawned: who asks may be gone before the database answers.
                let check = tokio::spawn(async move {
                    let outcome = write.await;
                    match &outcome {
                        Ok(()) => status.succeeded(),
                        Err(error) => status.failed(error),
                    }
                    status.state().check = None;
                    outcome
                });
                check.map(|ended| ended.unwrap_or_else(|error| Err(Error::internal(error)))).boxed().shared()
            };
            // One that ended without leaving its outcome has panicked.
            let under_way = state.check.take().filter(|check| check.peek().is_none());
            state.check.insert(under_way.unwrap_or_else(start)).clone()
        };
        check.await
    }

    /// Logs once that writes fail, and once that they do not any more.
    pub(super) fn log(&self, outcome: &Result<()>) {
        let mut state = self.state();
        if state.logged == outcome.is_err() {
            return;
        }
        state.logged = outcome.is_err();
        match outcome {
            Ok(()) => tracing::info!("the database takes writes again"),
            Err(error) => tracing::warn!(cause = ?error.cause(), "the database takes no writes: {error}"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::error::{domain_error, sqlite_error};

    fn failed(cause: sea_orm::DbErr) -> WriteStatus {
        let status = WriteStatus::default();
        status.failed(&domain_error(cause));
        status
    }

    #[test]
    fn a_write_that_fails_by_its_own_fault_says_nothing_of_the_database() {
        let status = WriteStatus::default();
        status.succeeded();
        status.failed(&Error::NotFound("activity".into()));
        status.failed(&Error::internal("a defect"));
        assert!(status.state().known(Instant::now()).unwrap().is_ok());
    }

    #[test]
    fn the_last_outcome_counts_and_only_for_a_moment() {
        let status = failed(sea_orm::DbErr::Conn(sea_orm::RuntimeErr::Internal("gone".into())));
        assert!(status.state().known(Instant::now()).unwrap().is_err());
        status.succeeded();
        assert!(status.state().known(Instant::now()).unwrap().is_ok());
        assert!(status.state().known(Instant::now() + OUTCOME_TTL).is_none());
    }

    #[test]
    fn damage_is_remembered_beside_writes_that_succeed() {
        let status = WriteStatus::default();
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        let malformed = rusqlite::Error::SqliteFailure(code, None);
        status.failed(&sqlite_error(malformed));
        status.succeeded();
        assert!(status.state().known(Instant::now()).unwrap().is_err());
        assert!(status.state().known(Instant::now() + DAMAGE_MEMORY).is_none());
    }
}
