//! The database as it is at one instant, for an export.

use std::collections::HashMap;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector, Value, sqlx::postgres::PgPoolOptions};

use crate::domain::{Analytics, DayEntry, Epoch, Error, Result, Timestamp, UserId};

use crate::store::{
    database::Executor,
    entity::{StoredItem, analytics, analytics_day},
    error::{domain_error, unreachable},
    expiry,
    postgres::options,
    row::{Row, Table},
    settings::stored_epoch,
    setup::is_up_to_date,
    sqlite::{Connection, Location, Mode},
};

/// Items that are read at a time.
const PAGE_ITEMS: i64 = 1_000;
/// Records of analytics that are read at a time, each with all of its days.
const PAGE_RECORDS: i64 = 100;

/// One connection that only reads, to a database that is there. A server may run on it.
#[derive(Debug)]
pub(in crate::store) enum ReadOnly {
    /// A file.
    Sqlite(Connection),
    /// A pool of one connection.
    Postgres(DatabaseConnection),
}

impl ReadOnly {
    /// Opens the database at `url`.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached; CONFLICT while an import has it to itself.
    pub(in crate::store) async fn open(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let locked = "An import has the database to itself. Try again when it is done.";
            let locked = Error::Conflict(locked.into());
            return Connection::open(&Location::parse(url)?, Mode::Read, locked).await.map(Self::Sqlite);
        }
        let options = options(url, "pulse export").map_err(domain_error)?;
        let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        let pool = pool.connect_with(options).await.map_err(|error| domain_error(unreachable(error)))?;
        Ok(Self::Postgres(SqlxPostgresConnector::from_sqlx_postgres_pool(pool)))
    }

    /// The connection.
    pub(in crate::store) fn executor(&self) -> Executor<'_> {
        match self {
            Self::Sqlite(connection) => Executor::Sqlite(connection),
            Self::Postgres(pool) => Executor::Postgres(pool),
        }
    }

    /// Closes the connection.
    pub(in crate::store) async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close(),
            Self::Postgres(pool) => pool.close().await.map_err(domain_error)?,
        }
        Ok(())
    }
}

/// A database as it was at one instant, whatever is written meanwhile. A server may run on it.
#[derive(Debug)]
pub struct Snapshot {
    database: ReadOnly,
    epoch: Epoch,
    now: Timestamp,
}

/// Where a page of items ended.
#[derive(Clone, Debug)]
pub struct PageEnd {
    user: String,
    position: i64,
}

impl Snapshot {
    /// Opens the database at `url` to read it; what has expired by `now` is left out.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached, CONFLICT where its schema is not that of this version.
    pub async fn open(url: &str, now: Timestamp) -> Result<Self> {
        let database = ReadOnly::open(url).await?;
        match is_up_to_date(database.executor()).await {
            Ok(true) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            _ => {
                let problem =
                    "The schema of the database is not that of this version. Run `pulse migrate` first.";
                return Err(Error::Conflict(problem.into()));
            }
        }
        // A transaction of SQLite is a snapshot from its first read on.
        let begin = match &database {
            ReadOnly::Sqlite(_) => "BEGIN",
            ReadOnly::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        database.executor().execute(begin, []).await?;
        // A backup has no epoch yet, and what is read of it needs none.
        let epoch = stored_epoch(database.executor()).await?.unwrap_or_else(Epoch::generate);
        Ok(Self { database, epoch, now })
    }

    /// Some items of a feed, in order of user and position, from after `after` on; none at the end.
    pub async fn items_after<T: StoredItem>(
        &self,
        after: Option<PageEnd>,
    ) -> Result<(Vec<T>, Option<PageEnd>)> {
        let table = T::Row::sql();
        let after = after.unwrap_or(PageEnd { user: String::new(), position: 0 });
        let mut values: Vec<Value> = vec![after.user.into(), after.position.into(), PAGE_ITEMS.into()];
        if T::expires() {
            values.push(self.now.millis().into());
        }
        let sql = format!(
            "SELECT {} FROM {} WHERE (user_id, position) > ($1, $2){} ORDER BY user_id, position LIMIT $3",
            table.list,
            table.name,
            expiry::alive::<T>("$4"),
        );
        let read = |row: &Row<'_>| {
            let end = PageEnd { user: row.get(0)?, position: row.get(1)? };
            Ok((T::from_row(T::Row::read(&mut row.columns(0))?, self.epoch)?, end))
        };
        let rows = self.database.executor().query(&sql, values, read).await?;
        let end = rows.last().map(|(_, end)| end.clone());
        Ok((rows.into_iter().map(|(item, _)| item).collect(), end))
    }

    /// Some records with all of their days, ascending, in order of the user from after `after` on; none at the end.
    pub async fn analytics_after(&self, after: Option<&UserId>) -> Result<Vec<(Analytics, Vec<DayEntry>)>> {
        let db = self.database.executor();
        let sql = format!(
            "SELECT {} FROM analytics WHERE user_id > $1 ORDER BY user_id LIMIT $2",
            analytics::Model::sql().list
        );
        let values = [after.map_or("", UserId::as_str).into(), PAGE_RECORDS.into()];
        let rows = db.query(&sql, values, |row| analytics::Model::read(&mut row.columns(0))).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT {} FROM analytics_days WHERE user_id BETWEEN $1 AND $2 ORDER BY user_id, date",
            analytics_day::Model::sql().list
        );
        let values = [first.user_id.as_str().into(), last.user_id.as_str().into()];
        let found = db.query(&sql, values, |row| analytics_day::Model::read(&mut row.columns(0))).await?;
        let mut days: HashMap<String, Vec<DayEntry>> = HashMap::new();
        for mut day in found {
            days.entry(std::mem::take(&mut day.user_id)).or_default().push(day.decode()?);
        }
        rows.into_iter()
            .map(|row| {
                let days = days.remove(&row.user_id).unwrap_or_default();
                Ok((row.decode(self.epoch)?, days))
            })
            .collect()
    }

    /// Gives the database back.
    pub async fn close(self) -> Result<()> {
        self.database.executor().execute("ROLLBACK", []).await?;
        self.database.close().await
    }
}
