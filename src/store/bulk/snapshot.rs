//! Everything, as it was at one instant: what an export reads.

use std::{collections::HashMap, str::FromStr};

use futures_util::{Stream, StreamExt, TryStreamExt};
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, IsolationLevel,
    QueryFilter, QueryOrder, QuerySelect, SqlxPostgresConnector, SqlxSqliteConnector, Statement, StreamTrait,
    TransactionTrait, Value,
    sqlx::{
        self,
        postgres::PgPoolOptions,
        sqlite::{SqliteConnectOptions, SqlitePoolOptions},
    },
};

use crate::domain::{Analytics, DayEntry, Epoch, Error, Result, Timestamp, UserId};

use crate::store::{
    StoredItem,
    analytics::{decode, decode_day},
    connect::{LEAVING, is_busy, unreachable},
    entity::{analytics, analytics_day},
    error::domain_error,
    items::decode_row,
    postgres,
    setup::{is_up_to_date, stored_epoch},
};

/// Pages that SQLite keeps in memory, in KiB.
const CACHE: &str = "-65536";
/// Records of analytics that are read at a time, each with all of its days.
const RECORDS: u64 = 100;

/// A database as it was at one instant, whatever is written meanwhile. A server may run on it.
#[derive(Debug)]
pub struct Snapshot {
    connection: DatabaseConnection,
    transaction: DatabaseTransaction,
    epoch: Epoch,
    now: Timestamp,
}

impl Snapshot {
    /// Opens the database at `url` to read it; what has expired by `now` is left out.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached, CONFLICT where its schema is not that of this version.
    pub async fn open(url: &str, now: Timestamp) -> Result<Self> {
        let connection = read_only(url).await?;
        match is_up_to_date(&connection).await.map_err(domain_error) {
            Ok(true) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            _ => {
                let problem =
                    "The schema of the database is not that of this version. Run `pulse migrate` first.";
                return Err(Error::Conflict(problem.into()));
            }
        }
        let (isolation, access) = match connection.get_database_backend() {
            // A transaction of SQLite is a snapshot from its first read on.
            DbBackend::Sqlite => (None, None),
            _ => (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)),
        };
        let transaction = connection.begin_with_config(isolation, access).await.map_err(domain_error)?;
        // A backup has no mark yet, and what is read of it needs none.
        let epoch = stored_epoch(&transaction).await?.unwrap_or_else(Epoch::generate);
        Ok(Self { connection, transaction, epoch, now })
    }

    /// Every item of a feed, in order of user and position.
    pub async fn items<T: StoredItem>(&self) -> Result<impl Stream<Item = Result<T>> + Send + '_> {
        let (alive, values): (_, Vec<Value>) = match T::EXPIRES {
            true => ("WHERE expires_at > $1", vec![self.now.millis().into()]),
            false => ("", vec![]),
        };
        let sql = format!("SELECT * FROM {} {alive} ORDER BY user_id, position", T::TABLE);
        let statement = Statement::from_sql_and_values(self.connection.get_database_backend(), sql, values);
        let rows = self.transaction.stream_raw(statement).await.map_err(domain_error)?;
        Ok(rows.map(|row| decode_row(&row.map_err(domain_error)?, self.epoch)))
    }

    /// Some records with all of their days, ascending, in order of the user from after `after` on; none at the end.
    pub async fn analytics_after(&self, after: Option<&UserId>) -> Result<Vec<(Analytics, Vec<DayEntry>)>> {
        let mut query = analytics::Entity::find().order_by_asc(analytics::Column::UserId).limit(RECORDS);
        if let Some(after) = after {
            query = query.filter(analytics::Column::UserId.gt(after.as_str()));
        }
        let rows = query.all(&self.transaction).await.map_err(domain_error)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let mut stream = analytics_day::Entity::find()
            .filter(analytics_day::Column::UserId.between(first.user_id.as_str(), last.user_id.as_str()))
            .order_by_asc(analytics_day::Column::UserId)
            .order_by_asc(analytics_day::Column::Date)
            .stream(&self.transaction)
            .await
            .map_err(domain_error)?;
        let mut days: HashMap<String, Vec<DayEntry>> = HashMap::new();
        while let Some(mut day) = stream.try_next().await.map_err(domain_error)? {
            days.entry(std::mem::take(&mut day.user_id)).or_default().push(decode_day(day)?);
        }
        drop(stream);
        rows.into_iter()
            .map(|row| {
                let days = days.remove(&row.user_id).unwrap_or_default();
                Ok((decode(row, self.epoch)?, days))
            })
            .collect()
    }

    /// Lets go of the database.
    pub async fn close(self) -> Result<()> {
        self.transaction.rollback().await.map_err(domain_error)?;
        self.connection.close().await.map_err(domain_error)
    }
}

/// A connection that only reads, to a database that is there.
pub(in crate::store) async fn read_only(url: &str) -> Result<DatabaseConnection> {
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).map_err(unreadable)?;
        let options = options.read_only(true).create_if_missing(false).busy_timeout(LEAVING);
        let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
        let pool = pool.connect_with(options.pragma("cache_size", CACHE)).await.map_err(unreadable)?;
        return Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool));
    }
    let options = postgres::options(url, "pulse export").map_err(domain_error)?;
    let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = pool.connect_with(options).await.map_err(unreadable)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn unreadable(error: sqlx::Error) -> Error {
    if is_busy(&error) {
        return Error::Conflict("An import has the database to itself. Try again when it is done.".into());
    }
    domain_error(unreachable(error))
}
