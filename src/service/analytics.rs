//! Analytics, the leaderboard, and the unread counts that go with them.

use futures_util::Stream;

use crate::{
    domain::{
        Analytics, AnalyticsChange, Changed, Cursor, Ranking, Result, UnreadCounts, UserId, Viewer, Window,
    },
    events::{CurrentAnalytics, Delivery, Hub, Start, follow},
    store::Store,
};

/// What may be done with analytics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AnalyticsService {
    store: Store,
    hub: Hub,
}

impl AnalyticsService {
    pub(super) fn new(store: Store, hub: Hub) -> Self {
        Self { store, hub }
    }

    /// The record of `user`, or of the viewer; `None` where there is none yet.
    pub async fn get(&self, viewer: &Viewer, user: Option<UserId>) -> Result<Option<Analytics>> {
        self.store.analytics(&viewer.target(user)?).await
    }

    /// Applies a change; the record is created where it is missing.
    pub async fn change(
        &self,
        viewer: &Viewer,
        user: Option<UserId>,
        change: AnalyticsChange,
    ) -> Result<Changed> {
        self.store.change_analytics(viewer.target(user)?, change).await
    }

    /// Everybody's records, most learning hours first. For every viewer.
    pub async fn leaderboard(&self, _viewer: &Viewer, window: Window) -> Result<Ranking> {
        self.store.leaderboard(window).await
    }

    /// The record after every change; with `after`, first as it is now if it changed since.
    ///
    /// # Errors
    /// CURSOR_EXPIRED for a cursor of another database or from the future.
    pub async fn follow(
        &self,
        viewer: &Viewer,
        user: Option<UserId>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Delivery<CurrentAnalytics>>> + Send + use<>> {
        let start = after.map_or(Start::Now, Start::After);
        let following =
            follow::<CurrentAnalytics>(&self.hub, &self.store, viewer.followed(user)?, start).await?;
        Ok(following.into_stream())
    }

    /// The unread counts as they are, then after every change of them.
    pub async fn follow_unread(
        &self,
        viewer: &Viewer,
        user: Option<UserId>,
    ) -> Result<impl Stream<Item = Result<Delivery<UnreadCounts>>> + Send + use<>> {
        let following =
            follow::<UnreadCounts>(&self.hub, &self.store, viewer.followed(user)?, Start::Current).await?;
        Ok(following.into_stream())
    }
}
