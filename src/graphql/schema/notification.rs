//! Notifications in GraphQL.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, connection::Connection};

use crate::domain::{self, FeedFilter, NewNotification, Timestamp, UserId};

use super::{
    budget,
    context::{self, item_id, services, viewer},
    feed::{
        ClearPayload, DeletePayload, FeedPage, MarkAllReadPayload, Paged, connection, keyset, page_arguments,
        page_size,
    },
    record::{Field, Record, record},
    scalars::DateTime,
    subscription::{Item, delivered, start, start_after},
};

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "domain::NotificationType")]
pub(super) enum NotificationType {
    /// Something was achieved.
    Achievement,
    /// A mark was passed.
    Milestone,
    /// Something is due.
    Reminder,
    /// The product itself speaks.
    System,
    /// Other people did something.
    Social,
}

/// Something that a user is told.
#[derive(Clone)]
pub(super) struct Notification(pub(super) Arc<domain::Notification>);

impl Record for Notification {
    const NAME: &'static str = "Notification";
    const DESCRIPTION: &'static str = "Something that a user is told. It is gone from every list, count and mutation at \
                                       the instant `expiresAt`.";
    const FIELDS: &'static [Field<Self>] = &[
        Field::new::<ID>(
            "id",
            "The id: 24 hex digits, ordered by the second of creation.",
            |item, _, json| {
                json.str_unescaped(item.0.id);
            },
        ),
        Field::new::<ID>("userId", "Who is told.", |item, _, json| json.text(item.0.user.as_str())),
        Field::new::<NotificationType>("type", "What kind of message it is.", |item, _, json| {
            json.enum_value(NotificationType::from(item.0.kind));
        }),
        Field::new::<String>("title", "One line: 1 to 200 characters.", |item, _, json| {
            json.text(item.0.title.as_str());
        }),
        Field::new::<String>("message", "The message: up to 2,000 characters.", |item, _, json| {
            json.text(item.0.message.as_str());
        }),
        Field::new::<bool>("read", "Whether the user has seen it.", |item, _, json| {
            json.display(item.0.read)
        }),
        Field::new::<Option<String>>(
            "actionUrl",
            "Where it leads: a path of the product, or an http(s) URL.",
            |item, _, json| json.option(item.0.action_url.as_ref(), |json, url| json.text(url.as_str())),
        ),
        Field::new::<DateTime>("createdAt", "When it was created.", |item, _, json| {
            json.str_unescaped(item.0.created_at);
        }),
        Field::new::<DateTime>("expiresAt", "From when on it is gone.", |item, _, json| {
            json.str_unescaped(item.0.expires_at);
        }),
        Field::new::<String>(
            "cursor",
            "The position of the change that made it: `after` of a subscription or a page goes on from here.",
            |item, _, json| json.str_unescaped(item.0.cursor),
        ),
    ];
}

impl Paged for Notification {
    const PAGE: &'static str = "NotificationPage";
    const PAGE_DESCRIPTION: &'static str =
        "A page of notifications, newest first, with the counts of the same instant.";
    const ITEMS: &'static str = "notifications";
    const ITEMS_DESCRIPTION: &'static str = "The notifications, newest first.";
}

record!(Notification, FeedPage<Notification>);

impl From<Arc<domain::Notification>> for Notification {
    fn from(notification: Arc<domain::Notification>) -> Self {
        Self(notification)
    }
}

impl From<domain::Notification> for Notification {
    fn from(notification: domain::Notification) -> Self {
        Self(Arc::new(notification))
    }
}

/// A notification to be created.
#[derive(InputObject)]
pub(super) struct CreateNotificationInput {
    /// Who is told; the viewer if absent. Telling somebody else takes a service or admin.
    user_id: Option<ID>,
    /// What kind of message it is.
    r#type: NotificationType,
    /// One line: 1 to 200 characters.
    title: String,
    /// The message: up to 2,000 characters.
    message: String,
    /// A path that starts with one `/`, or an http(s) URL; up to 2,048 characters.
    action_url: Option<String>,
    /// From when on it is gone, in the future; 30 days after its creation if absent.
    expires_at: Option<DateTime>,
}

impl CreateNotificationInput {
    fn parse(self, now: Timestamp) -> domain::Result<(Option<UserId>, NewNotification)> {
        let user = context::user_id(self.user_id)?;
        let expires_at = self.expires_at.as_ref().map(|time| time.0.as_str());
        let new = NewNotification::parse(
            self.r#type.into(),
            self.title,
            self.message,
            self.action_url,
            expires_at,
            now,
        )?;
        Ok((user, new))
    }
}

/// The queries of notifications.
#[derive(Default)]
pub(crate) struct NotificationQueries;

#[Object]
impl NotificationQueries {
    /// A user's notifications by number, newest first.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(default = 50, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the newest to leave out.")] skip: i32,
    ) -> Result<FeedPage<Notification>> {
        let (user, window, place) = page_arguments(ctx, user_id, limit, skip).await?;
        Ok(FeedPage::new(services(ctx).notifications.page(viewer(ctx), user, window).await?, place))
    }

    /// A user's notifications by cursor, newest first, as the Relay specification has it.
    #[graphql(complexity = "1 + page_size(first.or(last)) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments are those of the Relay specification")]
    async fn notification_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "How many of the newest: 0 to 200; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only what is older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest: 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only what is newer than this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this type.")] r#type: Option<NotificationType>,
        #[graphql(desc = "Only what is not read.")] unread_only: Option<bool>,
    ) -> Result<Connection<String, Notification>> {
        let keyset = keyset(first, after, last, before)?;
        let filter = FeedFilter { kind: r#type.map(Into::into), unread_only: unread_only.unwrap_or(false) };
        let user = context::user_id(user_id)?;
        let _place = budget::place(ctx).await?;
        let slice = services(ctx).notifications.slice(viewer(ctx), user, keyset, filter).await?;
        connection(ctx, slice).await
    }

    /// How many of a user's notifications are unread.
    async fn unread_notification_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<u64> {
        Ok(services(ctx).notifications.unread_count(viewer(ctx), context::user_id(user_id)?).await?)
    }
}

/// The mutations of notifications.
#[derive(Default)]
pub(crate) struct NotificationMutations;

#[Object]
impl NotificationMutations {
    /// Creates a notification. Telling somebody else takes a service or admin.
    async fn create_notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] input: CreateNotificationInput,
    ) -> Result<Notification> {
        let notifications = &services(ctx).notifications;
        let (user, new) = input.parse(notifications.now())?;
        Ok(Notification(notifications.create(viewer(ctx), user, new).await?))
    }

    /// Marks a notification read; again: the same answer.
    async fn mark_notification_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] id: ID,
    ) -> Result<Notification> {
        Ok(services(ctx).notifications.mark_read(viewer(ctx), item_id(&id)?).await?.into())
    }

    /// Marks every notification of a user read.
    async fn mark_all_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<MarkAllReadPayload> {
        let user = context::user_id(user_id)?;
        let modified_count = services(ctx).notifications.mark_all_read(viewer(ctx), user).await?;
        Ok(MarkAllReadPayload { modified_count })
    }

    /// Deletes a notification.
    async fn delete_notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] id: ID,
    ) -> Result<DeletePayload> {
        services(ctx).notifications.delete(viewer(ctx), item_id(&id)?).await?;
        Ok(DeletePayload { id, message: "Notification deleted".to_owned() })
    }

    /// Deletes every notification of a user.
    async fn clear_notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<ClearPayload> {
        let user = context::user_id(user_id)?;
        let deleted_count = services(ctx).notifications.clear(viewer(ctx), user).await?;
        Ok(ClearPayload { deleted_count })
    }
}

/// The subscriptions of notifications.
#[derive(Default)]
pub(crate) struct NotificationSubscriptions;

#[Object]
impl NotificationSubscriptions {
    /// A user's notifications as they are created.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of a notification or of the last one received.")]
        after: Option<String>,
    ) -> Result<Notification> {
        if let Some(notification) = delivered(ctx) {
            return Ok(Notification(notification));
        }
        let (user, after) = (context::user_id(user_id)?, start_after(ctx, after)?);
        let following = services(ctx).notifications.follow(viewer(ctx), user, after).await?;
        start(ctx, following, |notification| Item::new(Some(notification.cursor), notification))
    }
}
