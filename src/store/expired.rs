//! Notifications that have expired and are not swept yet. They are out of every count at the instant of their expiry, so
//! whoever counts takes them off, one by one by an index.
//!
//! Where a million of one user expire at once, nobody who serves or writes walks them. A write walks [`MOST`] and then gives up;
//! they are counted once, outside of any transaction and beside the threads that serve, and the count is kept in
//! `expired_counts` until they are swept. What expires later is counted as ever.

use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::domain::{Error, Position, Result, Timestamp, UserId};

use super::{
    Store, StoredItem,
    error::domain_error,
    items::number,
    position::UserPosition,
    unsigned,
    write::{Done, Tx, Write},
};

/// Rows that a write counts one by one.
pub(super) const MOST: i64 = 1_000;

/// Of user `$1` at `$2`: how many unread ones have expired (`unread`), and how many rows were walked to know (`walked`). More than
/// [`MOST`] are too many.
pub(super) const UNREAD: &str = "SELECT COALESCE((SELECT unread FROM expired_counts WHERE user_id = $1), 0) \
    + COUNT(*) FILTER (WHERE read = FALSE) AS unread, COUNT(*) AS walked FROM (SELECT read FROM notifications \
    WHERE user_id = $1 AND expires_at > COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1) \
    AND expires_at <= $2 LIMIT 1001) due";
/// The same of the users in the list `$1`, for PostgreSQL.
pub(super) const UNREAD_OF_MANY: &str = "SELECT u.user_id, COALESCE(c.unread, 0) + d.unread AS unread, d.walked \
    FROM jsonb_array_elements_text($1::jsonb) AS u (user_id) LEFT JOIN expired_counts c ON c.user_id = u.user_id \
    CROSS JOIN LATERAL (SELECT COUNT(*) FILTER (WHERE read = FALSE) AS unread, COUNT(*) AS walked \
    FROM (SELECT n.read FROM notifications n WHERE n.user_id = u.user_id AND n.expires_at > COALESCE(c.until, -1) \
    AND n.expires_at <= $2 LIMIT 1001) due) d";
/// An item that had expired before it was committed belongs to those that were counted.
pub(super) const LATE: &str =
    "UPDATE expired_counts SET total = total + 1, unread = unread + 1 WHERE user_id = $1 AND until >= $2";
/// How soon an item must end to be looked at by [`LATE`]: longer than clocks of nodes differ.
const LATE_WITHIN_DAYS: i64 = 1;

/// Whether an item that ends at `end` may have been counted before it came.
pub(super) fn may_be_late(end: Timestamp, now: Timestamp) -> bool {
    end < now.plus_days(LATE_WITHIN_DAYS)
}

/// What is taken off a count of a feed, to be written after `count - `. `$1` is the user, `now` the place of the time.
pub(super) fn taken_off<T: StoredItem>(now: usize, column: &str, unread: &str) -> String {
    format!(
        "COALESCE((SELECT {column} FROM expired_counts WHERE user_id = $1), 0) - (SELECT COUNT(*) FROM {table} \
         WHERE user_id = $1 AND expires_at > COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1) \
         AND expires_at <= ${now}{unread})",
        table = T::TABLE,
    )
}

/// More of a user's notifications have expired than a write counts.
#[derive(Debug, thiserror::Error)]
#[error("more notifications of {} users have expired than a write counts", .0.len())]
pub(super) struct Uncounted(Vec<UserId>);

impl Uncounted {
    /// The error of a write that gives up over `users`.
    pub(super) fn error(users: Vec<UserId>) -> Error {
        Error::unavailable(Self(users))
    }

    /// The users over whom a write gave up, where that is what went wrong.
    pub(super) fn users(error: &Error) -> Option<&[UserId]> {
        let cause: &(dyn std::error::Error + 'static) = error.cause()?;
        cause.downcast_ref::<Self>().map(|uncounted| uncounted.0.as_slice())
    }
}

/// A count outside of the transaction that takes it up.
#[derive(Clone, Copy, Debug)]
struct Counted {
    /// Where the user's history stood.
    position: Position,
    /// Until when had been counted before.
    until: i64,
    total: i64,
    unread: i64,
}

impl Counted {
    fn read(row: &QueryResult) -> Result<Self> {
        let column = |name| Ok::<_, Error>(number(row, name)?.unwrap_or(0));
        Ok(Self {
            position: unsigned(column("position")?),
            until: column("until")?,
            total: column("total")?,
            unread: column("unread")?,
        })
    }
}

/// Counts all, however many. `$1` is the user, `$2` the time.
const COUNT: &str = "SELECT p.position, COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), 0) AS until, \
    COALESCE((SELECT total FROM expired_counts WHERE user_id = $1), 0) + due.total AS total, \
    COALESCE((SELECT unread FROM expired_counts WHERE user_id = $1), 0) + due.unread AS unread \
    FROM user_position p CROSS JOIN (SELECT COUNT(*) AS total, COUNT(*) FILTER (WHERE read = FALSE) AS unread \
    FROM notifications WHERE user_id = $1 AND expires_at <= $2 \
    AND expires_at > COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1)) due WHERE p.user_id = $1";
/// How often a count is made anew because the user's history moved meanwhile, before it is made under the lock.
const TRIES: usize = 3;

impl Store {
    /// Counts the expired notifications of `user` where they are more than a write counts.
    pub(super) fn count_expired<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<()>> {
        async move {
            let _one = self.0.counting.lock().await;
            let now = self.clock().now();
            let values: [Value; 2] = [user.as_str().into(), now.millis().into()];
            let walked =
                self.one(UNREAD, values.clone()).await?.map(|row| number(&row, "walked")).transpose()?;
            if walked.flatten().unwrap_or(0) <= MOST {
                return Ok(());
            }
            for _ in 0..TRIES {
                let Some(row) = self.long(COUNT, values.to_vec()).await?.into_iter().next() else {
                    return Ok(());
                };
                let counted = Some(Counted::read(&row)?);
                if self.write(KeepCount { user: user.clone(), until: now, counted }).await? {
                    return Ok(());
                }
            }
            self.write(KeepCount { user: user.clone(), until: now, counted: None }).await.map(drop)
        }
        .boxed()
    }
}

/// Keeps a count; whether it still held.
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
        let backend = tx.connection.get_database_backend();
        let Some(position) = UserPosition::lock_position(&tx, &self.user).await? else {
            return Ok(Done::unchanged(true));
        };
        let counted = match self.counted {
            Some(counted) if counted.position != position => return Ok(Done::unchanged(false)),
            Some(counted) => counted,
            None => {
                let values: [Value; 2] = [self.user.as_str().into(), self.until.millis().into()];
                let count = Statement::from_sql_and_values(backend, COUNT, values);
                let row = tx.connection.query_one_raw(count).await.map_err(domain_error)?;
                Counted::read(&row.ok_or_else(|| Error::internal("a locked row is gone"))?)?
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
        let statement = Statement::from_sql_and_values(backend, sql, values);
        tx.connection.execute_raw(statement).await.map_err(domain_error)?;
        Ok(Done::unchanged(true))
    }
}
