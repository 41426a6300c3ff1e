//! Bounds on the memory that the answer of one operation takes while it is made.

use std::sync::{
    Arc, Mutex, PoisonError,
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

/// Bytes of an answer that takes no room of [`AnswerMemory`].
const SMALL_ANSWER_BYTES: usize = 64 * 1024;
/// Memory of all large answers together, in KiB.
const ANSWER_MEMORY_KIB: usize = 256 * 1024;

/// The memory of this process for large answers, from when they are made until they are sent: clients that do not read
/// hold no more of it. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct AnswerMemory(Arc<Semaphore>);

/// Room of [`AnswerMemory`] that is taken while this is held; none for a small answer.
#[derive(Debug, Default)]
pub(in crate::graphql) struct HeldMemory(Option<OwnedSemaphorePermit>);

/// The bytes that the answer of one operation may have. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct ResponseBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max_bytes: usize,
    memory: AnswerMemory,
    held: Mutex<HeldMemory>,
    spent: AtomicUsize,
    pages_read: AtomicUsize,
    places: Arc<Semaphore>,
}

/// A page's place among those that its operation has in memory.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl AnswerMemory {
    /// Room for several answers of `max_bytes` each.
    pub(in crate::graphql) fn new(max_bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(ANSWER_MEMORY_KIB.max(max_bytes / 1024 * 4))))
    }

    /// Takes room for what an answer of `before` bytes has more when it has `after`.
    ///
    /// # Errors
    /// UNAVAILABLE where others have taken it all. Nobody waits for it, so small answers are not held up.
    fn take(&self, held: &mut HeldMemory, before: usize, after: usize) -> Result<()> {
        let room = |bytes: usize| if bytes > SMALL_ANSWER_BYTES { bytes.div_ceil(1024) } else { 0 };
        let more = u32::try_from(room(after).saturating_sub(room(before))).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let permit = self.0.clone().try_acquire_many_owned(more);
        let permit = permit.map_err(|_| Error::unavailable("large answers take all memory that they may"))?;
        match &mut held.0 {
            Some(all) => all.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }
}

impl ResponseBudget {
    pub(in crate::graphql) fn new(max_bytes: usize, memory: AnswerMemory) -> Self {
        let places = Arc::new(Semaphore::new(PAGES_IN_MEMORY));
        Self(Arc::new(Inner {
            max_bytes,
            memory,
            held: Mutex::default(),
            spent: AtomicUsize::new(0),
            pages_read: AtomicUsize::new(0),
            places,
        }))
    }

    /// The memory that the answer holds until it is sent.
    pub(in crate::graphql) fn into_held(self) -> HeldMemory {
        std::mem::take(&mut *self.0.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bytes that the answer may have.
    pub(super) fn max_bytes(&self) -> usize {
        self.0.max_bytes
    }

    /// Counts bytes of the answer, and lets other tasks run where these are many.
    ///
    /// # Errors
    /// More than there may be, or more than there is room for.
    pub(super) async fn spend(&self, bytes: usize) -> Result<()> {
        let Inner { max_bytes, spent, .. } = &*self.0;
        let before = spent.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > *max_bytes {
            return Err(Error::AnswerTooLarge { limit: *max_bytes });
        }
        if before + bytes > SMALL_ANSWER_BYTES {
            let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.memory.take(&mut held, before, before + bytes)?;
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
        // Reads may complete without waiting.
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
        let budget = ResponseBudget::new(10, AnswerMemory::new(10));
        assert!(budget.spend(4).await.is_ok());
        assert!(budget.clone().spend(6).await.is_ok());
        assert!(budget.place().await.is_ok());
        assert!(budget.spend(1).await.is_err());
        assert!(budget.place().await.is_err());
    }

    #[tokio::test]
    async fn pages_wait_for_a_place() {
        let budget = ResponseBudget::new(10, AnswerMemory::new(10));
        let places = (budget.place().await.unwrap(), budget.place().await.unwrap());
        assert!(budget.place().now_or_never().is_none());
        drop(places);
        assert!(budget.place().now_or_never().is_some());
    }

    #[tokio::test]
    async fn large_answers_share_a_bound_until_they_are_sent() {
        let max_bytes = 1024 * ANSWER_MEMORY_KIB / 4;
        let memory = AnswerMemory::new(max_bytes);
        let budget = || ResponseBudget::new(max_bytes, memory.clone());
        let mut held = Vec::new();
        for _ in 0..4 {
            let budget = budget();
            budget.spend(max_bytes / 2).await.unwrap();
            budget.spend(max_bytes / 2).await.unwrap();
            held.push(budget.into_held());
        }
        assert_eq!(budget().spend(max_bytes / 2).await.unwrap_err().code(), "UNAVAILABLE");
        assert!(budget().spend(SMALL_ANSWER_BYTES).await.is_ok(), "small ones go on");
        held.pop();
        assert!(budget().spend(max_bytes).await.is_ok());
    }
}
