//! Bounds on the memory that the answer of one operation takes while it is made.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{Error, Result};

/// Pages that an operation has in memory at the same time; a page may hold 200 items of 20 KB each.
const PAGES_IN_MEMORY: usize = 2;
/// Bytes that are written, and pages that are read, before other tasks of the thread get a turn.
const BYTES_PER_TURN: usize = 256 * 1024;
const PAGES_PER_TURN: usize = 4;

/// The bytes that the answer of one operation may have. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct ResponseBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max_bytes: usize,
    spent: AtomicUsize,
    pages_read: AtomicUsize,
    places: Arc<Semaphore>,
}

/// A page's place among those that its operation has in memory.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl ResponseBudget {
    pub(in crate::graphql) fn new(max_bytes: usize) -> Self {
        let places = Arc::new(Semaphore::new(PAGES_IN_MEMORY));
        Self(Arc::new(Inner {
            max_bytes,
            spent: AtomicUsize::new(0),
            pages_read: AtomicUsize::new(0),
            places,
        }))
    }

    /// The bytes that the answer may have.
    pub(super) fn max_bytes(&self) -> usize {
        self.0.max_bytes
    }

    /// Counts bytes of the answer, and lets other tasks run where these are many.
    ///
    /// # Errors
    /// More than there may be.
    pub(super) async fn spend(&self, bytes: usize) -> Result<()> {
        let Inner { max_bytes, spent, .. } = &*self.0;
        let before = spent.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > *max_bytes {
            return Err(Error::AnswerTooLarge { limit: *max_bytes });
        }
        if before / BYTES_PER_TURN != (before + bytes) / BYTES_PER_TURN {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits until one more page may be read into memory. No page is read when nothing is left to spend.
    async fn place(&self) -> Result<Place> {
        let permit = self.0.places.clone().acquire_owned().await;
        let exceeded = Error::AnswerTooLarge { limit: self.0.max_bytes };
        // The semaphore is never closed.
        let Ok(permit) = permit else { return Err(exceeded) };
        if self.0.spent.load(Ordering::Relaxed) > self.0.max_bytes {
            return Err(exceeded);
        }
        // Reading may never wait by itself.
        if self.0.pages_read.fetch_add(1, Ordering::Relaxed) % PAGES_PER_TURN == PAGES_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        Ok(Place { _permit: permit })
    }
}

/// A place for a page of the operation that is executed; none where it has no budget.
pub(super) async fn place(ctx: &Context<'_>) -> Result<Option<Place>> {
    match ctx.data_opt::<ResponseBudget>() {
        Some(budget) => budget.place().await.map(Some),
        None => Ok(None),
    }
}

/// Counts bytes of the answer of the operation that is executed, where it has a budget.
pub(super) async fn spend(ctx: &Context<'_>, bytes: usize) -> Result<()> {
    match ctx.data_opt::<ResponseBudget>() {
        Some(budget) => budget.spend(bytes).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_spent_is_bounded() {
        let budget = ResponseBudget::new(10);
        assert!(budget.spend(4).await.is_ok());
        assert!(budget.clone().spend(6).await.is_ok());
        assert!(budget.place().await.is_ok());
        assert!(budget.spend(1).await.is_err());
        assert!(budget.place().await.is_err());
    }

    #[tokio::test]
    async fn pages_wait_for_a_place() {
        let budget = ResponseBudget::new(10);
        let places = (budget.place().await.unwrap(), budget.place().await.unwrap());
        assert!(budget.place().now_or_never().is_none());
        drop(places);
        assert!(budget.place().now_or_never().is_some());
    }
}
