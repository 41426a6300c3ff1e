//! Every write that is not an append: something that runs in a transaction and says what happened.

use std::{future::Future, sync::Arc};

use sea_orm::DatabaseTransaction;

use crate::domain::{Epoch, Error, Event, Result, Timestamp, UserId};

use super::{Store, error::domain_error, expired::Uncounted};

/// How often a write is made again after what had expired was counted.
pub(super) const UNCOUNTED_TRIES: usize = 3;

/// A transaction that is open for writing.
#[derive(Clone, Copy)]
pub(super) struct Tx<'a> {
    pub(super) connection: &'a DatabaseTransaction,
    pub(super) epoch: Epoch,
    /// When the transaction began.
    pub(super) now: Timestamp,
}

/// What a write did: its answer, and the event that it is for the user's followers, where anything changed.
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

/// Commits `transaction` where all went well in it, else takes it back.
pub(super) async fn end<T>(transaction: DatabaseTransaction, outcome: Result<T>) -> Result<T> {
    match outcome {
        Ok(done) => {
            transaction.commit().await.map_err(domain_error)?;
            Ok(done)
        }
        Err(error) => {
            // Where even this fails the connection is gone, and the transaction with it.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// A write. It may be run more than once: what failed or was rolled back is as if it had never run.
pub(super) trait Write: Send + Sync + 'static {
    /// What the caller is answered.
    type Output: Send + 'static;

    /// Whose row it locks; none where it locks none.
    fn user(&self) -> Option<&UserId>;

    /// Whether it is one slice of a long write: others go before it.
    fn is_slice(&self) -> bool {
        false
    }

    /// Makes the change; an error undoes it.
    fn run(&self, tx: Tx<'_>) -> impl Future<Output = Result<Done<Self::Output>>> + Send;
}

impl Store {
    /// The one place where anything but an append is written: answers once the change is durable.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output> {
        let (write, mut tries) = (Arc::new(write), 0);
        loop {
            let outcome = self.0.writer.write(write.clone())?;
            let outcome = outcome.await.map_err(|_| Error::unavailable("the writer ended"))?;
            match outcome.as_ref().err().and_then(Uncounted::users) {
                Some([user, ..]) if tries < UNCOUNTED_TRIES => self.count_expired(user).await?,
                _ => return outcome,
            }
            tries += 1;
        }
    }
}
