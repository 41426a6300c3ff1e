//! Analytics in GraphQL.

use std::sync::Arc;

use async_graphql::{Context, Description, Enum, ID, Object, Result, SimpleObject};

use crate::{
    domain::{self, AnalyticsChange, Ranking, WeeklyEntry, Window},
    service::CurrentAnalytics,
};

use super::{
    budget::{self, Place},
    context::{self, services, viewer},
    feed::page_size,
    scalars::{Date, DateTime},
    subscription::{Item, delivered, start, start_after},
};

/// A counter of the analytics.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "domain::StatName")]
pub(super) enum StatName {
    /// Learning logs written.
    LogsCreated,
    /// Goals reached.
    GoalsCompleted,
    /// Skills added.
    SkillsAdded,
}

/// What was learned on one day.
#[derive(SimpleObject)]
pub(super) struct WeeklyData {
    /// The day in UTC.
    date: Date,
    /// Hours of learning: 0 to 24.
    hours_logged: f64,
    /// Learning logs.
    logs_count: i32,
}

/// What was learned in one month: the sum of the entries of its days.
#[derive(SimpleObject)]
pub(super) struct MonthlyData {
    /// The month in UTC: `YYYY-MM`.
    month: String,
    /// Hours of learning.
    hours_logged: f64,
    /// Learning logs.
    logs_count: i32,
}

/// What a user has reached, in numbers.
#[derive(Clone, Description)]
pub(super) struct Analytics(pub(super) Arc<domain::Analytics>);

#[Object(use_type_description)]
impl Analytics {
    /// Whose numbers they are.
    async fn user_id(&self) -> ID {
        self.0.user.as_str().into()
    }

    /// All hours of learning; sums are exact.
    async fn total_learning_hours(&self) -> f64 {
        self.0.total_learning_hours.as_f64()
    }

    /// Days in a row until now.
    async fn current_streak(&self) -> i32 {
        self.0.current_streak.get()
    }

    /// The most days in a row ever.
    async fn longest_streak(&self) -> i32 {
        self.0.longest_streak.get()
    }

    /// Learning logs written.
    async fn logs_created(&self) -> i32 {
        self.0.logs_created.get()
    }

    /// Goals reached.
    async fn goals_completed(&self) -> i32 {
        self.0.goals_completed.get()
    }

    /// Skills added.
    async fn skills_added(&self) -> i32 {
        self.0.skills_added.get()
    }

    /// The newest 84 days that have an entry, ascending.
    async fn weekly_data(&self) -> Vec<WeeklyData> {
        let days = self.0.weekly.iter();
        days.map(|day| WeeklyData {
            date: day.date.into(),
            hours_logged: day.hours.as_f64(),
            logs_count: day.logs.get(),
        })
        .collect()
    }

    /// The newest 24 months that have an entry, ascending.
    async fn monthly_data(&self) -> Vec<MonthlyData> {
        let months = self.0.monthly.iter();
        months
            .map(|month| MonthlyData {
                month: month.month.to_string(),
                hours_logged: month.hours.as_f64(),
                logs_count: month.logs.get(),
            })
            .collect()
    }

    /// When they last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// The position of the change that made them: `after` of `analyticsUpdated` goes on from here.
    async fn cursor(&self) -> String {
        self.0.cursor.to_string()
    }
}

impl From<domain::Analytics> for Analytics {
    fn from(analytics: domain::Analytics) -> Self {
        Self(Arc::new(analytics))
    }
}

/// A page of the leaderboard: most learning hours first, ties by user id.
#[derive(SimpleObject)]
pub(super) struct LeaderboardPage {
    /// The analytics of the users of this page.
    analytics: Vec<Analytics>,
    /// How many users there are.
    total: u64,
    /// Whether more follow.
    has_more: bool,
    #[graphql(skip)]
    _place: Option<Place>,
}

impl LeaderboardPage {
    /// The page as the schema has it.
    pub(super) fn new(page: Ranking, place: Option<Place>) -> Self {
        Self {
            analytics: page.items.into_iter().map(Analytics::from).collect(),
            total: page.total,
            has_more: page.has_more,
            _place: place,
        }
    }
}

/// How much a user has not read, as absolute numbers.
#[derive(SimpleObject)]
pub(super) struct UnreadCounts {
    /// Unread activities.
    activities: u64,
    /// Unread notifications.
    notifications: u64,
    /// Where the user's history stood.
    cursor: String,
}

impl From<domain::UnreadCounts> for UnreadCounts {
    fn from(counts: domain::UnreadCounts) -> Self {
        Self {
            activities: counts.of(domain::FeedKind::Activities),
            notifications: counts.of(domain::FeedKind::Notifications),
            cursor: counts.cursor.to_string(),
        }
    }
}

/// The queries of analytics.
#[derive(Default)]
pub(crate) struct AnalyticsQueries;

#[Object]
impl AnalyticsQueries {
    /// A user's analytics; null where the user has none yet.
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Option<Result<Analytics>> {
        // An error inside the `Option` nulls this field alone; outside of it, it would null the whole answer.
        find_analytics(ctx, user_id).await.transpose()
    }

    /// Everybody's analytics: most learning hours first, ties by user id.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 100, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the first to leave out.")] skip: i32,
    ) -> Result<LeaderboardPage> {
        let window = Window::parse(limit.into(), skip.into())?;
        let place = budget::place(ctx).await?;
        Ok(LeaderboardPage::new(services(ctx).analytics.leaderboard(viewer(ctx), window).await?, place))
    }
}

async fn find_analytics(ctx: &Context<'_>, user: Option<ID>) -> Result<Option<Analytics>> {
    let found = services(ctx).analytics.get(viewer(ctx), context::user_id(user)?).await?;
    Ok(found.map(Analytics::from))
}

/// The mutations of analytics.
#[derive(Default)]
pub(crate) struct AnalyticsMutations;

#[Object]
impl AnalyticsMutations {
    /// Creates a user's analytics, or leaves them as they stand.
    async fn init_analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<Analytics> {
        change(ctx, user_id, AnalyticsChange::Init).await
    }

    /// Adds to a user's learning hours.
    async fn update_learning_hours(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(
            desc = "What to add, not 0; a negative number corrects, and the total never falls below 0."
        )]
        hours: f64,
    ) -> Result<Analytics> {
        change(ctx, user_id, AnalyticsChange::add_hours(hours)?).await
    }

    /// Sets a user's streaks. The longest one never falls.
    async fn update_streak(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "Days in a row until now: 0 or more.")] current_streak: i32,
        #[graphql(desc = "The most days in a row: 0 or more.")] longest_streak: i32,
    ) -> Result<Analytics> {
        change(ctx, user_id, AnalyticsChange::set_streak(current_streak.into(), longest_streak.into())?).await
    }

    /// Adds to one of a user's counters, which never falls below 0.
    async fn increment_stat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "Which counter.")] stat_name: StatName,
        #[graphql(default = 1, desc = "What to add, not 0.")] increment_by: i32,
    ) -> Result<Analytics> {
        change(ctx, user_id, AnalyticsChange::increment(stat_name.into(), increment_by.into())?).await
    }

    /// Adds to a day. A second entry for a day adds to the first; a day takes up to 24 hours.
    async fn add_weekly_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The day; a full timestamp is taken by its day in UTC.")] date: Date,
        #[graphql(desc = "Hours to add: 0 to 24.")] hours_logged: f64,
        #[graphql(desc = "Learning logs to add: 0 or more.")] logs_count: i32,
    ) -> Result<Analytics> {
        let entry = WeeklyEntry::parse(&date.0, hours_logged, logs_count.into())?;
        change(ctx, user_id, AnalyticsChange::AddWeekly(entry)).await
    }
}

async fn change(ctx: &Context<'_>, user_id: Option<ID>, change: AnalyticsChange) -> Result<Analytics> {
    let user = context::user_id(user_id)?;
    Ok(services(ctx).analytics.change(viewer(ctx), user, change).await?.analytics.into())
}

/// The subscriptions of analytics and of unread counts.
#[derive(Default)]
pub(crate) struct AnalyticsSubscriptions;

#[Object]
impl AnalyticsSubscriptions {
    /// A user's analytics after each change. A reader that is behind gets the newest state, not each step.
    async fn analytics_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "The cursor of the analytics last received.")] after: Option<String>,
    ) -> Result<Analytics> {
        if let Some(analytics) = delivered(ctx) {
            return Ok(Analytics(analytics));
        }
        let (user, after) = (context::user_id(user_id)?, start_after(ctx, after)?);
        let following = services(ctx).analytics.follow(viewer(ctx), user, after).await?;
        start(ctx, following, |CurrentAnalytics(analytics)| Item::new(Some(analytics.cursor), analytics))
    }

    /// A user's unread counts: as they are at once, then after each change.
    async fn unread_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<UnreadCounts> {
        if let Some(counts) = delivered::<domain::UnreadCounts>(ctx) {
            return Ok((*counts).into());
        }
        let following =
            services(ctx).analytics.follow_unread(viewer(ctx), context::user_id(user_id)?).await?;
        start(ctx, following, |counts| Item::new(Some(counts.cursor), Arc::new(counts)))
    }
}
