//! Notifications in GraphQL.

use std::sync::Arc;

use async_graphql::{Description, Enum, ID, InputObject, Object, SimpleObject};

use crate::domain::{self, NewNotification, Page, Result, Timestamp, UserId};

use super::{scalars::DateTime, user_id};

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

/// Something that a user is told. It is gone from every list, count and mutation at the instant `expiresAt`.
#[derive(Clone, Description)]
pub(super) struct Notification(pub(super) Arc<domain::Notification>);

#[Object(use_type_description)]
impl Notification {
    /// The id: 24 hex digits, ordered by the second of creation.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who is told.
    async fn user_id(&self) -> ID {
        self.0.user.as_str().into()
    }

    /// What kind of message it is.
    async fn r#type(&self) -> NotificationType {
        self.0.kind.into()
    }

    /// One line: 1 to 200 characters.
    async fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// The message: up to 2,000 characters.
    async fn message(&self) -> &str {
        self.0.message.as_str()
    }

    /// Whether the user has seen it.
    async fn read(&self) -> bool {
        self.0.read
    }

    /// Where it leads: a path of the product, or an http(s) URL.
    async fn action_url(&self) -> Option<&str> {
        self.0.action_url.as_ref().map(domain::ActionUrl::as_str)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// From when on it is gone.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// The position of the change that made it: `after` of a subscription or a page goes on from here.
    async fn cursor(&self) -> String {
        self.0.cursor.to_string()
    }
}

impl From<domain::Notification> for Notification {
    fn from(notification: domain::Notification) -> Self {
        Self(Arc::new(notification))
    }
}

/// A page of notifications, newest first, with the counts of the same instant.
#[derive(SimpleObject)]
pub(super) struct NotificationPage {
    /// The notifications, newest first.
    notifications: Vec<Notification>,
    /// How many there are.
    total: u64,
    /// Whether older ones follow.
    has_more: bool,
    /// How many are unread.
    unread_count: u64,
    /// Where the feed stood: a subscription with `after` this misses nothing and repeats nothing.
    cursor: String,
}

impl From<Page<domain::Notification>> for NotificationPage {
    fn from(page: Page<domain::Notification>) -> Self {
        Self {
            notifications: page.items.into_iter().map(Notification).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor.to_string(),
        }
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
