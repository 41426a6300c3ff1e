//! Events: each is one committed change of one user, as followers get it.

use std::sync::Arc;

use super::{Analytics, Cursor, FeedKind, Item, PerFeed, Position, UserId};

/// How many items a user has not read, as absolute numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadCounts {
    /// Unread items by feed.
    pub unread: PerFeed<u64>,
    /// The position of the user's history that the counts belong to.
    pub cursor: Cursor,
}

impl UnreadCounts {
    /// Unread items of `feed`.
    pub fn of(&self, feed: FeedKind) -> u64 {
        self.unread[feed]
    }
}

/// One committed change of one user.
#[derive(Clone, Debug)]
pub struct Event {
    /// The user whose history changed.
    pub user: UserId,
    /// Its number: one more than that of the user's change before.
    pub position: Position,
    /// The unread counts after it.
    pub counts: UnreadCounts,
    /// The change.
    pub change: Change,
}

/// A change of a user's history.
#[derive(Clone, Debug)]
pub enum Change {
    /// An item was created.
    Created(Item),
    /// The analytics are now these.
    AnalyticsUpdated(Arc<Analytics>),
    /// Items were read, deleted or expired: only counts changed.
    FeedChanged,
}

impl Change {
    /// The position of the change; a change of counts alone is not kept and has none.
    pub fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Created(item) => Some(item.cursor()),
            Self::AnalyticsUpdated(analytics) => Some(analytics.cursor),
            Self::FeedChanged => None,
        }
    }

    /// The user whose item or record it is; a change of counts alone names none.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Created(item) => Some(item.user()),
            Self::AnalyticsUpdated(analytics) => Some(&analytics.user),
            Self::FeedChanged => None,
        }
    }
}
