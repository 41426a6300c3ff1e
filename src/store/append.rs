//! Creating items, through group commit.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::domain::{Change, Error, Result, UserId};

use super::{
    entity::StoredItem,
    expired_counts::UNCOUNTED_RETRIES,
    group_commit::{Append, NotAppended},
    handle::Store,
};

impl Store {
    /// Creates an item for `user` and returns it once that is durable.
    ///
    /// # Errors
    /// UNAVAILABLE where the queue is full or the database gone.
    pub async fn append<T: StoredItem>(&self, user: UserId, new: T::New) -> Result<Arc<T>> {
        let (mut new, mut retries) = (T::into_new(new), 0);
        let event = loop {
            let (done, outcome) = oneshot::channel();
            self.0.writer.append(Append { user: user.clone(), new, done })?;
            match outcome.await.map_err(|_| Error::unavailable("the writer ended"))? {
                Ok(event) => break event,
                Err(NotAppended { new: Some(again), .. }) if retries < UNCOUNTED_RETRIES => new = *again,
                Err(NotAppended { error, .. }) => return Err(error),
            }
            retries += 1;
            self.count_expired(&user).await?;
        };
        let created = match &event.change {
            Change::Created(item) => T::from_item(item),
            _ => None,
        };
        created.cloned().ok_or_else(|| Error::internal("the writer answered with another kind of event"))
    }
}
