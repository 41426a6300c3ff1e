//! What a user is told.

use super::{ActionUrl, Cursor, Error, ItemId, Result, Text, Timestamp, Title, UserId, words};

words! {
    /// What kind of message it is.
    pub enum NotificationType {
        /// Something was achieved.
        Achievement = "achievement",
        /// A mark was passed.
        Milestone = "milestone",
        /// Something is due.
        Reminder = "reminder",
        /// The product itself speaks.
        System = "system",
        /// Other people did something.
        Social = "social",
    }
}

/// Something that a user is told. It is gone from everything at the instant `expires_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The id.
    pub id: ItemId,
    /// Who is told.
    pub user: UserId,
    /// What kind of message it is.
    pub kind: NotificationType,
    /// One line.
    pub title: Title,
    /// The message.
    pub message: Text,
    /// Whether the user has seen it.
    pub read: bool,
    /// Where it leads.
    pub action_url: Option<ActionUrl>,
    /// When it was created.
    pub created_at: Timestamp,
    /// From when on it is gone.
    pub expires_at: Timestamp,
    /// Where its creation stands in the user's history.
    pub cursor: Cursor,
}

impl Notification {
    pub(super) fn create(user: UserId, new: NewNotification, now: Timestamp, cursor: Cursor) -> Self {
        Self {
            id: ItemId::generate(now),
            user,
            kind: new.kind,
            title: new.title,
            message: new.message,
            read: false,
            action_url: new.action_url,
            created_at: now,
            expires_at: new.expires_at.unwrap_or(now.plus_days(NewNotification::LIFETIME_DAYS)),
            cursor,
        }
    }

    /// Whether it is gone at `now`: it expires at the instant `expires_at`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    pub(super) fn text_bytes(&self) -> usize {
        let url = self.action_url.as_ref().map_or(0, |url| url.as_str().len());
        self.title.as_str().len() + self.message.as_str().len() + url
    }
}

/// A notification to be created.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// What kind of message it is.
    pub kind: NotificationType,
    /// One line.
    pub title: Title,
    /// The message.
    pub message: Text,
    /// Where it leads.
    pub action_url: Option<ActionUrl>,
    /// From when on it is gone; [`NewNotification::LIFETIME_DAYS`] after its creation if absent.
    pub expires_at: Option<Timestamp>,
}

impl NewNotification {
    /// How long a notification lives that names no end.
    pub const LIFETIME_DAYS: i64 = 30;

    /// Takes a client's fields; `expires_at` must lie after `now`.
    pub fn parse(
        kind: NotificationType,
        title: String,
        message: String,
        action_url: Option<String>,
        expires_at: Option<&str>,
        now: Timestamp,
    ) -> Result<Self> {
        let expires_at = expires_at.map(|text| Timestamp::parse("expiresAt", text)).transpose()?;
        if let Some(time) = expires_at.filter(|time| *time <= now) {
            return Err(Error::field(
                "expiresAt",
                format!("expiresAt must lie in the future, but is {time}."),
            ));
        }
        Ok(Self {
            kind,
            title: Title::parse("title", title)?,
            message: Text::parse("message", message)?,
            action_url: action_url.map(|text| ActionUrl::parse("actionUrl", text)).transpose()?,
            expires_at,
        })
    }
}
