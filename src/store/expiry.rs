//! The rule of expiry: an item counts nowhere from the instant `expires_at` on. It stands here once, as conditions for statements.
//!
//! Rows that have expired stay until they are swept, so counts subtract them, one by one by an index. Where a million of one user
//! expire at once, no read or write walks them: a write walks [`WALK_ROWS`] and gives up; they are counted once, outside of any
//! transaction, and the count is kept in `expired_counts` until they are swept.

use std::{collections::HashMap, sync::LazyLock};

use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{DbBackend, Value};

use crate::domain::{Error, FeedItem, FeedKind, Item, Notification, Position, Result, Timestamp, UserId};

use super::{
    database::{Executor, ReadLength},
    entity::StoredItem,
    error::Uncounted,
    handle::Store,
    position::UserPosition,
    row::Row,
    sql::{json_list, unsigned},
    write::{Done, Tx, Write},
};

/// The one feed whose items expire.
pub(super) const FEED: FeedKind = Notification::FEED;
/// Its table.
pub(super) const TABLE: &str = "notifications";

/// Rows that a write counts one by one.
const WALK_ROWS: i64 = 1_000;
/// The end of the kept count of user `$1`, or -1.
const UNTIL: &str = "COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1)";
/// How often a count is made anew because the user's history moved meanwhile, before it is made under the lock.
const COUNT_RETRIES: usize = 3;
/// How soon an item must expire to be looked at by [`count_late`]: longer than clocks of nodes differ.
const LATE_WITHIN_DAYS: i64 = 1;

/// The condition of an item that counts at the time in parameter `now`; nothing for feeds whose items do not expire.
pub(super) fn alive<T: StoredItem>(now: &str) -> String {
    // With the sign it is no reason to go by the index of what expires next, which would have to be sorted.
    if T::expires() { format!(" AND +expires_at > {now}") } else { String::new() }
}

/// The condition of an item that has expired at the time in parameter `now`.
pub(super) fn expired(now: &str) -> String {
    format!("expires_at <= {now}")
}

/// What is subtracted from a count of a feed, to be written after it. `$1` is the user, `now` the parameter of the time.
pub(super) fn minus_expired<T: StoredItem>(now: &str, count: Count) -> String {
    if !T::expires() {
        return String::new();
    }
    let (column, unread) = match count {
        Count::Total => ("total", ""),
        Count::Unread => ("unread", " AND read = FALSE"),
    };
    format!(
        " - COALESCE((SELECT {column} FROM expired_counts WHERE user_id = $1), 0) - (SELECT COUNT(*) FROM {table} \
         WHERE user_id = $1 AND expires_at > {UNTIL} AND {expired}{unread})",
        table = T::table(),
        expired = expired(now),
    )
}

/// A count of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Total,
    Unread,
}

/// Of user `$1` at `$2`: how many unread items have expired, and how many rows were walked to know, at most one more than
/// [`WALK_ROWS`].
static WALK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT COALESCE((SELECT unread FROM expired_counts WHERE user_id = $1), 0) \
         + COUNT(*) FILTER (WHERE read = FALSE), COUNT(*) FROM (SELECT read FROM {TABLE} \
         WHERE user_id = $1 AND expires_at > {UNTIL} AND {} LIMIT {}) due",
        expired("$2"),
        WALK_ROWS + 1,
    )
});

/// The same of each user in the list `$1`, with the user before it, for PostgreSQL.
static WALK_MANY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT u.user_id, COALESCE(c.unread, 0) + d.unread, d.walked \
         FROM jsonb_array_elements_text($1::jsonb) AS u (user_id) LEFT JOIN expired_counts c ON c.user_id = u.user_id \
         CROSS JOIN LATERAL (SELECT COUNT(*) FILTER (WHERE read = FALSE) AS unread, COUNT(*) AS walked \
         FROM (SELECT read FROM {TABLE} WHERE user_id = u.user_id AND expires_at > COALESCE(c.until, -1) \
         AND {} LIMIT {}) due) d",
        expired("$2"),
        WALK_ROWS + 1,
    )
});

/// How many unread items of each of `users` have expired and are not swept yet, by user.
///
/// # Errors
/// [`Uncounted`] where they are more than are counted here.
pub(super) async fn expired_unread(
    db: Executor<'_>,
    users: &[&UserId],
    now: Timestamp,
) -> Result<HashMap<String, i64>> {
    let walked: Vec<(String, i64, i64)> = match (db.backend(), users) {
        (_, []) => Vec::new(),
        (DbBackend::Sqlite, _) | (_, [_]) => {
            let mut walked = Vec::with_capacity(users.len());
            for user in users {
                let values: [Value; 2] = [user.as_str().into(), now.millis().into()];
                let row = db.query_one(&WALK, values, |row| Ok((row.get(0)?, row.get(1)?))).await?;
                let (unread, rows) = row.unwrap_or((0, 0));
                walked.push((user.as_str().to_owned(), unread, rows));
            }
            walked
        }
        _ => {
            let values: [Value; 2] = [json_list(users), now.millis().into()];
            db.query(&WALK_MANY, values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await?
        }
    };
    let uncounted = walked.iter().filter(|(_, _, rows)| *rows > WALK_ROWS);
    let uncounted: Vec<_> = uncounted.map(|(user, ..)| UserId::trusted(user.as_str())).collect();
    if !uncounted.is_empty() {
        return Err(Uncounted::error(uncounted));
    }
    Ok(walked.into_iter().map(|(user, unread, _)| (user, unread)).collect())
}

/// Adds an item to the kept count that had expired before it was committed.
pub(super) async fn count_late(db: Executor<'_>, item: &Item, now: Timestamp) -> Result<()> {
    let Item::Notification(item) = item else { return Ok(()) };
    if item.expires_at >= now.plus_days(LATE_WITHIN_DAYS) {
        return Ok(());
    }
    let sql =
        "UPDATE expired_counts SET total = total + 1, unread = unread + 1 WHERE user_id = $1 AND until >= $2";
    let values: [Value; 2] = [item.user.as_str().into(), item.expires_at.millis().into()];
    db.execute(sql, values).await.map(drop)
}

/// A count outside of the transaction that takes it up.
#[derive(Clone, Copy, Debug)]
struct Counted {
    /// The position of the user's history.
    position: Position,
    /// The end of the count before.
    until: i64,
    total: i64,
    unread: i64,
}

impl Counted {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            position: unsigned(row.get(0)?),
            until: row.get(1)?,
            total: row.get(2)?,
            unread: row.get(3)?,
        })
    }

    /// Counts all, however many. `$1` is the user, `$2` the time.
    fn sql() -> String {
        let kept = |column| format!("COALESCE((SELECT {column} FROM expired_counts WHERE user_id = $1), 0)");
        format!(
            "SELECT p.position, {}, {} + due.total, {} + due.unread FROM user_position p \
             CROSS JOIN (SELECT COUNT(*) AS total, COUNT(*) FILTER (WHERE read = FALSE) AS unread FROM {TABLE} \
             WHERE user_id = $1 AND {} AND expires_at > {UNTIL}) due WHERE p.user_id = $1",
            kept("until"),
            kept("total"),
            kept("unread"),
            expired("$2"),
        )
    }
}

impl Store {
    /// Counts the expired items of `user` where they are more than a write counts.
    pub(super) fn count_expired<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<()>> {
        async move {
            let _one = self.0.counting.lock().await;
            let now = self.clock().now();
            let values: [Value; 2] = [user.as_str().into(), now.millis().into()];
            let walked = self.query_one(&WALK, values.clone(), |row| row.get::<i64>(1)).await?;
            if walked.unwrap_or(0) <= WALK_ROWS {
                return Ok(());
            }
            for _ in 0..COUNT_RETRIES {
                let sql = Counted::sql();
                let counted = self
                    .0
                    .database
                    .query(ReadLength::Unbounded, &sql, values.to_vec(), Counted::read)
                    .await?;
                let Some(counted) = counted.into_iter().next() else { return Ok(()) };
                let keep = KeepCount { user: user.clone(), until: now, counted: Some(counted) };
                if self.write(keep).await? {
                    return Ok(());
                }
            }
            self.write(KeepCount { user: user.clone(), until: now, counted: None }).await.map(drop)
        }
        .boxed()
    }
}

/// Keeps a count; answers whether it still held.
struct KeepCount {
    user: UserId,
    until: Timestamp,
    /// None: it is made here.
    counted: Option<Counted>,
}

impl Write for KeepCount {
    type Output = bool;

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<bool>> {
        let Some(position) = UserPosition::lock_position(&tx, &self.user).await? else {
            return Ok(Done::unchanged(true));
        };
        let counted = match self.counted {
            Some(counted) if counted.position != position => return Ok(Done::unchanged(false)),
            Some(counted) => counted,
            None => {
                let values: [Value; 2] = [self.user.as_str().into(), self.until.millis().into()];
                let counted = tx.db.query_one(&Counted::sql(), values, Counted::read).await?;
                counted.ok_or_else(|| Error::internal("a locked row is gone"))?
            }
        };
        let sql = "INSERT INTO expired_counts (user_id, until, total, unread) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (user_id) DO UPDATE SET until = excluded.until, total = excluded.total, \
                   unread = excluded.unread";
        let values: [Value; 4] = [
            self.user.as_str().into(),
            // The clock of another node may have been ahead.
            self.until.millis().max(counted.until).into(),
            counted.total.into(),
            counted.unread.into(),
        ];
        tx.db.execute(sql, values).await?;
        Ok(Done::unchanged(true))
    }
}
