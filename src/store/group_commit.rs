//! Group commit of appends: the rows of all users of a batch are bumped, each item gets its position, and all of it is one commit.
//!
//! The positions, counts and events are computed here; the driver bumps the rows and inserts the items.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use tokio::sync::oneshot;

use crate::domain::{
    Change, Epoch, Error, Event, FeedItem, Item, NewItem, Position, Result, Timestamp, UserId, each_feed_item,
};

use super::{
    database::Executor,
    entity::StoredItem,
    error::Uncounted,
    expiry,
    position::{CountDelta, UserPosition},
    sql::json_list,
    write::Tx,
};

/// How long a batch in PostgreSQL waits for a row that others hold locked, where it does not wait as long as a session does: longer
/// than a transaction of another node takes.
const SHORT_LOCK_TIMEOUT: &str = "200ms";
/// Of the users in the list `$1` those whose rows are there and locked.
const LOCKED: &str = "WITH users AS (SELECT jsonb_array_elements_text($1::jsonb) AS user_id), \
    free AS (SELECT user_id FROM user_position WHERE user_id IN (SELECT user_id FROM users) FOR UPDATE SKIP LOCKED) \
    SELECT user_id FROM user_position WHERE user_id IN (SELECT user_id FROM users) \
    AND user_id NOT IN (SELECT user_id FROM free)";

/// An item that waits to be created, and the caller that waits for it.
pub(super) struct Append {
    pub(super) user: UserId,
    pub(super) new: NewItem,
    /// Takes the item's event once it is committed.
    pub(super) done: oneshot::Sender<Result<Arc<Event>, NotAppended>>,
}

/// Why an item was not created.
pub(super) struct NotAppended {
    pub(super) error: Error,
    /// The item, where the write gave up over notifications that have expired: it is made again.
    pub(super) new: Option<Box<NewItem>>,
}

impl Append {
    /// Answers with an error.
    pub(super) fn fail(self, error: Error) {
        let again = Uncounted::users(&error).is_some_and(|users| users.contains(&self.user));
        let new = again.then(|| Box::new(self.new));
        // A caller that no longer waits needs no answer.
        let _ = self.done.send(Err(NotAppended { error, new }));
    }
}

/// How long a batch in PostgreSQL waits for a row that others hold locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockTimeout {
    /// As long as any statement of a session.
    Session,
    /// For a moment.
    Short,
}

/// Creates the items of `batch` in its order, at most a few hundred; returns their events in the same order.
///
/// # Errors
/// [`Uncounted`] where too many notifications of some users have expired.
pub(super) async fn append_all(
    tx: Tx<'_>,
    batch: &[Append],
    lock_timeout: LockTimeout,
) -> Result<Vec<Arc<Event>>> {
    // In order of the user, so that two batches never wait for each other.
    let mut deltas: BTreeMap<&UserId, CountDelta> = BTreeMap::new();
    for append in batch {
        deltas.entry(&append.user).or_default()[append.new.feed()] += 1;
    }
    let users = deltas.iter().map(|(user, delta)| ((*user).clone(), *delta)).collect();
    let timeout = if lock_timeout == LockTimeout::Short { SHORT_LOCK_TIMEOUT } else { "" };
    let rows = UserPosition::bump(tx.db, users, tx.now, timeout).await?;
    let (items, events) = assign_positions(batch, deltas, rows, tx.epoch, tx.now)?;
    insert_items(tx.db, &items).await?;
    for item in items.iter().filter(|item| item.feed() == expiry::FEED) {
        expiry::count_late(tx.db, item, tx.now).await?;
    }
    Ok(events)
}

/// Gives the items of `batch` their positions. `rows` are those of its users, in their order, bumped by `deltas`.
fn assign_positions(
    batch: &[Append],
    deltas: BTreeMap<&UserId, CountDelta>,
    rows: Vec<UserPosition>,
    epoch: Epoch,
    now: Timestamp,
) -> Result<(Vec<Item>, Vec<Arc<Event>>)> {
    let start = |(user, pending): (_, CountDelta), row: UserPosition| {
        let added = u64::try_from(pending.values().sum::<i64>()).unwrap_or(0);
        let before = Position(row.position().0 - added);
        (user, (row, before, pending))
    };
    let mut places: BTreeMap<&UserId, _> = deltas.into_iter().zip(rows).map(|(a, b)| start(a, b)).collect();
    let (mut items, mut events) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for append in batch {
        let (row, position, pending) =
            places.get_mut(&append.user).ok_or_else(|| Error::internal("a user of a batch has no row"))?;
        *position = position.next();
        pending[append.new.feed()] -= 1;
        let item = Item::create(append.user.clone(), append.new.clone(), now, epoch.at(*position));
        items.push(item.clone());
        events.push(Arc::new(row.event(epoch, *position, *pending, Change::Created(item))));
    }
    Ok((items, events))
}

/// Inserts the rows of `items`, feed by feed.
async fn insert_items(db: Executor<'_>, items: &[Item]) -> Result<()> {
    each_feed_item!(T => {
        let rows: Vec<_> = items.iter().filter_map(T::from_item).map(|item| item.to_row()).collect();
        db.insert(&rows).await?;
    });
    Ok(())
}

/// The users of `batch` whose rows others hold locked; none on SQLite, which has no such locks.
pub(super) async fn find_locked(db: Executor<'_>, batch: &[Append]) -> Result<HashSet<String>> {
    if matches!(db, Executor::Sqlite(_)) {
        return Ok(HashSet::new());
    }
    let users: HashSet<&UserId> = batch.iter().map(|append| &append.user).collect();
    let list = json_list(&users.into_iter().collect::<Vec<_>>());
    Ok(db.query(LOCKED, [list], |row| row.get(0)).await?.into_iter().collect())
}
