//! Counts of expired items, where a user has more of them than a write counts. They are made outside of any transaction, and
//! kept in the table `expired_counts` until the items are swept.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::Value;

use crate::domain::{Error, Position, Result, Timestamp, UserId};

use super::{
    database::ReadLength,
    error::Uncounted,
    expiry::{TABLE, UNTIL, WALK, WALK_ROWS, expired},
    handle::Store,
    position::UserPosition,
    row::Row,
    sql::unsigned,
    write::{Done, Tx, Write},
};

/// How often a count is made anew because the user's history moved meanwhile, before it is made under the lock.
const COUNT_RETRIES: usize = 3;
/// How often a write is made again after what had expired was counted.
pub(super) const UNCOUNTED_RETRIES: usize = 3;

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
    /// Runs a write through the writer; answers once the change is durable.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output> {
        let (write, mut retries) = (Arc::new(write), 0);
        loop {
            let outcome = self.0.writer.write(write.clone())?;
            let outcome = outcome.await.map_err(|_| Error::unavailable("the writer ended"))?;
            match outcome.as_ref().err().and_then(Uncounted::users) {
                Some([user, ..]) if retries < UNCOUNTED_RETRIES => self.count_expired(user).await?,
                _ => return outcome,
            }
            retries += 1;
        }
    }

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
