//! The sweeper: deletes the rows of notifications that have expired.
//!
//! They are out of every list and count from the instant of their expiry; sweeping only gives the space back, and
//! tells followers that counts changed.

use std::time::Duration;

use crate::domain::{Change, PerFeed, Result, UserId};

use super::{
    expiry::{TABLE, expired},
    handle::Store,
    position::UserPosition,
    write::{Done, Tx, Write},
};

/// How often the sweeper looks. Followers of unread counts hear of an expiry this much later at most.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Users that one look takes up.
const SWEEP_USERS: i64 = 64;
/// Rows that one transaction deletes.
const SWEEP_ROWS: i64 = 500;

impl Store {
    /// Sweeps until the store is closed.
    pub async fn sweep_forever(self) {
        let closed = self.closed();
        let mut interval = tokio::time::interval(SWEEP_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = closed.cancelled() => return,
                _ = interval.tick() => {}
            }
            if let Err(error) = self.sweep().await {
                tracing::warn!(cause = ?error.cause(), "expired notifications were not swept: {error}");
            }
        }
    }

    /// Deletes what has expired by now; returns how many rows.
    pub async fn sweep(&self) -> Result<u64> {
        let mut swept = 0;
        loop {
            let sql = format!(
                "SELECT DISTINCT user_id FROM (SELECT user_id FROM {TABLE} WHERE {} ORDER BY expires_at LIMIT $2) due",
                expired("$1")
            );
            let values = [self.clock().now().millis().into(), SWEEP_USERS.into()];
            let due = self.query(&sql, values, |row| row.get::<String>(0)).await?;
            if due.is_empty() {
                return Ok(swept);
            }
            for user in due {
                let user = UserId::trusted(user);
                self.count_expired(&user).await?;
                swept += self.write(Sweep { user }).await?;
            }
        }
    }
}

struct Sweep {
    user: UserId,
}

impl Write for Sweep {
    type Output = u64;

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn is_slice(&self) -> bool {
        true
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<u64>> {
        let Some(mut row) = UserPosition::lock(&tx, &self.user).await? else {
            return Ok(Done::unchanged(0));
        };
        let sql = "SELECT until FROM expired_counts WHERE user_id = $1";
        let until = tx.db.query_one(sql, [self.user.as_str().into()], |row| row.get::<i64>(0)).await?;
        let sql = format!(
            "DELETE FROM {TABLE} WHERE user_id = $1 AND position IN \
             (SELECT position FROM {TABLE} WHERE user_id = $1 AND {} LIMIT $3) RETURNING read",
            expired("$2")
        );
        let end = until.unwrap_or(tx.now.millis());
        let values = [self.user.as_str().into(), end.into(), SWEEP_ROWS.into()];
        let deleted = tx.db.query(&sql, values, |row| row.get::<bool>(0)).await?;
        let (total, unread) = (deleted.len() as i64, deleted.iter().filter(|read| !**read).count() as i64);
        if let Some(until) = until {
            self.take_off(&tx, until, total, unread).await?;
        }
        if deleted.is_empty() {
            return Ok(Done::unchanged(0));
        }
        row.remove_expired(total, unread);
        let position = row.advance();
        row.save(&tx).await?;
        let event = row.event(tx.epoch, position, PerFeed::default(), Change::FeedChanged);
        Ok(Done::changed(deleted.len() as u64, event))
    }
}

impl Sweep {
    /// Takes what was deleted off what is counted as expired by `until`; with the last of it goes the count.
    async fn take_off(&self, tx: &Tx<'_>, until: i64, total: i64, unread: i64) -> Result<()> {
        let user = self.user.as_str();
        let sql = format!("SELECT position FROM {TABLE} WHERE user_id = $1 AND {} LIMIT 1", expired("$2"));
        let left = tx.db.query_one(&sql, [user.into(), until.into()], |row| row.get::<i64>(0)).await?;
        let done = if left.is_some() {
            let sql = "UPDATE expired_counts SET total = total - $2, unread = unread - $3 WHERE user_id = $1";
            tx.db.execute(sql, [user.into(), total.into(), unread.into()]).await
        } else {
            tx.db.execute("DELETE FROM expired_counts WHERE user_id = $1", [user.into()]).await
        };
        done.map(drop)
    }
}
