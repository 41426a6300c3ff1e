//! Grouped appends: the rows of all users of a batch grow, each item gets its position, and all of it is one commit.
//!
//! What a batch means is here; how it is written is [`sqlite`]'s and [`postgres`]'s own, because it is the busiest of all
//! writes and each database has another way to be quick.

mod postgres;
mod sqlite;

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::Arc,
};

use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::oneshot;

use crate::domain::{
    Activity, Change, Epoch, Error, Event, NewActivity, NewNotification, Notification, Position, Result,
    Timestamp, UserId,
};

use super::{
    Store,
    connect::in_time,
    epoch::Epochs,
    expired::Uncounted,
    items::{StoredItem, Table},
    position::UserPosition,
    write::UNCOUNTED_TRIES,
};

/// An item that waits to be created, and who waits for it.
pub(super) struct Append {
    pub(super) user: UserId,
    pub(super) draft: Draft,
    /// Told of the item's event once it is committed.
    pub(super) done: oneshot::Sender<Result<Arc<Event>, NotAppended>>,
}

/// Why an item was not created.
pub(super) struct NotAppended {
    pub(super) error: Error,
    /// What the client gave, where the write gave up over notifications that have expired: it is made again.
    pub(super) draft: Option<Box<Draft>>,
}

impl Append {
    /// Answers with what went wrong.
    pub(super) fn fail(self, error: Error) {
        let draft = Uncounted::users(&error).is_some_and(|users| users.contains(&self.user));
        let draft = draft.then(|| Box::new(self.draft));
        // Who no longer waits needs no answer.
        let _ = self.done.send(Err(NotAppended { error, draft }));
    }
}

/// What a client gave.
pub enum Draft {
    Activity(NewActivity),
    Notification(NewNotification),
}

/// How long a batch in PostgreSQL waits for a row that others hold locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// So long that only those give up whom nobody else waits for.
    Long,
    /// For a moment: longer than a transaction of another node takes.
    Short,
}

/// Who writes batches. Cheap to clone.
#[derive(Clone)]
pub(super) enum Appender {
    Sqlite(sqlite::Appender),
    Postgres(DatabaseConnection),
}

impl Appender {
    /// That of an SQLite file whose tables are there.
    pub(super) fn sqlite(file: &Path) -> Result<Self> {
        sqlite::Appender::open(file).map(Self::Sqlite)
    }

    /// Creates the items of `batch` in its order, at most a few hundred, in one commit; returns their events in the same
    /// order. SQLite keeps the thread busy that polls this.
    pub(super) async fn commit(
        &self,
        batch: &[Append],
        epochs: &Epochs,
        now: Timestamp,
        patience: Patience,
    ) -> Result<Vec<Arc<Event>>> {
        match self {
            Self::Sqlite(appender) => appender.commit(batch, epochs.current(), now),
            Self::Postgres(connection) => {
                in_time(DbBackend::Postgres, postgres::commit(connection, batch, epochs, now, patience)).await
            }
        }
    }

    /// The users of `batch` whose rows others hold locked; none on SQLite, which has no such locks.
    pub(super) async fn find_locked(&self, batch: &[Append]) -> Result<HashSet<String>> {
        match self {
            Self::Sqlite(_) => Ok(HashSet::new()),
            Self::Postgres(connection) => {
                in_time(DbBackend::Postgres, postgres::find_locked(connection, batch)).await
            }
        }
    }

    /// Gives back what it holds open by itself.
    pub(super) fn close(&self) {
        if let Self::Sqlite(appender) = self {
            appender.close();
        }
    }
}

/// How many items a batch adds to a user's history.
#[derive(Clone, Copy, Debug, Default)]
struct Growth {
    activities: i64,
    notifications: i64,
}

impl Growth {
    fn count(&mut self, draft: &Draft, step: i64) {
        match draft {
            Draft::Activity(_) => self.activities += step,
            Draft::Notification(_) => self.notifications += step,
        }
    }

    fn all(self) -> i64 {
        self.activities + self.notifications
    }
}

/// The growth of each user of a batch, in order of the user, so that two batches never wait for each other.
fn growth(batch: &[Append]) -> BTreeMap<&UserId, Growth> {
    let mut growth: BTreeMap<&UserId, Growth> = BTreeMap::new();
    for append in batch {
        growth.entry(&append.user).or_default().count(&append.draft, 1);
    }
    growth
}

/// The items of a batch in its order, and the event of each.
#[derive(Default)]
struct Placed {
    activities: Vec<Arc<Activity>>,
    notifications: Vec<Arc<Notification>>,
    events: Vec<Arc<Event>>,
}

/// Gives the items of `batch` their positions. `rows` are those of its users, in their order, grown by the batch.
fn place(
    batch: &[Append],
    growth: BTreeMap<&UserId, Growth>,
    rows: Vec<UserPosition>,
    epoch: Epoch,
    now: Timestamp,
) -> Result<Placed> {
    let place = |(user, pending): (_, Growth), row: UserPosition| {
        let before = row.position().0 - u64::try_from(pending.all()).unwrap_or(0);
        (user, (row, Position(before), pending))
    };
    let mut places: BTreeMap<&UserId, _> = growth.into_iter().zip(rows).map(|(a, b)| place(a, b)).collect();
    let mut placed = Placed { events: Vec::with_capacity(batch.len()), ..Placed::default() };
    for append in batch {
        let (row, position, pending) =
            places.get_mut(&append.user).ok_or_else(|| Error::internal("a user of a batch has no row"))?;
        *position = position.next();
        pending.count(&append.draft, -1);
        let (user, cursor) = (append.user.clone(), epoch.at(*position));
        let change = match &append.draft {
            Draft::Activity(new) => {
                let item = Arc::new(Activity::create(user, new.clone(), now, cursor));
                placed.activities.push(item.clone());
                Change::ActivityCreated(item)
            }
            Draft::Notification(new) => {
                let item = Arc::new(Notification::create(user, new.clone(), now, cursor));
                placed.notifications.push(item.clone());
                Change::NotificationCreated(item)
            }
        };
        let later = (pending.activities, pending.notifications);
        placed.events.push(Arc::new(row.event(epoch, *position, later, change)));
    }
    Ok(placed)
}

impl Store {
    /// Creates an item for `user` and returns it once that is durable.
    ///
    /// # Errors
    /// UNAVAILABLE where the queue is full or the database gone.
    pub async fn append<T: StoredItem>(&self, user: UserId, new: T::New) -> Result<Arc<T>> {
        let (mut draft, mut tries) = (T::draft(new), 0);
        let event = loop {
            let (done, outcome) = oneshot::channel();
            self.0.writer.append(Append { user: user.clone(), draft, done })?;
            match outcome.await.map_err(|_| Error::unavailable("the writer ended"))? {
                Ok(event) => break event,
                Err(NotAppended { draft: Some(again), .. }) if tries < UNCOUNTED_TRIES => draft = *again,
                Err(NotAppended { error, .. }) => return Err(error),
            }
            tries += 1;
            self.count_expired(&user).await?;
        };
        T::created_in(&event.change)
            .cloned()
            .ok_or_else(|| Error::internal("the writer answered with another kind of event"))
    }
}
