//! What can be followed.

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt};

use crate::domain;

use super::{activity::Activity, after, analytics::Analytics, notification::Notification, services, viewer};

/// How much a user has not read, as absolute numbers.
#[derive(SimpleObject)]
pub(super) struct UnreadCounts {
    /// Unread activities.
    activities: u64,
    /// Unread notifications.
    notifications: u64,
    /// Where the user's history stood.
    cursor: String,
}

impl From<domain::UnreadCounts> for UnreadCounts {
    fn from(counts: domain::UnreadCounts) -> Self {
        Self {
            activities: counts.activities,
            notifications: counts.notifications,
            cursor: counts.cursor.to_string(),
        }
    }
}

/// What can be followed. With `after`, everything of that kind committed after that cursor comes first, in order, then
/// what is new: none lost, none twice. A cursor that cannot be resumed from is refused with CURSOR_EXPIRED.
pub(crate) struct Subscription;

#[Subscription]
impl Subscription {
    /// A user's activities as they are created.
    async fn activity_created(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of an activity or of the last one received.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Activity> + use<>> {
        let (user, after) = (super::user_id(user_id)?, self::after(after)?);
        let stream = services(ctx).activities.follow(viewer(ctx), user, after).await?;
        Ok(stream.map(Activity))
    }

    /// A user's notifications as they are created.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of a notification or of the last one received.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Notification> + use<>> {
        let (user, after) = (super::user_id(user_id)?, self::after(after)?);
        let stream = services(ctx).notifications.follow(viewer(ctx), user, after).await?;
        Ok(stream.map(Notification))
    }

    /// A user's analytics after each change. A reader that is behind gets the newest state, not each step.
    async fn analytics_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of the analytics last received.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Analytics> + use<>> {
        let (user, after) = (super::user_id(user_id)?, self::after(after)?);
        let stream = services(ctx).analytics.follow(viewer(ctx), user, after).await?;
        Ok(stream.map(Analytics))
    }

    /// A user's unread counts: as they are at once, then after each change.
    async fn unread_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<impl Stream<Item = UnreadCounts> + use<>> {
        let stream = services(ctx).analytics.follow_unread(viewer(ctx), super::user_id(user_id)?).await?;
        Ok(stream.map(UnreadCounts::from))
    }

    /// How many users have at least one open socket: at once, then at each change.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = usize> + use<>> {
        Ok(services(ctx).presence.follow())
    }
}
