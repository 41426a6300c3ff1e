//! All that a user's app is told, as one stream: what was created in either feed, and the analytics.
//!
//! One cursor serves for all of it, so the kinds come merged in order of position: whoever has seen a position has seen
//! everything up to it.

use std::sync::Arc;

use crate::{
    domain::{Activity, Change, Cursor, Event, Notification, Position, Result, UserId},
    store::{Since, Store, StoredItem},
};

use super::follow::{CaughtUp, Followed, READ};

/// Items that were created come each; of analytics that changed meanwhile the newest. Reads, deletions and expiries are
/// left out: they only change counts.
impl Followed for Change {
    const STATE: bool = false;

    fn brought_by(event: &Event) -> Option<Self> {
        match &event.change {
            Change::FeedChanged => None,
            change => Some(change.clone()),
        }
    }

    async fn read(store: &Store, user: &UserId, after: Position) -> Result<CaughtUp<Self>> {
        let activities = store.since::<Activity>(user, after, READ).await?;
        let notifications = store.since::<Notification>(user, after, READ).await?;
        let analytics = store.analytics(user).await?.filter(|analytics| analytics.cursor.position() > after);
        // The reads are of three instants, and each takes up a bounded number: what lies above the lowest end is read
        // again from there.
        let reached = reached(&activities).min(reached(&notifications));
        let latest = analytics.as_ref().map_or(Position::START, |analytics| analytics.cursor.position());
        let head = activities.head.max(notifications.head).max(latest);
        let created = activities.items.into_iter().map(|item| Change::ActivityCreated(Arc::new(item)));
        let told = notifications.items.into_iter().map(|item| Change::NotificationCreated(Arc::new(item)));
        let numbers = analytics.into_iter().map(|analytics| Change::AnalyticsUpdated(Arc::new(analytics)));
        let mut items: Vec<_> = created.chain(told).chain(numbers).collect();
        items.retain(|change| position(change) <= reached);
        items.sort_by_key(position);
        Ok(CaughtUp { items, reached, head })
    }
}

/// Up to where a read took up everything of its kind.
pub(super) fn reached<T: StoredItem>(since: &Since<T>) -> Position {
    match since.items.last() {
        Some(last) if since.items.len() == READ as usize => last.cursor().position(),
        _ => since.head,
    }
}

fn position(change: &Change) -> Position {
    change.cursor().map_or(Position::START, Cursor::position)
}
