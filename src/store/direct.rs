//! SQLite without the pool: short reads, on the thread that asks for them.
//!
//! The pool of sqlx gives each connection a thread, and a question and every row of its answer go over a channel: for a page
//! that lies in memory anyway, two changes of threads cost several times the read. What is read here is bounded: one index
//! range of at most one page. Everything else goes through the pool, and so does what turns out to be long: a filter may match
//! nothing of a feed of a million items, and many may have expired.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, Rows, types::ToSqlOutput, types::Value as SqlValue,
};
use sea_orm::Value;

use crate::domain::{Error, Result};

use super::file::DatabaseFile;

/// Prepared statements kept per connection; all of ours fit.
const STATEMENTS: usize = 128;
/// Connections that are kept; as many are used at a time as there are threads that serve.
const KEPT: usize = 16;
/// How many instructions of SQLite's machine are counted as one.
const STEP: i32 = 1_000;
/// How many steps a read may take: a page of 200 items takes about twenty, and these less than a ms.
const STEPS: u32 = 50;
/// How the statements name their parameters.
const NAMES: [&str; 9] = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9"];

/// Read-only connections to one SQLite file.
pub(super) struct Direct {
    file: DatabaseFile,
    /// Those that nobody uses; `None` once closed.
    idle: Mutex<Option<Vec<Reading>>>,
}

/// A connection, and how many steps its read has taken.
struct Reading {
    connection: Connection,
    steps: Arc<AtomicU32>,
}

/// Why there is no answer from here.
pub(super) enum Failed {
    /// Another process is in the way for a moment: the pool can wait for it, this thread cannot.
    Busy,
    /// It takes longer than this thread may be kept from serving.
    Long,
    /// The same as everywhere.
    Error(Error),
}

impl Failed {
    /// Whether the pool has to read what is long; an error that it would meet as well is returned.
    pub(super) fn into_long(self) -> Result<bool> {
        match self {
            Self::Busy => Ok(false),
            Self::Long => Ok(true),
            Self::Error(error) => Err(error),
        }
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OperationInterrupted) => Self::Long,
            _ => Self::Error(domain_error(error)),
        }
    }
}

/// UNAVAILABLE where the file cannot be used, or not now, INTERNAL otherwise; the cause goes to the log only.
pub(super) fn domain_error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::DiskFull,
        ) => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// A statement, prepared when it is first used; seen in the log with those of the pool.
pub(super) fn prepared<'a>(connection: &'a Connection, sql: &str) -> rusqlite::Result<CachedStatement<'a>> {
    tracing::debug!(target: "sqlx::query", { db.statement = sql }, "run directly");
    connection.prepare_cached(sql)
}

impl Direct {
    /// The database in `file`; it is opened when it is first read.
    pub(super) fn new(file: DatabaseFile) -> Self {
        Self { file, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Reads the rows of a statement whose parameters are `$1`, `$2` and so on.
    pub(super) fn read<R>(
        &self,
        sql: &str,
        values: &[Value],
        collect: impl FnOnce(Rows<'_>) -> rusqlite::Result<R>,
    ) -> Result<R, Failed> {
        let reading = self.take()?;
        reading.steps.store(0, Ordering::Relaxed);
        let read = || {
            let mut statement = prepared(&reading.connection, sql)?;
            for (name, value) in NAMES.iter().zip(values) {
                if let Some(index) = statement.parameter_index(name)? {
                    statement.raw_bind_parameter(index, parameter(value))?;
                }
            }
            collect(statement.raw_query())
        };
        let answer = read().map_err(Failed::from);
        // A connection that failed is not used again.
        if matches!(answer, Ok(_) | Err(Failed::Long)) {
            self.give_back(reading);
        }
        answer
    }

    fn take(&self) -> Result<Reading, Failed> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(Vec::pop);
        match idle {
            Some(Some(reading)) => Ok(reading),
            Some(None) => {
                self.file.check().map_err(Failed::Error)?;
                Ok(self.open()?)
            }
            None => Err(Failed::Error(Error::unavailable("the store is closed"))),
        }
    }

    fn give_back(&self, reading: Reading) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < KEPT) {
            idle.push(reading);
        }
    }

    fn open(&self) -> rusqlite::Result<Reading> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.file.path(), flags)?;
        connection.busy_timeout(std::time::Duration::ZERO)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let steps = Arc::new(AtomicU32::new(0));
        let taken = steps.clone();
        let is_long = move || taken.fetch_add(1, Ordering::Relaxed) >= STEPS;
        connection.progress_handler(STEP, Some(is_long))?;
        Ok(Reading { connection, steps })
    }

    /// Closes the connections; those that are just used follow when they are given back.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A value as SQLite takes it. The short reads have numbers and texts alone.
fn parameter(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::BigInt(Some(number)) => ToSqlOutput::from(*number),
        Value::String(Some(text)) => ToSqlOutput::from(text.as_str()),
        _ => ToSqlOutput::Owned(SqlValue::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_compiled_as_it_should_be() {
        let connection = Connection::open_in_memory().unwrap();
        let mut statement = connection.prepare("PRAGMA compile_options").unwrap();
        let options = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let options: Vec<_> = options.collect::<Result<_, _>>().unwrap();
        for unwanted in ["ENABLE_STAT4", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR"] {
            assert!(!options.iter().any(|option| option == unwanted), "{unwanted}: see .cargo/config.toml");
        }
        for wanted in ["ENABLE_QPSG", "DEFAULT_MEMSTATUS=0"] {
            assert!(options.iter().any(|option| option == wanted), "{wanted}: see .cargo/config.toml");
        }
    }
}
