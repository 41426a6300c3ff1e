//! All that a user's app is told, for doors that tell it in one stream.

use crate::{
    domain::{Change, Cursor, Result, UserId, Viewer},
    events::{Delivery, Following, Hub, Start, follow},
    store::Store,
};

/// What is new for a user: activities, notifications and analytics, merged in order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UpdateService {
    store: Store,
    hub: Hub,
}

/// A reader of [`UpdateService::follow`].
#[derive(Debug)]
pub struct Updates {
    following: Following<Change>,
    /// Where it started.
    pub start: Cursor,
}

impl Updates {
    /// The next change. Dropping the future loses nothing.
    ///
    /// # Errors
    /// CURSOR_EXPIRED where the database went back to an earlier state: nothing comes after it.
    pub async fn next(&mut self) -> Result<Delivery<Change>> {
        self.following.next().await
    }
}

impl UpdateService {
    pub(super) fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub }
    }

    /// Everything of `user` that is created after `after`, or from now on: once each, in order of position; of analytics
    /// that changed in a gap the newest.
    ///
    /// # Errors
    /// CURSOR_EXPIRED for a cursor of another database or from the future.
    pub async fn follow(&self, viewer: &Viewer, user: UserId, after: Option<Cursor>) -> Result<Updates> {
        let start = after.map_or(Start::Now, Start::After);
        let following = follow::<Change>(&self.hub, &self.store, viewer.followed(Some(user))?, start).await?;
        let start = after.unwrap_or_else(|| following.reached());
        Ok(Updates { following, start })
    }
}
