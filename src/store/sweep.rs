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
        let backend = tx.connection.get_database_backend();
        let counted = "SELECT until FROM expired_counts WHERE user_id = $1";
        let counted = Statement::from_sql_and_values(backend, counted, [self.user.as_str().into()]);
        let counted = tx.connection.query_one_raw(counted).await.map_err(domain_error)?;
        let until: Option<i64> =
            counted.map(|row| row.try_get("", "until")).transpose().map_err(domain_error)?;
        let sql = "DELETE FROM notifications WHERE user_id = $1 AND position IN (SELECT position FROM notifications \
                   WHERE user_id = $1 AND expires_at <= $2 LIMIT $3) RETURNING read";
        let end = until.unwrap_or(tx.now.millis());
        let statement = Statement::from_sql_and_values(
            backend,
            sql,
            [self.user.as_str().into(), end.into(), ROWS.into()],
        );
        let deleted = tx.connection.query_all_raw(statement).await.map_err(domain_error)?;
        let (total, mut unread) = (deleted.len() as i64, 0);
        for item in &deleted {
            unread += i64::from(!item.try_get::<bool>("", "read").map_err(domain_error)?);
        }
        if let Some(until) = until {
            self.take_off(&tx, until, total, unread).await?;
        }
        if deleted.is_empty() {
            return Ok(Done::unchanged(0));
        }
        row.remove_expired(total, unread);
        let position = row.advance();
        row.save(&tx).await?;
        let event = row.event(tx.epoch, position, (0, 0), Change::FeedChanged);
        Ok(Done::changed(deleted.len() as u64, event))
    }
}

impl Sweep {
    /// Takes what was deleted off what is counted as expired by `until`; with the last of it goes the count.
    async fn take_off(&self, tx: &Tx<'_>, until: i64, total: i64, unread: i64) -> Result<()> {
        let (backend, user) = (tx.connection.get_database_backend(), self.user.as_str());
        let left = "SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM notifications \
                    WHERE user_id = $1 AND expires_at <= $2 LIMIT 1) due";
        let left = Statement::from_sql_and_values(backend, left, [user.into(), until.into()]);
        let left = tx.connection.query_one_raw(left).await.map_err(domain_error)?;
        let is_left = match left {
            Some(row) => row.try_get::<i64>("", "count").map_err(domain_error)? > 0,
            None => false,
        };
        let statement = if is_left {
            let sql = "UPDATE expired_counts SET total = total - $2, unread = unread - $3 WHERE user_id = $1";
            Statement::from_sql_and_values(backend, sql, [user.into(), total.into(), unread.into()])
        } else {
            let sql = "DELETE FROM expired_counts WHERE user_id = $1";
            Statement::from_sql_and_values(backend, sql, [user.into()])
        };
        tx.connection.execute_raw(statement).await.map(drop).map_err(domain_error)
    }
}
