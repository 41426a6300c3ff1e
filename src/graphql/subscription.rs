//! What can be followed.

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt};

use crate::domain::{self, Cursor};

use super::{
    activity::Activity,
    analytics::Analytics,
    notification::Notification,
    services,
    streaming::{LastCursor, LastEventId},
    viewer,
};

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
        let (user, after) = (super::user_id(user_id)?, start(ctx, after)?);
        let stream = services(ctx).activities.follow(viewer(ctx), user, after).await?;
        Ok(noting(ctx, stream, |activity| activity.cursor).map(Activity))
    }

    /// A user's notifications as they are created.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of a notification or of the last one received.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Notification> + use<>> {
        let (user, after) = (super::user_id(user_id)?, start(ctx, after)?);
        let stream = services(ctx).notifications.follow(viewer(ctx), user, after).await?;
        Ok(noting(ctx, stream, |notification| notification.cursor).map(Notification))
    }

    /// A user's analytics after each change. A reader that is behind gets the newest state, not each step.
    async fn analytics_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of the analytics last received.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Analytics> + use<>> {
        let (user, after) = (super::user_id(user_id)?, start(ctx, after)?);
        let stream = services(ctx).analytics.follow(viewer(ctx), user, after).await?;
        Ok(noting(ctx, stream, |analytics| analytics.cursor).map(Analytics))
    }

    /// A user's unread counts: as they are at once, then after each change.
    async fn unread_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<impl Stream<Item = UnreadCounts> + use<>> {
        let stream = services(ctx).analytics.follow_unread(viewer(ctx), super::user_id(user_id)?).await?;
        Ok(noting(ctx, stream, |counts| counts.cursor).map(UnreadCounts::from))
    }

    /// How many users have at least one open socket: at once, then at each change.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = usize> + use<>> {
        Ok(services(ctx).presence.follow())
    }
}

/// Where a subscription starts: after the event that its transport saw last, which is newer than the argument that an
/// EventSource repeats when it reconnects; else after the cursor of the argument.
fn start(ctx: &Context<'_>, after: Option<String>) -> domain::Result<Option<Cursor>> {
    let last = ctx.data_opt::<LastEventId>().map(|last| last.0.clone());
    last.or(after).map(|text| Cursor::parse("after", &text)).transpose()
}

/// Leaves the cursor of each item for the transport, where it wants one.
fn noting<T, S>(ctx: &Context<'_>, stream: S, cursor: fn(&T) -> Cursor) -> impl Stream<Item = T> + use<T, S>
where
    S: Stream<Item = T>,
{
    let last = ctx.data_opt::<LastCursor>().cloned();
    stream.inspect(move |item| {
        if let Some(last) = &last {
            last.set(cursor(item));
        }
    })
}
