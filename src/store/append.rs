//! Grouped appends: one upsert of positions for all users of a batch, one multi-row INSERT per feed, one commit.

use std::{collections::BTreeMap, sync::Arc};

use sea_orm::EntityTrait;
use tokio::sync::oneshot;

use crate::domain::{
    Activity, Change, Error, Event, NewActivity, NewNotification, Notification, Position, Result, UserId,
};

use super::{
    Store,
    error::domain_error,
    items::{StoredItem, Table},
    position::{self, Added, UserPosition},
    write::Tx,
};

/// An item that waits to be created, and who waits for it.
pub(super) struct Append {
    pub(super) user: UserId,
    pub(super) draft: Draft,
    /// Told of the item's event once it is committed.
    pub(super) done: oneshot::Sender<Result<Arc<Event>>>,
}

/// What a client gave.
pub enum Draft {
    Activity(NewActivity),
    Notification(NewNotification),
}

/// A user's row while the items of a batch are given their positions.
struct Place {
    row: UserPosition,
    next: Position,
    /// Items of the batch that come after the current one, as (activities, notifications).
    pending: (i64, i64),
}

/// Creates the items of `batch` in its order, at most a few hundred; returns their events in the same order.
pub(super) async fn insert(tx: &Tx<'_>, batch: &[Append]) -> Result<Vec<Arc<Event>>> {
    let mut places = places(tx, batch).await?;
    let mut activities = Vec::new();
    let mut notifications = Vec::new();
    let mut events = Vec::with_capacity(batch.len());
    for append in batch {
        let place =
            places.get_mut(&append.user).ok_or_else(|| Error::internal("a user of a batch has no row"))?;
        let (position, user) = (place.next, append.user.clone());
        let cursor = tx.epoch.at(position);
        let change = match &append.draft {
            Draft::Activity(new) => {
                place.pending.0 -= 1;
                let item = Activity::create(user, new.clone(), tx.now, cursor);
                activities.push(item.encode());
                Change::ActivityCreated(item.into())
            }
            Draft::Notification(new) => {
                place.pending.1 -= 1;
                let item = Notification::create(user, new.clone(), tx.now, cursor);
                notifications.push(item.encode());
                Change::NotificationCreated(item.into())
            }
        };
        place.next = position.next();
        events.push(Arc::new(place.row.event(tx, position, place.pending, change)));
    }
    insert_all::<Activity>(tx, activities).await?;
    insert_all::<Notification>(tx, notifications).await?;
    Ok(events)
}

/// Counts the batch into the rows of its users, in order of the user.
async fn places(tx: &Tx<'_>, batch: &[Append]) -> Result<BTreeMap<UserId, Place>> {
    let mut growth: BTreeMap<&UserId, (i64, i64)> = BTreeMap::new();
    for append in batch {
        let (activities, notifications) = growth.entry(&append.user).or_default();
        match append.draft {
            Draft::Activity(_) => *activities += 1,
            Draft::Notification(_) => *notifications += 1,
        }
    }
    let added = growth.iter().map(|(user, (activities, notifications))| Added {
        user: (*user).clone(),
        activities: *activities,
        notifications: *notifications,
    });
    let rows = position::add(tx, added.collect()).await?;
    Ok(growth
        .into_iter()
        .zip(rows)
        .map(|((user, pending), row)| {
            let grown = u64::try_from(pending.0 + pending.1).unwrap_or(0);
            let next = Position(row.position().0 - grown).next();
            (user.clone(), Place { row, next, pending })
        })
        .collect())
}

async fn insert_all<T: StoredItem>(tx: &Tx<'_>, rows: Vec<T::Active>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    T::Entity::insert_many(rows).exec_without_returning(tx.connection).await.map_err(domain_error)?;
    Ok(())
}

impl Store {
    /// Creates an item for `user` and returns it once that is durable.
    ///
    /// # Errors
    /// UNAVAILABLE where the queue is full or the database gone.
    pub async fn append<T: StoredItem>(&self, user: UserId, new: T::New) -> Result<Arc<T>> {
        let (done, outcome) = oneshot::channel();
        self.0.writer.append(Append { user, draft: T::draft(new), done })?;
        let event = outcome.await.map_err(|_| Error::unavailable("the writer ended"))??;
        T::created_in(&event.change)
            .cloned()
            .ok_or_else(|| Error::internal("the writer answered with another kind of event"))
    }
}
