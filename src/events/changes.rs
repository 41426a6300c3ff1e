//! All changes of a user as one stream: the items created in each feed, and the analytics.
//!
//! One cursor serves for all of it, so the kinds come merged in order of position: whoever has seen a position has seen
//! everything up to it.

use std::sync::Arc;

use crate::{
    domain::{Change, Cursor, Event, Position, Result, UserId},
    store::Store,
};

use super::follow::{CATCH_UP_ITEMS, CaughtUp, Followed};

/// Items that were created come each; of analytics that changed meanwhile the newest. Reads, deletions and expiries are
/// left out: they only change counts.
impl Followed for Change {
    const STATE: bool = false;

    fn from_event(event: &Event) -> Option<Self> {
        match &event.change {
            Change::FeedChanged => None,
            change => Some(change.clone()),
        }
    }

    async fn read(store: &Store, user: &UserId, after: Position) -> Result<CaughtUp<Self>> {
        let created = store.created_since(user, after, CATCH_UP_ITEMS).await?;
        let analytics = store.analytics(user).await?.filter(|analytics| analytics.cursor.position() > after);
        let latest = analytics.as_ref().map_or(Position::START, |analytics| analytics.cursor.position());
        let head = created.head.max(latest);
        // The reads are of several instants, and each takes up a bounded number: what lies above the lowest end is read
        // again from there.
        let reached = created.reached;
        let items = created.items.into_iter().map(Change::Created);
        let mut items: Vec<_> =
            items.chain(analytics.map(|record| Change::AnalyticsUpdated(Arc::new(record)))).collect();
        items.retain(|change| position(change) <= reached);
        items.sort_by_key(position);
        Ok(CaughtUp { items, reached, head })
    }
}

fn position(change: &Change) -> Position {
    change.cursor().map_or(Position::START, Cursor::position)
}
