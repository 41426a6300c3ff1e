//! Activities in GraphQL.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject};

use crate::domain::{self, NewActivity, Result, UserId};

use super::{
    page::{FeedPage, Paged},
    record::{Field, Record, record},
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
#[derive(Clone)]
pub(super) struct Activity(pub(super) Arc<domain::Activity>);

impl Record for Activity {
    const NAME: &'static str = "Activity";
    const DESCRIPTION: &'static str = "Something that a user did.";
    const FIELDS: &'static [Field<Self>] = &[
        Field::new::<ID>(
            "id",
            "The id: 24 hex digits, ordered by the second of creation.",
            |activity, _, json| {
                json.plain(activity.0.id);
            },
        ),
        Field::new::<ID>("userId", "Whose activity it is.", |activity, _, json| {
            json.text(activity.0.user.as_str());
        }),
        Field::new::<ActivityType>("type", "What kind of thing it was.", |activity, _, json| {
            json.word(ActivityType::from(activity.0.kind));
        }),
        Field::new::<String>("title", "One line about it: 1 to 200 characters.", |activity, _, json| {
            json.text(activity.0.title.as_str());
        }),
        Field::new::<Option<String>>(
            "description",
            "More about it: up to 2,000 characters.",
            |activity, _, json| {
                json.option(activity.0.description.as_ref(), |json, text| json.text(text.as_str()));
            },
        ),
        Field::new::<Option<Json>>("data", "What the client attached.", |activity, _, json| {
            json.option(activity.0.data.as_ref(), |json, data| json.raw(data.as_str()));
        }),
        Field::new::<DateTime>("timestamp", "When it was created.", |activity, _, json| {
            json.plain(activity.0.timestamp);
        }),
        Field::new::<bool>("read", "Whether the user has seen it.", |activity, _, json| {
            json.literal(activity.0.read);
        }),
        Field::new::<String>(
            "cursor",
            "The position of the change that made it: `after` of a subscription or a page goes on from here.",
            |activity, _, json| json.plain(activity.0.cursor),
        ),
    ];
}

impl Paged for Activity {
    const PAGE: &'static str = "ActivityPage";
    const PAGE_DESCRIPTION: &'static str =
        "A page of activities, newest first, with the counts of the same instant.";
    const ITEMS: &'static str = "activities";
    const ITEMS_DESCRIPTION: &'static str = "The activities, newest first.";
}

record!(Activity, FeedPage<Activity>);

impl From<Arc<domain::Activity>> for Activity {
    fn from(activity: Arc<domain::Activity>) -> Self {
        Self(activity)
    }
}

impl From<domain::Activity> for Activity {
    fn from(activity: domain::Activity) -> Self {
        Self(Arc::new(activity))
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
