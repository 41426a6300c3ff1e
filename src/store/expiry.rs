//! The rule of expiry: an item counts nowhere from the instant `expires_at` on. It stands here once, as conditions for statements.
//!
//! Rows that have expired stay until they are swept, so counts subtract them, one by one by an index. Where a million of one user
//! expire at once, no read or write walks them: a write walks [`WALK_ROWS`] and gives up; they are counted once ([`super::expired_counts`]),
//! and the count is kept until they are swept.

use std::{collections::HashMap, sync::LazyLock};

use sea_orm::{DbBackend, Value};

use crate::domain::{FeedItem, FeedKind, Item, Notification, Result, Timestamp, UserId};

use super::{database::Executor, entity::StoredItem, error::Uncounted, sql::json_list};

/// The one feed whose items expire.
pub(super) const FEED: FeedKind = Notification::FEED;
/// Its table.
pub(super) const TABLE: &str = "notifications";

/// Rows that a write counts one by one.
pub(super) const WALK_ROWS: i64 = 1_000;
/// The end of the kept count of user `$1`, or -1.
pub(super) const UNTIL: &str = "COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1)";
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
pub(super) static WALK: LazyLock<String> = LazyLock::new(|| {
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
