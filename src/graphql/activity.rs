//! Activities in GraphQL.

use std::sync::Arc;

use async_graphql::{Description, Enum, ID, InputObject, Object, SimpleObject};

use crate::domain::{self, NewActivity, Page, Result, UserId};

use super::{
    scalars::{DateTime, Json},
    user_id,
};

/// What kind of thing a user did.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "domain::ActivityType")]
pub(super) enum ActivityType {
    /// Signed in.
    Login,
    /// Wrote a learning log.
    LogCreated,
    /// Reached a goal.
    GoalCompleted,
    /// Added a skill.
    SkillAdded,
    /// Changed the portfolio.
    PortfolioUpdated,
    /// Was sent an e-mail.
    EmailSent,
}

/// Something that a user did.
#[derive(Clone, Description)]
pub(super) struct Activity(pub(super) Arc<domain::Activity>);

#[Object(use_type_description)]
impl Activity {
    /// The id: 24 hex digits, ordered by the second of creation.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whose activity it is.
    async fn user_id(&self) -> ID {
        self.0.user.as_str().into()
    }

    /// What kind of thing it was.
    async fn r#type(&self) -> ActivityType {
        self.0.kind.into()
    }

    /// One line about it: 1 to 200 characters.
    async fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// More about it: up to 2,000 characters.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_ref().map(domain::Text::as_str)
    }

    /// What the client attached.
    async fn data(&self) -> Option<Json> {
        self.0.data.as_ref().map(Json::from)
    }

    /// When it was created.
    async fn timestamp(&self) -> DateTime {
        self.0.timestamp.into()
    }

    /// Whether the user has seen it.
    async fn read(&self) -> bool {
        self.0.read
    }

    /// The position of the change that made it: `after` of a subscription or a page goes on from here.
    async fn cursor(&self) -> String {
        self.0.cursor.to_string()
    }
}

impl From<domain::Activity> for Activity {
    fn from(activity: domain::Activity) -> Self {
        Self(Arc::new(activity))
    }
}

/// A page of activities, newest first, with the counts of the same instant.
#[derive(SimpleObject)]
pub(super) struct ActivityPage {
    /// The activities, newest first.
    activities: Vec<Activity>,
    /// How many there are.
    total: u64,
    /// Whether older ones follow.
    has_more: bool,
    /// How many are unread.
    unread_count: u64,
    /// Where the feed stood: a subscription with `after` this misses nothing and repeats nothing.
    cursor: String,
}

impl From<Page<domain::Activity>> for ActivityPage {
    fn from(page: Page<domain::Activity>) -> Self {
        Self {
            activities: page.items.into_iter().map(Activity).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor.to_string(),
        }
    }
}

/// An activity to be created.
#[derive(InputObject)]
pub(super) struct CreateActivityInput {
    /// Whose activity it is; the viewer's own if absent.
    user_id: Option<ID>,
    /// What kind of thing it was.
    r#type: ActivityType,
    /// One line about it: 1 to 200 characters.
    title: String,
    /// More about it: up to 2,000 characters.
    description: Option<String>,
    /// Any JSON: up to 16 KiB and 32 levels deep.
    data: Option<Json>,
}

impl CreateActivityInput {
    pub(super) fn parse(self) -> Result<(Option<UserId>, NewActivity)> {
        let user = user_id(self.user_id)?;
        let data = self.data.map(Json::into_json).transpose()?;
        let new = NewActivity::parse(self.r#type.into(), self.title, self.description, data.as_ref())?;
        Ok((user, new))
    }
}
