//! A notification as JSON.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Object};

use crate::domain::{self, NotificationType, Page, Result, Timestamp, UserId};

use super::{feed::FeedJson, fields::Fields, words::words};

/// Something that a user is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    #[schema(value_type = String, example = "65b9f2a1c3d4e5f6a7b8c9d0")]
    id: domain::ItemId,
    /// Who is told.
    #[schema(value_type = String)]
    user_id: domain::UserId,
    #[schema(schema_with = kind)]
    r#type: domain::NotificationType,
    /// The message in a few words.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: domain::Title,
    /// The message.
    #[schema(value_type = String, max_length = 2000)]
    message: domain::Text,
    /// Whether the user has read it.
    read: bool,
    /// Where it leads: a path that starts with one `/`, or an http(s) URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    action_url: Option<domain::ActionUrl>,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[schema(value_type = String, format = DateTime)]
    created_at: domain::Timestamp,
    /// When it expires: from then on it is in no list and no count.
    #[schema(value_type = String, format = DateTime)]
    expires_at: domain::Timestamp,
    /// The position of the change that made it, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<&domain::Notification> for Notification {
    fn from(notification: &domain::Notification) -> Self {
        Self {
            id: notification.id,
            user_id: notification.user.clone(),
            r#type: notification.kind,
            title: notification.title.clone(),
            message: notification.message.clone(),
            read: notification.read,
            action_url: notification.action_url.clone(),
            created_at: notification.created_at,
            expires_at: notification.expires_at,
            cursor: notification.cursor,
        }
    }
}

/// A notification to be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct NewNotification {
    /// Who is told; the caller if absent. Telling somebody else takes a service or admin.
    #[schema(min_length = 1, max_length = 128, example = "user_id_here")]
    user_id: Option<String>,
    #[schema(schema_with = kind)]
    r#type: String,
    /// The message in a few words.
    #[schema(min_length = 1, max_length = 200, example = "Goal reached")]
    title: String,
    /// The message.
    #[schema(max_length = 2000, example = "You finished your first goal.")]
    message: String,
    /// A path that starts with one `/`, or an http(s) URL.
    #[schema(max_length = 2048, example = "/goals")]
    action_url: Option<String>,
    /// In the future; 30 days after the creation if absent.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A page of notifications, newest first, with the counts of the same instant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationPage {
    /// The items, newest first.
    notifications: Vec<Notification>,
    /// How many items the feed has.
    total: u64,
    /// How many items of the feed are unread.
    unread_count: u64,
    /// Whether older items follow.
    has_more: bool,
    /// Where the feed stood, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<Page<domain::Notification>> for NotificationPage {
    fn from(page: Page<domain::Notification>) -> Self {
        Self {
            notifications: page.items.iter().map(|item| Notification::from(&**item)).collect(),
            total: page.total,
            unread_count: page.unread,
            has_more: page.has_more,
            cursor: page.cursor,
        }
    }
}

fn kind() -> Object {
    words("What kind of message it is.", NotificationType::ALL, |kind| kind.as_str())
}

impl FeedJson for domain::Notification {
    const CREATED_EVENT: &'static str = "notification:received";

    type Item = Notification;
    type Page = NotificationPage;
    type NewItem = NewNotification;

    fn from_fields(
        fields: &mut Fields,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(Option<UserId>, Self::New)> {
        let user = fields.user()?;
        let kind = NotificationType::parse("type", &fields.text("type")?)?;
        let (title, message) = (fields.text("title")?, fields.text("message")?);
        let (action_url, expires_at) =
            (fields.optional_text("actionUrl")?, fields.optional_text("expiresAt")?);
        let new =
            domain::NewNotification::parse(kind, title, message, action_url, expires_at.as_deref(), now())?;
        Ok((user, new))
    }
}
