//! What REST shows and takes, as JSON. `_id` stands where GraphQL says `id`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Page, Ranking};

/// Something that a user did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    #[schema(value_type = String, example = "65b9f2a1c3d4e5f6a7b8c9d0")]
    id: domain::ItemId,
    #[schema(value_type = String)]
    user_id: domain::UserId,
    #[schema(inline, value_type = ActivityType)]
    r#type: domain::ActivityType,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: domain::Title,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<domain::Text>,
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<domain::JsonData>,
    #[schema(value_type = String, format = DateTime)]
    timestamp: domain::Timestamp,
    read: bool,
    /// The position of the change that made it, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<&domain::Activity> for Activity {
    fn from(activity: &domain::Activity) -> Self {
        Self {
            id: activity.id,
            user_id: activity.user.clone(),
            r#type: activity.kind,
            title: activity.title.clone(),
            description: activity.description.clone(),
            data: activity.data.clone(),
            timestamp: activity.timestamp,
            read: activity.read,
            cursor: activity.cursor,
        }
    }
}

/// What kind of thing a user did.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only documents the words of the domain")]
pub(super) enum ActivityType {
    Login,
    LogCreated,
    GoalCompleted,
    SkillAdded,
    PortfolioUpdated,
    EmailSent,
}

/// An activity to be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(super) struct NewActivity {
    /// Whose; the caller's own if absent.
    #[schema(min_length = 1, max_length = 128, example = "user_id_here")]
    user_id: Option<String>,
    #[schema(inline)]
    r#type: ActivityType,
    #[schema(min_length = 1, max_length = 200, example = "User Login")]
    title: String,
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Any JSON: up to 16 KiB and 32 levels deep.
    data: Option<serde_json::Value>,
}

/// A page of activities, newest first, with the counts of the same instant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActivityPage {
    activities: Vec<Activity>,
    total: u64,
    has_more: bool,
    unread_count: u64,
    /// Where the feed stood, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<Page<domain::Activity>> for ActivityPage {
    fn from(page: Page<domain::Activity>) -> Self {
        Self {
            activities: page.items.iter().map(Activity::from).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor,
        }
    }
}

/// Something that a user is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    #[schema(value_type = String, example = "65b9f2a1c3d4e5f6a7b8c9d0")]
    id: domain::ItemId,
    #[schema(value_type = String)]
    user_id: domain::UserId,
    #[schema(inline, value_type = NotificationType)]
    r#type: domain::NotificationType,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: domain::Title,
    #[schema(value_type = String, max_length = 2000)]
    message: domain::Text,
    read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    action_url: Option<domain::ActionUrl>,
    #[schema(value_type = String, format = DateTime)]
    created_at: domain::Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: domain::Timestamp,
    /// The position of the change that made it, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<&domain::Notification> for Notification {
    fn from(notification: &domain::Notification) -> Self {
        Self {
            id: notification.id,
            user_id: notification.user.clone(),
            r#type: notification.kind,
            title: notification.title.clone(),
            message: notification.message.clone(),
            read: notification.read,
            action_url: notification.action_url.clone(),
            created_at: notification.created_at,
            expires_at: notification.expires_at,
            cursor: notification.cursor,
        }
    }
}

/// What kind of message it is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only documents the words of the domain")]
pub(super) enum NotificationType {
    Achievement,
    Milestone,
    Reminder,
    System,
    Social,
}

/// A notification to be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(super) struct NewNotification {
    /// Who is told; the caller if absent. Telling somebody else takes a service or admin.
    #[schema(min_length = 1, max_length = 128, example = "user_id_here")]
    user_id: Option<String>,
    #[schema(inline)]
    r#type: NotificationType,
    #[schema(min_length = 1, max_length = 200, example = "Goal reached")]
    title: String,
    #[schema(max_length = 2000, example = "You finished your first goal.")]
    message: String,
    /// A path that starts with one `/`, or an http(s) URL.
    #[schema(max_length = 2048, example = "/goals")]
    action_url: Option<String>,
    /// In the future; 30 days after the creation if absent.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A page of notifications, newest first, with the counts of the same instant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationPage {
    notifications: Vec<Notification>,
    total: u64,
    unread_count: u64,
    has_more: bool,
    /// Where the feed stood, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<Page<domain::Notification>> for NotificationPage {
    fn from(page: Page<domain::Notification>) -> Self {
        Self {
            notifications: page.items.iter().map(Notification::from).collect(),
            total: page.total,
            unread_count: page.unread,
            has_more: page.has_more,
            cursor: page.cursor,
        }
    }
}

/// What was learned on one day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WeeklyData {
    #[schema(value_type = String, format = Date)]
    date: domain::Day,
    #[schema(value_type = f64, minimum = 0, maximum = 24)]
    hours_logged: domain::Hours,
    #[schema(value_type = u32)]
    logs_count: domain::Counter,
}

/// What was learned in one month.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MonthlyData {
    #[schema(value_type = String, example = "2026-01")]
    month: domain::Month,
    #[schema(value_type = f64)]
    hours_logged: domain::Hours,
    #[schema(value_type = u32)]
    logs_count: domain::Counter,
}

/// What a user has reached, in numbers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Analytics {
    #[schema(value_type = String)]
    user_id: domain::UserId,
    #[schema(value_type = f64)]
    total_learning_hours: domain::Hours,
    #[schema(value_type = u32)]
    current_streak: domain::Counter,
    #[schema(value_type = u32)]
    longest_streak: domain::Counter,
    #[schema(value_type = u32)]
    logs_created: domain::Counter,
    #[schema(value_type = u32)]
    goals_completed: domain::Counter,
    #[schema(value_type = u32)]
    skills_added: domain::Counter,
    /// The newest 84 days that have an entry, ascending.
    weekly_data: Vec<WeeklyData>,
    /// The newest 24 months that have an entry, ascending.
    monthly_data: Vec<MonthlyData>,
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
pub(super) struct LeaderboardPage {
    analytics: Vec<Analytics>,
    total: u64,
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
    #[schema(example = 3)]
    logs_count: u32,
}

/// How many are unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnreadCount {
    pub(super) unread_count: u64,
}

/// How many were unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModifiedCount {
    pub(super) modified_count: u64,
}

/// How many are gone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeletedCount {
    pub(super) deleted_count: u64,
}

/// One sentence.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    pub(super) message: &'static str,
}
