//! What can be changed. Each answers once the change is durable.

use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};

use crate::domain::{AnalyticsChange, WeeklyEntry};

use super::{
    activity::{Activity, CreateActivityInput},
    analytics::{Analytics, StatName},
    item_id,
    notification::{CreateNotificationInput, Notification},
    scalars::Date,
    services, viewer,
};

/// What marking a whole feed read did.
#[derive(SimpleObject)]
pub(super) struct MarkAllReadPayload {
    /// How many were unread.
    modified_count: u64,
}

/// What deleting did.
#[derive(SimpleObject)]
pub(super) struct DeletePayload {
    /// The id of what is gone.
    id: ID,
    /// One sentence.
    message: String,
}

/// What clearing a feed did.
#[derive(SimpleObject)]
pub(super) struct ClearPayload {
    /// How many are gone.
    deleted_count: u64,
}

/// What can be changed. Every `userId` may be left out: then it is the viewer's own. Each change is durable when it
/// is answered, and is pushed to those who follow the user.
#[derive(Description)]
pub(crate) struct Mutation;

#[Object(use_type_description)]
impl Mutation {
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
        let user = super::user_id(user_id)?;
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

    /// Creates a notification. Telling somebody else takes a service or admin.
    async fn create_notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] input: CreateNotificationInput,
    ) -> Result<Notification> {
        let notifications = &services(ctx).notifications;
        let (user, new) = input.parse(notifications.now())?;
        Ok(Notification(notifications.create(viewer(ctx), user, new).await?))
    }

    /// Marks a notification read; again: the same answer.
    async fn mark_notification_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] id: ID,
    ) -> Result<Notification> {
        Ok(services(ctx).notifications.mark_read(viewer(ctx), item_id(&id)?).await?.into())
    }

    /// Marks every notification of a user read.
    async fn mark_all_notifications_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<MarkAllReadPayload> {
        let user = super::user_id(user_id)?;
        let modified_count = services(ctx).notifications.mark_all_read(viewer(ctx), user).await?;
        Ok(MarkAllReadPayload { modified_count })
    }

    /// Deletes a notification.
    async fn delete_notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notification.")] id: ID,
    ) -> Result<DeletePayload> {
        services(ctx).notifications.delete(viewer(ctx), item_id(&id)?).await?;
        Ok(DeletePayload { id, message: "Notification deleted".to_owned() })
    }

    /// Deletes every notification of a user.
    async fn clear_notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<ClearPayload> {
        let user = super::user_id(user_id)?;
        let deleted_count = services(ctx).notifications.clear(viewer(ctx), user).await?;
        Ok(ClearPayload { deleted_count })
    }
}

async fn change(ctx: &Context<'_>, user_id: Option<ID>, change: AnalyticsChange) -> Result<Analytics> {
    let user = super::user_id(user_id)?;
    Ok(services(ctx).analytics.change(viewer(ctx), user, change).await?.analytics.into())
}
