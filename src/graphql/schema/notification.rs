//! Notifications in GraphQL.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject};

use crate::domain::{self, NewNotification, Result, Timestamp, UserId};

use super::{
    page::{FeedPage, Paged},
    record::{Field, Record, record},
    scalars::DateTime,
    user_id,
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
                json.plain(item.0.id);
            },
        ),
        Field::new::<ID>("userId", "Who is told.", |item, _, json| json.text(item.0.user.as_str())),
        Field::new::<NotificationType>("type", "What kind of message it is.", |item, _, json| {
            json.word(NotificationType::from(item.0.kind));
        }),
        Field::new::<String>("title", "One line: 1 to 200 characters.", |item, _, json| {
            json.text(item.0.title.as_str());
        }),
        Field::new::<String>("message", "The message: up to 2,000 characters.", |item, _, json| {
            json.text(item.0.message.as_str());
        }),
        Field::new::<bool>("read", "Whether the user has seen it.", |item, _, json| {
            json.literal(item.0.read)
        }),
        Field::new::<Option<String>>(
            "actionUrl",
            "Where it leads: a path of the product, or an http(s) URL.",
            |item, _, json| json.option(item.0.action_url.as_ref(), |json, url| json.text(url.as_str())),
        ),
        Field::new::<DateTime>("createdAt", "When it was created.", |item, _, json| {
            json.plain(item.0.created_at);
        }),
        Field::new::<DateTime>("expiresAt", "From when on it is gone.", |item, _, json| {
            json.plain(item.0.expires_at);
        }),
        Field::new::<String>(
            "cursor",
            "The position of the change that made it: `after` of a subscription or a page goes on from here.",
            |item, _, json| json.plain(item.0.cursor),
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
    pub(super) fn parse(self, now: Timestamp) -> Result<(Option<UserId>, NewNotification)> {
        let user = user_id(self.user_id)?;
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
