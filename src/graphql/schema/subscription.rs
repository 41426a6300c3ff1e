//! What can be followed.
//!
//! Each field is resolved in two phases. When an operation starts, the resolver finds out what is followed, checks
//! that the viewer may, and leaves the stream of items ([`Phase::Start`]). Then, for each item, the operation's
//! selection is executed on it ([`Phase::Encode`]): once per event and operation, however many subscribers share them.

use std::{
    borrow::Cow,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    Context, Description, ID, Object, OutputType, Response, Result, SimpleObject, SubscriptionType,
    registry::Registry,
};
use futures_util::{Stream, StreamExt, stream::BoxStream};

use crate::{
    domain::{self, Cursor, FeedKind},
    service::{CurrentAnalytics, Delivery, Encodings},
};

use super::{activity::Activity, analytics::Analytics, notification::Notification, services, viewer};

/// The cursor that a reconnecting client saw last, by the header `Last-Event-ID`: it stands for `after`.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct LastEventId(pub(in crate::graphql) String);

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
            activities: counts.of(FeedKind::Activities),
            notifications: counts.of(FeedKind::Notifications),
            cursor: counts.cursor.to_string(),
        }
    }
}

/// What a subscription brings.
#[derive(Clone, Debug)]
pub(in crate::graphql) enum Item {
    Activity(Arc<domain::Activity>),
    Notification(Arc<domain::Notification>),
    Analytics(Arc<domain::Analytics>),
    UnreadCounts(domain::UnreadCounts),
    ActiveUsers(usize),
    /// Why nothing more comes.
    Ended(domain::Error),
}

impl Item {
    /// Where the user's history stood, where the item belongs to one.
    pub(in crate::graphql) fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Activity(activity) => Some(activity.cursor),
            Self::Notification(notification) => Some(notification.cursor),
            Self::Analytics(analytics) => Some(analytics.cursor),
            Self::UnreadCounts(counts) => Some(counts.cursor),
            Self::ActiveUsers(_) | Self::Ended(_) => None,
        }
    }
}

/// Items as they come, [`Item::Ended`] last, each with the place where its encodings are shared.
pub(in crate::graphql) type Items = BoxStream<'static, (Item, Option<Arc<Encodings>>)>;

/// Why a field is resolved.
pub(in crate::graphql) enum Phase {
    /// An operation starts: its items go here.
    Start(Arc<Mutex<Option<Items>>>),
    /// The selection is executed on this item.
    Encode(Item),
}

/// What can be followed. With `after`, everything of that kind committed after that cursor comes first, in order, then
/// what is new: none lost, none twice. A cursor that cannot be resumed from is refused with CURSOR_EXPIRED, which also ends
/// a subscription of items where the database goes back to an earlier state.
#[derive(Description)]
pub(crate) struct Subscription;

#[Object(use_type_description)]
impl Subscription {
    /// A user's activities as they are created.
    async fn activity_created(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of an activity or of the last one received.")] after: Option<
            String,
        >,
    ) -> Result<Activity> {
        if let Phase::Encode(Item::Activity(activity)) = phase(ctx) {
            return Ok(Activity(activity.clone()));
        }
        let (user, after) = (super::user_id(user_id)?, start_after(ctx, after)?);
        started(ctx, services(ctx).activities.follow(viewer(ctx), user, after).await?, Item::Activity)
    }

    /// A user's notifications as they are created.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of a notification or of the last one received.")]
        after: Option<String>,
    ) -> Result<Notification> {
        if let Phase::Encode(Item::Notification(notification)) = phase(ctx) {
            return Ok(Notification(notification.clone()));
        }
        let (user, after) = (super::user_id(user_id)?, start_after(ctx, after)?);
        started(ctx, services(ctx).notifications.follow(viewer(ctx), user, after).await?, Item::Notification)
    }

    /// A user's analytics after each change. A reader that is behind gets the newest state, not each step.
    async fn analytics_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of the analytics last received.")] after: Option<String>,
    ) -> Result<Analytics> {
        if let Phase::Encode(Item::Analytics(analytics)) = phase(ctx) {
            return Ok(Analytics(analytics.clone()));
        }
        let (user, after) = (super::user_id(user_id)?, start_after(ctx, after)?);
        let following = services(ctx).analytics.follow(viewer(ctx), user, after).await?;
        started(ctx, following, |CurrentAnalytics(analytics)| Item::Analytics(analytics))
    }

    /// A user's unread counts: as they are at once, then after each change.
    async fn unread_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<UnreadCounts> {
        if let Phase::Encode(Item::UnreadCounts(counts)) = phase(ctx) {
            return Ok((*counts).into());
        }
        let following = services(ctx).analytics.follow_unread(viewer(ctx), super::user_id(user_id)?).await?;
        started(ctx, following, Item::UnreadCounts)
    }

    /// How many users have at least one open socket: at once, then at each change.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<usize> {
        if let Phase::Encode(Item::ActiveUsers(count)) = phase(ctx) {
            return Ok(*count);
        }
        let counts = services(ctx).presence.follow().map(|item| Ok(Delivery { item, shared: None }));
        started(ctx, counts, Item::ActiveUsers)
    }
}

fn phase<'a>(ctx: &Context<'a>) -> &'a Phase {
    ctx.data_unchecked()
}

/// Leaves the stream for the transport. There is no item yet to execute a selection on, so the field ends here.
fn started<F, T, S>(ctx: &Context<'_>, deliveries: S, item: fn(F) -> Item) -> Result<T>
where
    F: 'static,
    S: Stream<Item = domain::Result<Delivery<F>>> + Send + 'static,
{
    if let Phase::Start(place) = phase(ctx) {
        let items = deliveries.map(move |delivery| match delivery {
            Ok(delivery) => (item(delivery.item), delivery.shared),
            Err(error) => (Item::Ended(error), None),
        });
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(items.boxed());
    }
    Err(async_graphql::Error::new("the subscription has started"))
}

/// Where a subscription starts: after the event that its transport saw last, which is newer than the argument that an
/// EventSource repeats when it reconnects; else after the cursor of the argument.
fn start_after(ctx: &Context<'_>, after: Option<String>) -> domain::Result<Option<Cursor>> {
    let last = ctx.data_opt::<LastEventId>().map(|last| last.0.clone());
    last.or(after).map(|text| Cursor::parse("after", &text)).transpose()
}

/// [`Subscription`] as the root that the public schema shows. It is never executed: what can be followed is executed as
/// queries of the event schema.
pub(crate) struct SubscriptionRoot;

impl SubscriptionType for SubscriptionRoot {
    fn type_name() -> Cow<'static, str> {
        <Subscription as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Subscription as OutputType>::create_type_info(registry)
    }

    fn create_field_stream<'a>(
        &'a self,
        _: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}
