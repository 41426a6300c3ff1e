//! Activities in GraphQL.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, connection::Connection};

use crate::domain::{self, FeedFilter, NewActivity, UserId};

use super::{
    budget,
    context::{self, item_id, services, viewer},
    feed::{
        DeletePayload, FeedPage, MarkAllReadPayload, Paged, connection, keyset, page_arguments, page_size,
    },
    record::{Field, Record, record},
    scalars::{DateTime, Json},
    subscription::{Item, delivered, start, start_after},
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
                json.str_unescaped(activity.0.id);
            },
        ),
        Field::new::<ID>("userId", "Whose activity it is.", |activity, _, json| {
            json.text(activity.0.user.as_str());
        }),
        Field::new::<ActivityType>("type", "What kind of thing it was.", |activity, _, json| {
            json.enum_value(ActivityType::from(activity.0.kind));
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
            json.str_unescaped(activity.0.timestamp);
        }),
        Field::new::<bool>("read", "Whether the user has seen it.", |activity, _, json| {
            json.display(activity.0.read);
        }),
        Field::new::<String>(
            "cursor",
            "The position of the change that made it: `after` of a subscription or a page goes on from here.",
            |activity, _, json| json.str_unescaped(activity.0.cursor),
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
    fn parse(self) -> domain::Result<(Option<UserId>, NewActivity)> {
        let user = context::user_id(self.user_id)?;
        let data = self.data.map(Json::into_json).transpose()?;
        let new = NewActivity::parse(self.r#type.into(), self.title, self.description, data.as_ref())?;
        Ok((user, new))
    }
}

/// The queries of activities.
#[derive(Default)]
pub(crate) struct ActivityQueries;

#[Object]
impl ActivityQueries {
    /// A user's activities by number, newest first.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(default = 20, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the newest to leave out.")] skip: i32,
    ) -> Result<FeedPage<Activity>> {
        let (user, window, place) = page_arguments(ctx, user_id, limit, skip).await?;
        Ok(FeedPage::new(services(ctx).activities.page(viewer(ctx), user, window).await?, place))
    }

    /// A user's activities by cursor, newest first, as the Relay specification has it.
    #[graphql(complexity = "1 + page_size(first.or(last)) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments are those of the Relay specification")]
    async fn activity_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "How many of the newest: 0 to 200; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only what is older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest: 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only what is newer than this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this type.")] r#type: Option<ActivityType>,
        #[graphql(desc = "Only what is not read.")] unread_only: Option<bool>,
    ) -> Result<Connection<String, Activity>> {
        let keyset = keyset(first, after, last, before)?;
        let filter = FeedFilter { kind: r#type.map(Into::into), unread_only: unread_only.unwrap_or(false) };
        let user = context::user_id(user_id)?;
        let _place = budget::place(ctx).await?;
        let slice = services(ctx).activities.slice(viewer(ctx), user, keyset, filter).await?;
        connection(ctx, slice).await
    }

    /// How many of a user's activities are unread.
    async fn unread_activity_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<u64> {
        Ok(services(ctx).activities.unread_count(viewer(ctx), context::user_id(user_id)?).await?)
    }
}

/// The mutations of activities.
#[derive(Default)]
pub(crate) struct ActivityMutations;

#[Object]
impl ActivityMutations {
    /// Creates an activity.
    async fn create_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] input: CreateActivityInput,
    ) -> Result<Activity> {
        let (user, new) = input.parse()?;
        Ok(Activity(services(ctx).activities.create(viewer(ctx), user, new).await?))
    }

    /// Marks an activity read; again: the same answer.
    async fn mark_activity_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] id: ID,
    ) -> Result<Activity> {
        Ok(services(ctx).activities.mark_read(viewer(ctx), item_id(&id)?).await?.into())
    }

    /// Marks every activity of a user read.
    async fn mark_all_activities_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<MarkAllReadPayload> {
        let user = context::user_id(user_id)?;
        let modified_count = services(ctx).activities.mark_all_read(viewer(ctx), user).await?;
        Ok(MarkAllReadPayload { modified_count })
    }

    /// Deletes an activity.
    async fn delete_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The activity.")] id: ID,
    ) -> Result<DeletePayload> {
        services(ctx).activities.delete(viewer(ctx), item_id(&id)?).await?;
        Ok(DeletePayload { id, message: "Activity deleted".to_owned() })
    }
}

/// The subscriptions of activities.
#[derive(Default)]
pub(crate) struct ActivitySubscriptions;

#[Object]
impl ActivitySubscriptions {
    /// A user's activities as they are created.
    async fn activity_created(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of a page, of an activity or of the last one received.")] after: Option<
            String,
        >,
    ) -> Result<Activity> {
        if let Some(activity) = delivered(ctx) {
            return Ok(Activity(activity));
        }
        let (user, after) = (context::user_id(user_id)?, start_after(ctx, after)?);
        let following = services(ctx).activities.follow(viewer(ctx), user, after).await?;
        start(ctx, following, |activity| Item::new(Some(activity.cursor), activity))
    }
}
