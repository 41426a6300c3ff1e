//! A feed: activities and notifications alike.

use std::{marker::PhantomData, sync::Arc};

use futures_util::Stream;

use crate::{
    domain::{Cursor, FeedFilter, ItemId, Keyset, Result, Slice, Timestamp, UserId, Viewer, Window},
    events::{Delivery, Hub, Start, follow},
    store::{Store, StoredItem, StoredPage},
};

/// What may be done with the items of a feed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FeedService<T> {
    store: Store,
    hub: Hub,
    item: PhantomData<fn() -> T>,
}

impl<T: StoredItem> FeedService<T> {
    pub(super) fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub, item: PhantomData }
    }

    /// What the time is for the bounds of what clients give.
    pub fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// A page of `user`'s feed by number; the viewer's own where no user is given.
    pub async fn page(&self, viewer: &Viewer, user: Option<UserId>, window: Window) -> Result<StoredPage<T>> {
        self.store.page(&viewer.target(user)?, window).await
    }

    /// A page of `user`'s feed by key.
    ///
    /// # Errors
    /// CURSOR_EXPIRED for a cursor of another database or from the future.
    pub async fn slice(
        &self,
        viewer: &Viewer,
        user: Option<UserId>,
        keyset: Keyset,
        filter: FeedFilter<T::Kind>,
    ) -> Result<Slice<T>> {
        self.store.slice(&viewer.target(user)?, keyset, filter).await
    }

    /// How many items of `user`'s feed are unread.
    pub async fn unread_count(&self, viewer: &Viewer, user: Option<UserId>) -> Result<u64> {
        self.store.unread::<T>(&viewer.target(user)?).await
    }

    /// Creates an item; it is durable when this answers.
    pub async fn create(&self, viewer: &Viewer, user: Option<UserId>, new: T::New) -> Result<Arc<T>> {
        self.store.append(viewer.target(user)?, new).await
    }

    /// Marks an item read; again: the same answer.
    ///
    /// # Errors
    /// NOT_FOUND where the viewer has no such item.
    pub async fn mark_read(&self, viewer: &Viewer, id: ItemId) -> Result<T> {
        self.store.mark_read(viewer.scope(), id).await
    }

    /// Marks every item of `user`'s feed read; returns how many were not.
    pub async fn mark_all_read(&self, viewer: &Viewer, user: Option<UserId>) -> Result<u64> {
        self.store.mark_all_read::<T>(viewer.target(user)?).await
    }

    /// Deletes an item.
    ///
    /// # Errors
    /// NOT_FOUND where the viewer has no such item.
    pub async fn delete(&self, viewer: &Viewer, id: ItemId) -> Result<()> {
        self.store.delete::<T>(viewer.scope(), id).await
    }

    /// Deletes every item of `user`'s feed; returns how many there were.
    pub async fn clear(&self, viewer: &Viewer, user: Option<UserId>) -> Result<u64> {
        self.store.clear::<T>(viewer.target(user)?).await
    }

    /// Every item of `user`'s feed that is created after `after`, or from now on: once each, in order.
    ///
    /// # Errors
    /// CURSOR_EXPIRED for a cursor of another database or from the future; as the last item too, where the database goes
    /// back to an earlier state.
    pub async fn follow(
        &self,
        viewer: &Viewer,
        user: Option<UserId>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Delivery<Arc<T>>>> + Send + use<T>> {
        let start = after.map_or(Start::Now, Start::After);
        let following = follow::<Arc<T>>(&self.hub, &self.store, viewer.followed(user)?, start).await?;
        Ok(following.into_stream())
    }
}
