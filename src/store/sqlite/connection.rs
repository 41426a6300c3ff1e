//! A connection to an SQLite file, used by one task at a time.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{
    CachedStatement, Statement, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use sea_orm::Value;

use crate::{
    domain::{Error, Result},
    store::{
        error::{is_sqlite_busy, sqlite_error},
        row::{Cell, Row, Table},
    },
};

use super::location::{Location, Mode};

/// A connection. Cheap to clone. Calls keep the calling thread busy until SQLite is done.
#[derive(Clone)]
pub(in crate::store) struct Connection(Arc<Mutex<Option<rusqlite::Connection>>>);

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").finish()
    }
}

impl Connection {
    /// Opens the database at `location`, on a thread that may wait.
    ///
    /// # Errors
    /// UNAVAILABLE where the file cannot be used, `locked` where another process has it to itself.
    pub(in crate::store) async fn open(location: &Location, mode: Mode, locked: Error) -> Result<Self> {
        let location = location.clone();
        let opened =
            tokio::task::spawn_blocking(move || location.open(mode)).await.map_err(Error::internal)?;
        let connection = opened.map_err(|error| match is_sqlite_busy(&error) {
            true => locked,
            false => sqlite_error(error),
        })?;
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(in crate::store) fn execute(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.with(|connection| {
            let mut statement = prepare(connection, sql)?;
            bind(&mut statement, values)?;
            statement.raw_execute().map(|changed| changed as u64)
        })
    }

    /// Runs statements without parameters.
    pub(in crate::store) fn execute_batch(&self, sql: &str) -> Result<()> {
        self.with(|connection| connection.execute_batch(sql))
    }

    /// The rows of a statement, each as `decode` takes it.
    pub(in crate::store) fn query<T>(
        &self,
        sql: &str,
        values: &[Value],
        decode: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = guard.as_ref().ok_or_else(closed)?;
        query(connection, sql, values, decode).map_err(sqlite_error)?
    }

    /// The rows of a statement as lists of names and values.
    pub(in crate::store) fn query_named(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Vec<(String, Value)>>> {
        self.with(|connection| {
            let mut statement = prepare(connection, sql)?;
            bind(&mut statement, values)?;
            let names: Vec<String> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
            let (mut rows, mut named) = (statement.raw_query(), Vec::new());
            while let Some(row) = rows.next()? {
                let value = |(index, name): (usize, &String)| {
                    let value = match row.get_ref(index)? {
                        ValueRef::Null => Value::String(None),
                        ValueRef::Integer(number) => Value::BigInt(Some(number)),
                        ValueRef::Real(number) => Value::Double(Some(number)),
                        ValueRef::Text(text) | ValueRef::Blob(text) => {
                            Value::String(Some(String::from_utf8_lossy(text).into_owned()))
                        }
                    };
                    Ok((name.clone(), value))
                };
                named.push(names.iter().enumerate().map(value).collect::<rusqlite::Result<_>>()?);
            }
            Ok(named)
        })
    }

    /// Inserts rows, one prepared statement each.
    pub(in crate::store) fn insert<M: Table>(&self, rows: &[M]) -> Result<()> {
        self.insert_by(&M::sql().insert, rows.iter().map(|row| (&[][..], row)))
    }

    /// Inserts rows by the statement `sql`, whose parameters are some numbers and then the columns.
    pub(in crate::store) fn insert_by<'a, M: Table>(
        &self,
        sql: &str,
        rows: impl Iterator<Item = (&'a [i64], &'a M)>,
    ) -> Result<()> {
        self.with(|connection| {
            let mut statement = prepare(connection, sql)?;
            for (numbers, row) in rows {
                let mut outcome = Ok(());
                let mut index = 0;
                let mut take = |cell: Cell<'_>| {
                    index += 1;
                    if outcome.is_ok() {
                        outcome = statement.raw_bind_parameter(index, cell);
                    }
                };
                numbers.iter().for_each(|number| take(Cell::Int(*number)));
                row.each_cell(take);
                outcome?;
                statement.raw_execute()?;
            }
            Ok(())
        })
    }

    /// Begins a transaction that may write at once: one that reads first could not while another connection writes.
    pub(in crate::store) fn begin(&self) -> Result<Transaction<'_>> {
        // Prepared once, as COMMIT is: to parse either takes as long as a small write.
        self.execute("BEGIN IMMEDIATE", &[])?;
        Ok(Transaction { connection: self, is_open: true })
    }

    /// Closes the connection; the last one of a process brings the log into the file.
    pub(in crate::store) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn with<T>(&self, work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>) -> Result<T> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(guard.as_ref().ok_or_else(closed)?).map_err(sqlite_error)
    }
}

fn closed() -> Error {
    Error::unavailable("the store is closed")
}

/// A transaction that is open for writing. It is rolled back where it is dropped before its commit.
#[derive(Debug)]
pub(in crate::store) struct Transaction<'a> {
    connection: &'a Connection,
    is_open: bool,
}

impl Transaction<'_> {
    /// The connection, on which the statements of the transaction run.
    pub(in crate::store) fn connection(&self) -> &Connection {
        self.connection
    }

    /// Commits; the changes are durable when this returns.
    pub(in crate::store) fn commit(mut self) -> Result<()> {
        self.connection.execute("COMMIT", &[])?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // SQLite itself rolls back after some errors; then there is nothing to do.
            let _ = self.connection.with(|connection| match connection.is_autocommit() {
                true => Ok(()),
                false => connection.execute_batch("ROLLBACK"),
            });
        }
    }
}

/// A statement, prepared when it is first used, and logged where statements are.
pub(super) fn prepare<'a>(
    connection: &'a rusqlite::Connection,
    sql: &str,
) -> rusqlite::Result<CachedStatement<'a>> {
    tracing::debug!(target: "sqlx::query", { db.statement = sql }, "statement");
    connection.prepare_cached(sql)
}

/// Binds `values` to the parameters, which are `?` in order, or `$1`, `$2` and so on.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        let place = number.and_then(|number| number.parse().ok()).unwrap_or(index);
        let value =
            values.get(place - 1).ok_or(rusqlite::Error::InvalidParameterCount(values.len(), place))?;
        statement.raw_bind_parameter(index, parameter(value)?)?;
    }
    Ok(())
}

/// The rows of a statement. The inner error is one of `decode`.
pub(super) fn query<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    values: &[Value],
    mut decode: impl FnMut(&Row<'_>) -> Result<T>,
) -> rusqlite::Result<Result<Vec<T>>> {
    let mut statement = prepare(connection, sql)?;
    bind(&mut statement, values)?;
    let (mut rows, mut decoded) = (statement.raw_query(), Vec::new());
    while let Some(row) = rows.next()? {
        match decode(&Row::Sqlite(row)) {
            Ok(item) => decoded.push(item),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(decoded))
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Null => ToSqlOutput::Owned(rusqlite::types::Value::Null),
            Self::Int(number) => ToSqlOutput::from(number),
            Self::Bool(flag) => ToSqlOutput::from(flag),
            Self::Text(text) => ToSqlOutput::from(text),
        })
    }
}

/// A value as SQLite takes it.
fn parameter(value: &Value) -> rusqlite::Result<ToSqlOutput<'_>> {
    Ok(match value {
        Value::BigInt(Some(number)) => ToSqlOutput::from(*number),
        Value::BigUnsigned(Some(number)) => ToSqlOutput::from(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::Int(Some(number)) => ToSqlOutput::from(*number),
        Value::Bool(Some(flag)) => ToSqlOutput::from(*flag),
        Value::String(Some(text)) => ToSqlOutput::from(text.as_str()),
        Value::BigInt(None) | Value::String(None) => ToSqlOutput::Owned(rusqlite::types::Value::Null),
        other => {
            let problem = format!("no parameter of SQLite is {other:?}");
            return Err(rusqlite::Error::ToSqlConversionFailure(problem.into()));
        }
    })
}
