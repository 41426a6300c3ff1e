//! Things as JSON, as REST and Socket.IO show and take them: `_id` stands where GraphQL says `id`.

mod activity;
mod analytics;
mod fields;
mod notification;

pub(crate) use self::{
    activity::{Activity, ActivityPage, NewActivity},
    analytics::Analytics,
    fields::Fields,
    notification::{NewNotification, Notification, NotificationPage},
};
