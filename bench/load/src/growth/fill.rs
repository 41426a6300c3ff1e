//! Large databases, written past a server that does not run: a million items take seconds.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};

/// Gives `user` a feed of `items` activities, and the leaderboard as many other users.
pub(super) fn fill(database: &Path, user: &str, items: u64) -> Result<()> {
    let mut connection = Connection::open(database)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", "-262144")?;
    let transaction = connection.transaction()?;
    let items = i64::try_from(items)?;
    transaction.execute(
        "INSERT INTO activities (user_id, position, id, type, title, description, data, created_at, read)
         WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ?2)
         SELECT ?1, n, printf('%08x%016x', 1769000000 + n / 100, n), 'log_created', 'event ' || n,
                'Finished the second lesson about borrowing, and wrote down what was new',
                '{\"lesson\":\"borrowing-2\",\"minutes\":25,\"tags\":[\"rust\",\"memory\"]}',
                1769000000000 + n * 10, FALSE
         FROM series",
        params![user, items],
    )?;
    transaction.execute("INSERT INTO user_position VALUES (?1, ?2, ?2, ?2, 0, 0)", params![user, items])?;
    transaction.execute(
        "INSERT INTO user_position
         WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ?1)
         SELECT printf('member-%07d', n), 1, 0, 0, 0, 0 FROM series",
        params![items],
    )?;
    // Hours without an order, and a week of entries.
    let weekly: Vec<_> = (1..=7).map(|day| (format!("2026-01-{day:02}"), 1_500_000_000_u64, 1)).collect();
    let monthly = [("2026-01", 10_500_000_000_u64, 7)];
    transaction.execute(
        "INSERT INTO analytics
         WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ?1)
         SELECT printf('member-%07d', n), 1, n * 7919 % 1000003 * 1000000, 3, 9, 60, 4, 5, ?2, ?3, 1769000000000
         FROM series",
        params![items, serde_json::to_string(&weekly)?, serde_json::to_string(&monthly)?],
    )?;
    transaction.execute("UPDATE counters SET value = ?1 WHERE name = 'analytics'", params![items])?;
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
