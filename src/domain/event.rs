//! What happened, as it is told to those who follow a user.

use std::sync::Arc;

use super::{Activity, Analytics, Cursor, Notification, Position, UserId};

/// How much a user has not read, as absolute numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadCounts {
    /// Unread activities.
    pub activities: u64,
    /// Unread notifications.
    pub notifications: u64,
    /// Where the user's history stood.
    pub cursor: Cursor,
}

/// One committed change of one user.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose change it is.
    pub user: UserId,
    /// Its number: one more than that of the user's change before.
    pub position: Position,
    /// The unread counts after it.
    pub counts: UnreadCounts,
    /// What changed.
    pub change: Change,
}

/// What a change was.
#[derive(Clone, Debug)]
pub enum Change {
    /// An activity was created.
    ActivityCreated(Arc<Activity>),
    /// A notification was created.
    NotificationCreated(Arc<Notification>),
    /// The analytics are now these.
    AnalyticsUpdated(Arc<Analytics>),
    /// Items were read, deleted or expired: only counts changed.
    FeedChanged,
}

impl Change {
    /// Where the change stands in the user's history; a change of counts alone is not kept and has no place.
    pub fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::ActivityCreated(activity) => Some(activity.cursor),
            Self::NotificationCreated(notification) => Some(notification.cursor),
            Self::AnalyticsUpdated(analytics) => Some(analytics.cursor),
            Self::FeedChanged => None,
        }
    }
}
