//! The sweeper: deletes the rows of notifications that have expired.
//!
//! They are out of every list and count from the instant of their expiry; sweeping only gives the space back, and
//! tells followers that counts changed.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};

use crate::domain::{Change, Result, UserId};

use super::{
    Store,
    error::domain_error,
    position::UserPosition,
    write::{Done, Tx, Write},
};

/// How often the sweeper looks. Followers of unread counts hear of an expiry this much later at most.
const INTERVAL: Duration = Duration::from_secs(1);
/// Users that one look takes up.
const USERS: i64 = 64;
/// Rows that one transaction deletes.
const ROWS: i64 = 500;

impl Store {
    /// Sweeps until the store is closed.
    pub async fn sweep_forever(self) {
        let closed = self.closed();
        let mut interval = tokio::time::interval(INTERVAL);
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
            let sql = "SELECT DISTINCT user_id FROM (SELECT user_id FROM notifications \
                       WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) due";
            let due = self.all(sql, [self.clock().now().millis().into(), USERS.into()]).await?;
            if due.is_empty() {
                return Ok(swept);
            }
            for row in due {
                let user = UserId::trusted(row.try_get::<String>("", "user_id").map_err(domain_error)?);
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

    async fn run(&self, tx: Tx<'_>) -> Result<Done<u64>> {
        let Some(mut row) = UserPosition::lock(&tx, &self.user).await? else {
            return Ok(Done::unchanged(0));
        };
        let sql = "DELETE FROM notifications WHERE user_id = $1 AND position IN (SELECT position FROM notifications \
                   WHERE user_id = $1 AND expires_at <= $2 LIMIT $3) RETURNING read";
        let values = [self.user.as_str().into(), tx.now.millis().into(), ROWS.into()];
        let statement = Statement::from_sql_and_values(tx.connection.get_database_backend(), sql, values);
        let deleted = tx.connection.query_all_raw(statement).await.map_err(domain_error)?;
        if deleted.is_empty() {
            return Ok(Done::unchanged(0));
        }
        let mut unread = 0;
        for item in &deleted {
            unread += i64::from(!item.try_get::<bool>("", "read").map_err(domain_error)?);
        }
        row.remove_expired(deleted.len() as i64, unread);
        let position = row.advance();
        row.save(&tx).await?;
        let event = row.event(tx.epoch, position, (0, 0), Change::FeedChanged);
        Ok(Done::changed(deleted.len() as u64, event))
    }
}
