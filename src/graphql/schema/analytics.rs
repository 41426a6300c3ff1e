//! Analytics in GraphQL.

use std::sync::Arc;

use async_graphql::{Description, Enum, ID, Object, SimpleObject};

use crate::domain::{self, Ranking};

use super::{
    budget::Place,
    scalars::{Date, DateTime},
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
