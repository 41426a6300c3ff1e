//! Activities in GraphQL.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject};

use crate::domain::{self, Cursor, NewActivity, Page, Result, UserId, Written};

use super::{
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

impl From<domain::Activity> for Activity {
    fn from(activity: domain::Activity) -> Self {
        Self(Arc::new(activity))
    }
}

/// A page of activities, newest first, with the counts of the same instant.
pub(super) struct ActivityPage {
    activities: Vec<Activity>,
    total: u64,
    has_more: bool,
    unread_count: u64,
    cursor: Cursor,
    written: Option<Written>,
}

impl Record for ActivityPage {
    const NAME: &'static str = "ActivityPage";
    const DESCRIPTION: &'static str =
        "A page of activities, newest first, with the counts of the same instant.";
    const FIELDS: &'static [Field<Self>] = &[
        Field::new::<Vec<Activity>>("activities", "The activities, newest first.", |page, sets, json| {
            sets.list(&page.activities, json);
        }),
        Field::new::<u64>("total", "How many there are.", |page, _, json| json.literal(page.total)),
        Field::new::<bool>("hasMore", "Whether older ones follow.", |page, _, json| {
            json.literal(page.has_more)
        }),
        Field::new::<u64>("unreadCount", "How many are unread.", |page, _, json| {
            json.literal(page.unread_count);
        }),
        Field::new::<String>(
            "cursor",
            "Where the feed stood: a subscription with `after` this misses nothing and repeats nothing.",
            |page, _, json| json.plain(page.cursor),
        ),
    ];

    fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }
}

record!(Activity, ActivityPage);

impl From<Page<domain::Activity>> for ActivityPage {
    fn from(page: Page<domain::Activity>) -> Self {
        Self {
            activities: page.items.into_iter().map(Activity).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor,
            written: page.written,
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
