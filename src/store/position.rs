//! `user_position`: the position of a user's history, and the counts of each feed.

use std::{collections::HashMap, sync::LazyLock};

use sea_orm::{DbBackend, Value};

use crate::domain::{
    Change, Epoch, Error, Event, FeedKind, PerFeed, Position, Result, Timestamp, UnreadCounts, UserId,
};

use super::{
    database::Executor,
    expiry,
    row::Row,
    sql::{count, signed, unsigned},
    write::Tx,
};

/// The row of one user, as a transaction that holds its lock sees and changes it.
#[derive(Clone, Debug)]
pub(super) struct UserPosition {
    user: UserId,
    position: Position,
    /// Items of each feed, with those that have expired and are not swept yet.
    total: PerFeed<i64>,
    /// Those of them that are unread.
    unread: PerFeed<i64>,
    /// Unread items that have expired and are not swept yet.
    expired_unread: i64,
}

/// How many items of each feed a batch adds to a user's history.
pub(super) type CountDelta = PerFeed<i64>;

impl UserPosition {
    /// Locks the user's row; `None` where the user has no history.
    ///
    /// # Errors
    /// [`super::error::Uncounted`] where too many items have expired to be counted here.
    pub(super) async fn lock(tx: &Tx<'_>, user: &UserId) -> Result<Option<Self>> {
        let Some(row) = lock_row(tx, user).await? else { return Ok(None) };
        Ok(with_expired(tx.db, vec![row], tx.now).await?.pop())
    }

    /// Locks the user's row; returns the position of the history.
    pub(super) async fn lock_position(tx: &Tx<'_>, user: &UserId) -> Result<Option<Position>> {
        Ok(lock_row(tx, user).await?.map(|row| row.position))
    }

    /// Locks the user's row; a user without a history gets an empty one.
    pub(super) async fn lock_or_create(tx: &Tx<'_>, user: &UserId) -> Result<Self> {
        if let Some(found) = Self::lock(tx, user).await? {
            return Ok(found);
        }
        tx.db.execute(&CREATE, [user.as_str().into()]).await?;
        let created = Self::lock(tx, user).await?;
        created.ok_or_else(|| Error::internal("a user's row was not created"))
    }

    /// Adds to the rows of `users`, in their order, creating those that are missing. Positions go up by the sum.
    ///
    /// # Errors
    /// As [`UserPosition::lock`]. On PostgreSQL UNAVAILABLE where a row stays locked for longer than `lock_timeout`, or than the
    /// session's where that is empty.
    pub(super) async fn bump(
        db: Executor<'_>,
        users: Vec<(UserId, CountDelta)>,
        now: Timestamp,
        lock_timeout: &str,
    ) -> Result<Vec<Self>> {
        let mut rows: Vec<Self> = Vec::with_capacity(users.len());
        if db.backend() == DbBackend::Sqlite {
            for (user, delta) in &users {
                let sum: i64 = delta.values().sum();
                let mut values: Vec<Value> = vec![user.as_str().into(), sum.into()];
                values.extend(delta.values().map(|count| Value::from(*count)));
                rows.extend(db.query_one(&BUMP_ONE, values, Self::read).await?);
            }
        } else {
            let list: Vec<_> = users.iter().map(|(user, delta)| (user.as_str(), delta)).collect();
            let list = serde_json::to_string(&list).map_err(Error::internal)?;
            let bumped = db.query(&BUMP_MANY, [list.into(), lock_timeout.into()], Self::read).await?;
            let mut bumped: HashMap<_, _> = bumped.into_iter().map(|row| (row.user.clone(), row)).collect();
            rows.extend(users.iter().filter_map(|(user, _)| bumped.remove(user)));
        }
        if rows.len() != users.len() {
            return Err(Error::internal("the database did not return a row that it changed"));
        }
        with_expired(db, rows, now).await
    }

    fn read(row: &Row<'_>) -> Result<Self> {
        let mut columns = row.columns(0);
        let user = UserId::trusted(columns.take::<String>()?);
        let position = unsigned(columns.take()?);
        let (mut total, mut unread) = (PerFeed::default(), PerFeed::default());
        for feed in FeedKind::ALL {
            (total[feed], unread[feed]) = (columns.take()?, columns.take()?);
        }
        Ok(Self { user, position, total, unread, expired_unread: 0 })
    }

    /// The position of the newest change.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// The total and unread counts of a feed, with those that have expired and are not swept yet.
    pub(super) fn counts(&self, feed: FeedKind) -> (i64, i64) {
        (self.total[feed], self.unread[feed])
    }

    /// Subtracts `count` items, `unread` of which were not read, from a feed's counts.
    pub(super) fn remove(&mut self, feed: FeedKind, count: i64, unread: i64) {
        self.total[feed] -= count;
        self.unread[feed] -= unread;
    }

    /// Subtracts what the sweeper deleted, all of which had expired.
    pub(super) fn remove_expired(&mut self, count: i64, unread: i64) {
        self.remove(expiry::FEED, count, unread);
        self.expired_unread -= unread;
    }

    /// The position of the change that is being made.
    pub(super) fn advance(&mut self) -> Position {
        self.position = self.position.next();
        self.position
    }

    /// Writes the row back; the lock is held until the commit.
    pub(super) async fn save(&self, tx: &Tx<'_>) -> Result<()> {
        let mut values: Vec<Value> = vec![self.user.as_str().into(), signed(self.position).into()];
        for feed in FeedKind::ALL {
            values.extend([Value::from(self.total[feed]), self.unread[feed].into()]);
        }
        tx.db.execute(&SAVE, values).await.map(drop)
    }

    /// The event of a change at `position`, with the counts of this row less `pending` items that come after it in the same
    /// commit.
    pub(super) fn event(
        &self,
        epoch: Epoch,
        position: Position,
        pending: CountDelta,
        change: Change,
    ) -> Event {
        let unread = PerFeed::from_fn(|feed| {
            let expired = if feed == expiry::FEED { self.expired_unread } else { 0 };
            count(self.unread[feed] - expired - pending[feed])
        });
        let counts = UnreadCounts { unread, cursor: epoch.at(position) };
        Event { user: self.user.clone(), position, counts, change }
    }
}

/// The columns of the counts, in the order of the row.
fn count_columns() -> impl Iterator<Item = String> {
    FeedKind::ALL
        .into_iter()
        .flat_map(|feed| ["total", "unread"].map(|count| format!("{}_{count}", feed.as_str())))
}

/// The columns of a row, in the order in which [`UserPosition::read`] takes them.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    ["user_id".to_owned(), "position".to_owned()]
        .into_iter()
        .chain(count_columns())
        .collect::<Vec<_>>()
        .join(", ")
});

/// Creates the empty row of user `$1`.
static CREATE: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<String> = count_columns().collect();
    format!(
        "INSERT INTO user_position (user_id, position, {}) VALUES ($1, 0, {}) ON CONFLICT (user_id) DO NOTHING",
        columns.join(", "),
        vec!["0"; columns.len()].join(", ")
    )
});

/// Writes the row of user `$1`.
static SAVE: LazyLock<String> = LazyLock::new(|| {
    let counts = count_columns().enumerate().map(|(index, column)| format!(", {column} = ${}", index + 3));
    format!("UPDATE user_position SET position = $2{} WHERE user_id = $1", counts.collect::<String>())
});

/// `$1` is the user, `$2` the sum, `$3` and so on the count of each feed.
static BUMP_ONE: LazyLock<String> = LazyLock::new(|| {
    let counts = (0..FeedKind::ALL.len()).map(|index| format!("${0}, ${0}", index + 3));
    let counts = counts.collect::<Vec<_>>().join(", ");
    bump("", &format!("VALUES ($1, $2, {counts})"))
});

/// `$1` is a list of users with their counts, `$2` how long to wait for locked rows, until the end of the transaction; empty for the
/// timeout of the session.
static BUMP_MANY: LazyLock<String> = LazyLock::new(|| {
    let count = |index| format!("(added #>> '{{1,{index}}}')::bigint");
    let counts: Vec<String> = (0..FeedKind::ALL.len()).map(count).collect();
    let doubled: Vec<String> = counts.iter().map(|count| format!("{count}, {count}")).collect();
    bump(
        " AS p",
        &format!(
            "SELECT added ->> 0, {}, {} FROM (SELECT set_config('lock_timeout', \
             COALESCE(NULLIF($2, ''), current_setting('lock_timeout')), TRUE)) patience, \
             json_array_elements($1::json) AS added",
            counts.join(" + "),
            doubled.join(", ")
        ),
    )
});

/// Inserts `rows` of the user, the sum, and the total and unread count of each feed; adds where the user has a row.
fn bump(alias: &str, rows: &str) -> String {
    let table = if alias.is_empty() { "user_position" } else { "p" };
    let columns: Vec<String> = std::iter::once("position".to_owned()).chain(count_columns()).collect();
    let sums: Vec<String> =
        columns.iter().map(|column| format!("{column} = {table}.{column} + excluded.{column}")).collect();
    let returned: Vec<String> = COLUMNS
        .split(", ")
        .map(|column| if alias.is_empty() { column.to_owned() } else { format!("p.{column}") })
        .collect();
    format!(
        "INSERT INTO user_position{alias} ({}) {rows} ON CONFLICT (user_id) DO UPDATE SET {} RETURNING {}",
        *COLUMNS,
        sums.join(", "),
        returned.join(", "),
    )
}

/// The rows, with the count of what has expired of each.
async fn with_expired(
    db: Executor<'_>,
    mut rows: Vec<UserPosition>,
    now: Timestamp,
) -> Result<Vec<UserPosition>> {
    // Most have no unread ones, and then there is nothing to count.
    let unread = rows.iter().filter(|row| row.unread[expiry::FEED] > 0).map(|row| &row.user);
    let unread: Vec<&UserId> = unread.collect();
    if unread.is_empty() {
        return Ok(rows);
    }
    let expired = expiry::expired_unread(db, &unread, now).await?;
    for row in &mut rows {
        row.expired_unread = expired.get(row.user.as_str()).copied().unwrap_or(0);
    }
    Ok(rows)
}

async fn lock_row(tx: &Tx<'_>, user: &UserId) -> Result<Option<UserPosition>> {
    // SQLite locks the whole file for a transaction that writes.
    let lock = if tx.db.backend() == DbBackend::Sqlite { "" } else { " FOR UPDATE" };
    let sql = format!("SELECT {} FROM user_position WHERE user_id = $1{lock}", *COLUMNS);
    tx.db.query_one(&sql, [user.as_str().into()], UserPosition::read).await
}
