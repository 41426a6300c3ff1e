//! The one connection of an import, to either database.

use std::fmt::Write;

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{self, PgPool, pool::PoolConnection, postgres::PgPoolOptions},
};

use crate::domain::{Epoch, Error, Result};

use crate::store::{
    database::Executor,
    error::{domain_error, unreachable},
    postgres::{IMPORT_LOCK, options, until_locked},
    row::{Cell, Table},
    settings::create_epoch,
    setup::migrate,
    sqlite::{Connection, Location, Mode},
};

/// A connection that has the database to itself.
#[derive(Debug)]
pub(super) enum Session {
    /// In exclusive locking mode SQLite takes the whole file, which every open connection of another process shares.
    Sqlite(Connection),
    /// The pool has one connection, to which the lock belongs.
    Postgres(DatabaseConnection),
}

/// A staged row: its place among all that arrive, the time of its place in the history, and the row itself.
pub(super) type Staged<'a, M> = ([i64; 2], &'a M);

impl Session {
    pub(super) async fn open(url: &str) -> Result<(Self, Epoch)> {
        let session = if url.starts_with("sqlite:") {
            Self::Sqlite(Connection::open(&Location::parse(url)?, Mode::Exclusive, in_use()).await?)
        } else {
            Self::Postgres(open_postgres(url).await?)
        };
        migrate(session.executor()).await?;
        let epoch = create_epoch(session.executor()).await?;
        Ok((session, epoch))
    }

    pub(super) fn executor(&self) -> Executor<'_> {
        match self {
            Self::Sqlite(connection) => Executor::Sqlite(connection),
            Self::Postgres(pool) => Executor::Postgres(pool),
        }
    }

    /// Runs a statement without parameters; returns how many rows it changed.
    pub(super) async fn execute(&self, sql: &str) -> Result<u64> {
        self.executor().execute(sql, []).await
    }

    /// Adds rows to the temporary table that stages those of `M`: on PostgreSQL by COPY, which is twice as fast as a list.
    pub(super) async fn insert_staged<M: Table>(&self, rows: &[Staged<'_, M>]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let table = M::sql();
        let columns = format!("seq, ordered_at, {}", table.list);
        match self {
            Self::Sqlite(connection) => {
                let places: Vec<String> =
                    (1..=table.columns.len() + 2).map(|place| format!("${place}")).collect();
                let sql =
                    format!("INSERT INTO staged_{} ({columns}) VALUES ({})", table.name, places.join(", "));
                connection.insert_by(&sql, rows.iter().map(|(numbers, row)| (&numbers[..], *row)))
            }
            Self::Postgres(pool) => {
                let sql = format!("COPY staged_{} ({columns}) FROM STDIN", table.name);
                copy(pool.get_postgres_connection_pool(), &sql, copy_text(rows)).await.map_err(failed)
            }
        }
    }

    /// Gives the database back: the next process finds it free.
    pub(super) async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close(),
            Self::Postgres(pool) => {
                // The server would end the lock only when it sees that the connection is gone.
                Executor::Postgres(&pool).execute("SELECT pg_advisory_unlock_all()", []).await?;
                pool.close().await.map_err(domain_error)?;
            }
        }
        Ok(())
    }
}

async fn open_postgres(url: &str) -> Result<DatabaseConnection> {
    let options = options(url, "pulse import").map_err(domain_error)?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(failed)?;
    let mut connection = pool.acquire().await.map_err(failed)?;
    let is_alone = until_locked(async || {
        let query = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(IMPORT_LOCK);
        query.fetch_one(&mut *connection).await
    });
    if !is_alone.await.map_err(failed)? {
        return Err(in_use());
    }
    drop(connection);
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn copy(pool: &PgPool, sql: &str, text: String) -> Result<(), sqlx::Error> {
    let mut connection: PoolConnection<_> = pool.acquire().await?;
    let mut copy = connection.copy_in_raw(sql).await?;
    copy.send(text.into_bytes()).await?;
    copy.finish().await.map(drop)
}

/// Rows in the text format of COPY: tabs between, a backslash before what would be taken for more.
///
/// Format: <https://www.postgresql.org/docs/current/sql-copy.html>
fn copy_text<M: Table>(rows: &[Staged<'_, M>]) -> String {
    let mut text = String::new();
    for (numbers, row) in rows {
        let start = text.len();
        let mut take = |cell: Cell<'_>| {
            if text.len() > start {
                text.push('\t');
            }
            match cell {
                // Writing to a string does not fail.
                Cell::Int(number) => drop(write!(text, "{number}")),
                Cell::Bool(flag) => text.push(if flag { 't' } else { 'f' }),
                Cell::Null => text.push_str("\\N"),
                Cell::Text(value) => value.chars().for_each(|c| match c {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    c => text.push(c),
                }),
            }
        };
        numbers.iter().for_each(|number| take(Cell::Int(*number)));
        row.each_cell(take);
        text.push('\n');
    }
    text
}

fn failed(error: sqlx::Error) -> Error {
    domain_error(unreachable(error))
}

fn in_use() -> Error {
    let problem = "The database is in use. Stop the server, or the other import or export, first.";
    Error::Conflict(problem.into())
}
