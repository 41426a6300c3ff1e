//! The JSON of REST and Socket.IO: `_id` in place of GraphQL's `id`.

mod activity;
mod analytics;
mod feed;
mod fields;
mod notification;
mod words;

pub(crate) use self::{
    activity::{Activity, ActivityPage},
    analytics::{Analytics, Increment, LeaderboardPage, LearningHours, Streak, WeeklyEntry},
    feed::FeedJson,
    fields::Fields,
    notification::NotificationPage,
};
