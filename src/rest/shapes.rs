//! What only REST shows and takes, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::Ranking, json::Analytics};

/// A page of the leaderboard: most learning hours first, ties by userId.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaderboardPage {
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
pub(super) struct LearningHours {
    /// Not 0; a negative number corrects, and the total never falls below 0.
    #[schema(example = 1.5)]
    hours: f64,
}

/// Streaks to set.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(super) struct Streak {
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
pub(super) struct Increment {
    #[schema(inline)]
    stat_name: StatName,
    /// A whole number, not 0; the counter never falls below 0.
    #[schema(default = 1)]
    increment_by: Option<i32>,
}

/// A counter.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents the words of the domain")]
pub(super) enum StatName {
    LogsCreated,
    GoalsCompleted,
    SkillsAdded,
}

/// An entry to add to a day.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(super) struct WeeklyEntry {
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

/// How many are unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnreadCount {
    /// How many items of the feed are unread.
    pub(super) unread_count: u64,
}

/// How many were unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModifiedCount {
    /// How many items were unread before.
    pub(super) modified_count: u64,
}

/// How many are gone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeletedCount {
    /// How many items were deleted.
    pub(super) deleted_count: u64,
}

/// One sentence.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    /// What was done.
    pub(super) message: &'static str,
}
