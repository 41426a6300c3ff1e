//! Batches in SQLite: a row a statement, each prepared once, on a connection of their own.
//!
//! Of the pool's connections every statement and every row of an answer goes over a channel to another thread, and a
//! statement of many rows is another text for each number of them; here all is done on the thread that writes.

use std::{
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::{
    domain::{Activity, Epoch, Error, Event, Notification, Result, Timestamp, UserId},
    store::{
        connect::writing,
        direct::{domain_error, prepared},
        entity::user_position,
        expired::{self, Uncounted},
        position::UserPosition,
        signed,
    },
};

use super::{Append, Growth, growth, place};

const GROW: &str = "INSERT INTO user_position (user_id, position, activities_total, activities_unread, \
    notifications_total, notifications_unread) VALUES ($1, $2, $3, $3, $4, $4) \
    ON CONFLICT (user_id) DO UPDATE SET position = position + excluded.position, \
    activities_total = activities_total + excluded.activities_total, \
    activities_unread = activities_unread + excluded.activities_unread, \
    notifications_total = notifications_total + excluded.notifications_total, \
    notifications_unread = notifications_unread + excluded.notifications_unread \
    RETURNING position, activities_total, activities_unread, notifications_total, notifications_unread";
const ACTIVITY: &str = "INSERT INTO activities \
    (user_id, position, id, type, title, description, data, created_at, read) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const NOTIFICATION: &str = "INSERT INTO notifications \
    (user_id, position, id, type, title, message, action_url, created_at, expires_at, read) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// The connection that appends. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Appender(Arc<Mutex<Option<Connection>>>);

impl Appender {
    pub(super) fn open(file: &Path) -> Result<Self> {
        let connection = writing(file).map_err(domain_error)?;
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// As [`super::Appender::commit`]; on the thread that calls.
    pub(super) fn commit(&self, batch: &[Append], epoch: Epoch, now: Timestamp) -> Result<Vec<Arc<Event>>> {
        match &mut *self.connection() {
            // A panic rolls back, and must not end the thread that writes.
            Some(connection) => {
                panic::catch_unwind(AssertUnwindSafe(|| commit(connection, batch, epoch, now)))
                    .unwrap_or_else(|_| Err(Error::internal("a commit panicked")))
            }
            None => Err(Error::unavailable("the store is closed")),
        }
    }

    pub(super) fn close(&self) {
        self.connection().take();
    }

    fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn commit(
    connection: &mut Connection,
    batch: &[Append],
    epoch: Epoch,
    now: Timestamp,
) -> Result<Vec<Arc<Event>>> {
    // Takes the right to write at once: a transaction that reads first cannot get it while another one writes.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(domain_error)?;
    let growth = growth(batch);
    let mut rows = Vec::with_capacity(growth.len());
    let mut uncounted = Vec::new();
    for (user, growth) in &growth {
        match grow(&transaction, user, *growth, now).map_err(domain_error)? {
            Some(row) => rows.push(row),
            None => uncounted.push((*user).clone()),
        }
    }
    if !uncounted.is_empty() {
        return Err(Uncounted::error(uncounted));
    }
    let placed = place(batch, growth, rows, epoch, now)?;
    let written = || {
        insert_activities(&transaction, &placed.activities)?;
        insert_notifications(&transaction, &placed.notifications, now)
    };
    written().and_then(|()| transaction.commit()).map_err(domain_error)?;
    Ok(placed.events)
}

/// Adds to the row of a user; `None` where more have expired than are counted here.
fn grow(
    transaction: &Transaction<'_>,
    user: &UserId,
    growth: Growth,
    now: Timestamp,
) -> rusqlite::Result<Option<UserPosition>> {
    let values = params![user.as_str(), growth.all(), growth.activities, growth.notifications];
    let row = prepared(transaction, GROW)?.query_row(values, |row| {
        Ok(user_position::Model {
            user_id: user.as_str().to_owned(),
            position: row.get(0)?,
            activities_total: row.get(1)?,
            activities_unread: row.get(2)?,
            notifications_total: row.get(3)?,
            notifications_unread: row.get(4)?,
        })
    })?;
    let expired_unread = match row.notifications_unread {
        0 => 0,
        _ => {
            let (unread, walked): (i64, i64) = prepared(transaction, expired::UNREAD)?
                .query_row(params![user.as_str(), now.millis()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if walked > expired::MOST {
                return Ok(None);
            }
            unread
        }
    };
    Ok(Some(UserPosition::new(row, user.clone(), expired_unread)))
}

fn insert_activities(transaction: &Transaction<'_>, items: &[Arc<Activity>]) -> rusqlite::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let mut insert = prepared(transaction, ACTIVITY)?;
    for item in items {
        insert.execute(params![
            item.user.as_str(),
            signed(item.cursor.position()),
            item.id.to_string(),
            item.kind.as_str(),
            item.title.as_str(),
            item.description.as_ref().map(|text| text.as_str()),
            item.data.as_ref().map(|data| data.as_str()),
            item.timestamp.millis(),
            item.read,
        ])?;
    }
    Ok(())
}

fn insert_notifications(
    transaction: &Transaction<'_>,
    items: &[Arc<Notification>],
    now: Timestamp,
) -> rusqlite::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let mut insert = prepared(transaction, NOTIFICATION)?;
    for item in items {
        insert.execute(params![
            item.user.as_str(),
            signed(item.cursor.position()),
            item.id.to_string(),
            item.kind.as_str(),
            item.title.as_str(),
            item.message.as_str(),
            item.action_url.as_ref().map(|url| url.as_str()),
            item.created_at.millis(),
            item.expires_at.millis(),
            item.read,
        ])?;
        if expired::may_be_late(item.expires_at, now) {
            prepared(transaction, expired::LATE)?
                .execute(params![item.user.as_str(), item.expires_at.millis()])?;
        }
    }
    Ok(())
}
