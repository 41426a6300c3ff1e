//! Analytics as JSON.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Object};

use crate::domain::{self, Ranking, StatName};

use super::words::words;

/// What was learned on one day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WeeklyData {
    /// The day, in UTC.
    #[schema(value_type = String, format = Date)]
    date: domain::Day,
    /// Hours learned on the day.
    #[schema(value_type = f64, minimum = 0, maximum = 24)]
    hours_logged: domain::Hours,
    /// Logs written on the day.
    #[schema(value_type = u32)]
    logs_count: domain::Counter,
}

/// What was learned in one month.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MonthlyData {
    /// The month, in UTC.
    #[schema(value_type = String, example = "2026-01")]
    month: domain::Month,
    /// Hours learned in the month.
    #[schema(value_type = f64)]
    hours_logged: domain::Hours,
    /// Logs written in the month.
    #[schema(value_type = u32)]
    logs_count: domain::Counter,
}

/// What a user has reached, in numbers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analytics {
    /// Whose analytics they are.
    #[schema(value_type = String)]
    user_id: domain::UserId,
    /// Hours learned in all.
    #[schema(value_type = f64)]
    total_learning_hours: domain::Hours,
    /// Days in a row up to now.
    #[schema(value_type = u32)]
    current_streak: domain::Counter,
    /// The most days in a row so far.
    #[schema(value_type = u32)]
    longest_streak: domain::Counter,
    /// Logs created in all.
    #[schema(value_type = u32)]
    logs_created: domain::Counter,
    /// Goals completed in all.
    #[schema(value_type = u32)]
    goals_completed: domain::Counter,
    /// Skills added in all.
    #[schema(value_type = u32)]
    skills_added: domain::Counter,
    /// The newest 84 days that have an entry, ascending.
    weekly_data: Vec<WeeklyData>,
    /// The newest 24 months that have an entry, ascending.
    monthly_data: Vec<MonthlyData>,
    /// When they were changed last: RFC 3339 in UTC with milliseconds.
    #[schema(value_type = String, format = DateTime)]
    updated_at: domain::Timestamp,
    /// The position of the change that made them, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<&domain::Analytics> for Analytics {
    fn from(analytics: &domain::Analytics) -> Self {
        let days = analytics.weekly.iter();
        let months = analytics.monthly.iter();
        Self {
            user_id: analytics.user.clone(),
            total_learning_hours: analytics.total_learning_hours,
            current_streak: analytics.current_streak,
            longest_streak: analytics.longest_streak,
            logs_created: analytics.logs_created,
            goals_completed: analytics.goals_completed,
            skills_added: analytics.skills_added,
            weekly_data: days
                .map(|day| WeeklyData { date: day.date, hours_logged: day.hours, logs_count: day.logs })
                .collect(),
            monthly_data: months
                .map(|month| MonthlyData {
                    month: month.month,
                    hours_logged: month.hours,
                    logs_count: month.logs,
                })
                .collect(),
            updated_at: analytics.updated_at,
            cursor: analytics.cursor,
        }
    }
}

/// A page of the leaderboard: most learning hours first, ties by userId.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaderboardPage {
    /// The records, most learning hours first.
    analytics: Vec<Analytics>,
    /// How many users have analytics.
    total: u64,
    /// Whether more records follow.
    has_more: bool,
}

impl From<Ranking> for LeaderboardPage {
    fn from(page: Ranking) -> Self {
        Self {
            analytics: page.items.iter().map(Analytics::from).collect(),
            total: page.total,
            has_more: page.has_more,
        }
    }
}

/// Hours to add.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct LearningHours {
    /// Not 0; a negative number corrects, and the total never falls below 0.
    #[schema(example = 1.5)]
    hours: f64,
}

/// Streaks to set.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct Streak {
    /// Days in a row up to now.
    #[schema(example = 5)]
    current_streak: u32,
    /// The longest streak never falls.
    #[schema(example = 10)]
    longest_streak: u32,
}

/// A counter to change.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct Increment {
    #[schema(schema_with = stat_name)]
    stat_name: String,
    /// A whole number, not 0; the counter never falls below 0.
    #[schema(default = 1)]
    increment_by: Option<i32>,
}

/// An entry to add to a day.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct WeeklyEntry {
    /// `YYYY-MM-DD`; a full timestamp is taken by its day in UTC.
    #[schema(example = "2026-01-31")]
    date: String,
    /// A day takes up to 24 hours.
    #[schema(minimum = 0, maximum = 24, example = 2.5)]
    hours_logged: f64,
    /// Logs to add to the day: a whole number of 0 or more.
    #[schema(example = 3)]
    logs_count: u32,
}

fn stat_name() -> Object {
    words("A counter.", StatName::ALL, |stat| stat.as_str())
}
