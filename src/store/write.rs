//! Every write that is not an append: it runs in a transaction and returns the event of its change.

use std::{future::Future, sync::Arc};

use crate::domain::{Epoch, Event, Result, Timestamp, UserId};

use super::database::Executor;

/// A transaction that is open for writing.
#[derive(Clone, Copy)]
pub(super) struct Tx<'a> {
    pub(super) db: Executor<'a>,
    pub(super) epoch: Epoch,
    /// When the transaction began.
    pub(super) now: Timestamp,
}

/// The answer of a write, and the event for the user's followers, where anything changed.
pub(super) struct Done<T> {
    pub(super) output: T,
    pub(super) event: Option<Arc<Event>>,
}

impl<T> Done<T> {
    /// Nothing had to change.
    pub(super) fn unchanged(output: T) -> Self {
        Self { output, event: None }
    }

    /// One change of one user.
    pub(super) fn changed(output: T, event: Event) -> Self {
        Self { output, event: Some(Arc::new(event)) }
    }
}

/// A write. It may be run more than once: a run that failed or was rolled back has no effect.
pub(super) trait Write: Send + Sync + 'static {
    /// The answer to the caller.
    type Output: Send + 'static;

    /// The user whose row it locks; none where it locks none.
    fn user(&self) -> Option<&UserId>;

    /// Whether it is one slice of a long write: others go before it.
    fn is_slice(&self) -> bool {
        false
    }

    /// Makes the change; an error undoes it.
    fn run(&self, tx: Tx<'_>) -> impl Future<Output = Result<Done<Self::Output>>> + Send;
}
