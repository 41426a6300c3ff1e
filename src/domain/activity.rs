//! What a user did.

use super::{Cursor, ItemId, JsonData, Result, Text, Timestamp, Title, UserId, words};

words! {
    /// What kind of thing a user did.
    pub enum ActivityType {
        /// Signed in.
        Login = "login",
        /// Wrote a learning log.
        LogCreated = "log_created",
        /// Reached a goal.
        GoalCompleted = "goal_completed",
        /// Added a skill.
        SkillAdded = "skill_added",
        /// Changed the portfolio.
        PortfolioUpdated = "portfolio_updated",
        /// Was sent an e-mail.
        EmailSent = "email_sent",
    }
}

/// Something that a user did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The id.
    pub id: ItemId,
    /// Whose activity it is.
    pub user: UserId,
    /// What kind of thing it was.
    pub kind: ActivityType,
    /// One line about it.
    pub title: Title,
    /// More about it.
    pub description: Option<Text>,
    /// What the client attached.
    pub data: Option<JsonData>,
    /// When it was created.
    pub timestamp: Timestamp,
    /// Whether the user has seen it.
    pub read: bool,
    /// Where its creation stands in the user's history.
    pub cursor: Cursor,
}

impl Activity {
    pub(super) fn create(user: UserId, new: NewActivity, now: Timestamp, cursor: Cursor) -> Self {
        Self {
            id: ItemId::generate(now),
            user,
            kind: new.kind,
            title: new.title,
            description: new.description,
            data: new.data,
            timestamp: now,
            read: false,
            cursor,
        }
    }

    pub(super) fn text_bytes(&self) -> usize {
        let description = self.description.as_ref().map_or(0, |text| text.as_str().len());
        let data = self.data.as_ref().map_or(0, |data| data.as_str().len());
        self.title.as_str().len() + description + data
    }
}

/// An activity to be created.
#[derive(Clone, Debug)]
pub struct NewActivity {
    /// What kind of thing it was.
    pub kind: ActivityType,
    /// One line about it.
    pub title: Title,
    /// More about it.
    pub description: Option<Text>,
    /// What the client attaches.
    pub data: Option<JsonData>,
}

impl NewActivity {
    /// Takes a client's fields; `data: null` is no data.
    pub fn parse(
        kind: ActivityType,
        title: String,
        description: Option<String>,
        data: Option<&serde_json::Value>,
    ) -> Result<Self> {
        Ok(Self {
            kind,
            title: Title::parse("title", title)?,
            description: description.map(|text| Text::parse("description", text)).transpose()?,
            data: data
                .filter(|data| !data.is_null())
                .map(|data| JsonData::parse("data", data))
                .transpose()?,
        })
    }
}
