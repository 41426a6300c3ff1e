//! The one connection of an import, to either database.

use std::{fmt::Write, str::FromStr};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        self, AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool,
        pool::PoolConnection,
        postgres::PgPoolOptions,
        sqlite::{
            SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous,
        },
    },
};

use crate::domain::{Epoch, Error, Result, UserId};

use crate::store::{
    connect,
    error::domain_error,
    postgres,
    setup::{epoch, migrate},
};

/// Pages that SQLite keeps in memory, in KiB, for the database and for the staged records.
const CACHE: (&str, &str) = ("-65536", "-16384");
/// Rows that one INSERT of SQLite holds.
const ROWS: usize = 64;

/// A value of a staged row.
#[derive(Debug)]
pub(super) enum Cell {
    Int(i64),
    Text(String),
    Null,
}

/// A connection that has the database to itself.
#[derive(Debug)]
pub(super) enum Session {
    Sqlite(SqlitePool, PoolConnection<Sqlite>),
    Postgres(PgPool, PoolConnection<Postgres>),
}

impl Session {
    pub(super) async fn open(url: &str) -> Result<(Self, Epoch)> {
        if url.starts_with("sqlite:") { Self::open_sqlite(url).await } else { Self::open_postgres(url).await }
    }

    /// In exclusive locking mode SQLite takes the whole file, which every open connection of another process shares.
    async fn open_sqlite(url: &str) -> Result<(Self, Epoch)> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(failed)?
            .busy_timeout(connect::LEAVING)
            .page_size(connect::SQLITE_PAGE)
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("temp_store", "file")
            .pragma("cache_size", CACHE.0);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(failed)?;
        let epoch = prepare(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.clone())).await?;
        let connection = pool.acquire().await.map_err(failed)?;
        let mut session = Self::Sqlite(pool, connection);
        session.execute(&format!("PRAGMA temp.cache_size = {}", CACHE.1)).await?;
        Ok((session, epoch))
    }

    async fn open_postgres(url: &str) -> Result<(Self, Epoch)> {
        let options = postgres::options(url, "pulse import").map_err(domain_error)?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(failed)?;
        let mut connection = pool.acquire().await.map_err(failed)?;
        let alone = connect::until_free(async || {
            let query = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(connect::IN_USE);
            query.fetch_one(&mut *connection).await
        });
        let alone = alone.await.map_err(failed)?;
        if !alone {
            return Err(in_use());
        }
        // The lock belongs to the connection, of which the pool has only this one.
        drop(connection);
        let epoch = prepare(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone())).await?;
        let connection = pool.acquire().await.map_err(failed)?;
        Ok((Self::Postgres(pool, connection), epoch))
    }

    /// Runs a statement without parameters; returns how many rows it changed.
    pub(super) async fn execute(&mut self, sql: &str) -> Result<u64> {
        let query = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(_, connection) => {
                let done = sqlx::query(query).persistent(false).execute(&mut **connection).await;
                done.map(|done| done.rows_affected()).map_err(failed)
            }
            Self::Postgres(_, connection) => {
                let done = sqlx::query(query).persistent(false).execute(&mut **connection).await;
                done.map(|done| done.rows_affected()).map_err(failed)
            }
        }
    }

    /// Adds `rows` to a temporary table, whose columns they fill in order.
    pub(super) async fn insert(&mut self, table: &str, rows: Vec<Vec<Cell>>) -> Result<()> {
        match self {
            Self::Sqlite(_, connection) => {
                let mut rows = rows.into_iter().peekable();
                while let Some(first) = rows.peek() {
                    let columns = first.len();
                    // Two statements serve any number of rows, so both stay prepared.
                    let some = if rows.len() >= ROWS { ROWS } else { 1 };
                    let row = format!("({})", vec!["?"; columns].join(","));
                    let sql = format!("INSERT INTO {table} VALUES {}", vec![row.as_str(); some].join(","));
                    let cells = rows.by_ref().take(some).flatten();
                    let query = cells.fold(sqlx::query(AssertSqlSafe(sql)), |query, cell| match cell {
                        Cell::Int(number) => query.bind(number),
                        Cell::Text(text) => query.bind(text),
                        Cell::Null => query.bind(None::<i64>),
                    });
                    query.execute(&mut **connection).await.map_err(failed)?;
                }
                Ok(())
            }
            Self::Postgres(_, connection) => {
                if rows.is_empty() {
                    return Ok(());
                }
                let mut copy =
                    connection.copy_in_raw(&format!("COPY {table} FROM STDIN")).await.map_err(failed)?;
                copy.send(copy_text(rows).into_bytes()).await.map_err(failed)?;
                copy.finish().await.map(drop).map_err(failed)
            }
        }
    }

    pub(super) async fn has_history(&mut self, user: &UserId) -> Result<bool> {
        const SQL: &str = "SELECT COUNT(*) FROM user_position WHERE user_id = $1";
        let found: Result<i64, _> = match self {
            Self::Sqlite(_, connection) => {
                sqlx::query_scalar(SQL).bind(user.as_str()).fetch_one(&mut **connection).await
            }
            Self::Postgres(_, connection) => {
                sqlx::query_scalar(SQL).bind(user.as_str()).fetch_one(&mut **connection).await
            }
        };
        found.map(|found| found > 0).map_err(failed)
    }

    /// Gives the database back: whoever comes next finds it free.
    pub(super) async fn close(mut self) -> Result<()> {
        if let Self::Postgres(..) = self {
            // The server would end the lock only when it sees that the connection is gone.
            self.execute("SELECT pg_advisory_unlock_all()").await?;
        }
        match self {
            Self::Sqlite(pool, connection) => {
                drop(connection);
                pool.close().await;
            }
            Self::Postgres(pool, connection) => {
                drop(connection);
                pool.close().await;
            }
        }
        Ok(())
    }

    /// Fills in where the two databases differ: `{SEQ}` the type of a key in order of arrival, `{KEY}` text that is
    /// compared byte by byte, `{JOIN}` a join whose left side leads, `{IN_ORDER}` the order of positions, in which
    /// SQLite reads `placed` anyhow.
    pub(super) fn words(&self, sql: &str) -> String {
        let [seq, key, join, in_order] = match self {
            Self::Sqlite(..) => ["INTEGER PRIMARY KEY", "TEXT", "CROSS JOIN", "ORDER BY p.rowid"],
            Self::Postgres(..) => {
                ["BIGINT NOT NULL", "TEXT COLLATE \"C\"", "JOIN", "ORDER BY p.user_id, p.position"]
            }
        };
        sql.replace("{SEQ}", seq)
            .replace("{KEY}", key)
            .replace("{JOIN}", join)
            .replace("{IN_ORDER}", in_order)
    }
}

async fn prepare(connection: DatabaseConnection) -> Result<Epoch> {
    migrate(&connection).await?;
    epoch(&connection).await
}

/// Rows as the text format of COPY has them: tabs between, a backslash before what would be taken for more.
///
/// Format: <https://www.postgresql.org/docs/current/sql-copy.html>
fn copy_text(rows: Vec<Vec<Cell>>) -> String {
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.into_iter().enumerate() {
            if column > 0 {
                text.push('\t');
            }
            match cell {
                // Writing to a string does not fail.
                Cell::Int(number) => drop(write!(text, "{number}")),
                Cell::Null => text.push_str("\\N"),
                Cell::Text(value) => value.chars().for_each(|c| match c {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    c => text.push(c),
                }),
            }
        }
        text.push('\n');
    }
    text
}

fn failed(error: sqlx::Error) -> Error {
    if connect::is_busy(&error) { in_use() } else { domain_error(connect::unreachable(error)) }
}

fn in_use() -> Error {
    let problem = "The database is in use. Stop the server, or the other import or export, first.";
    Error::Conflict(problem.into())
}
