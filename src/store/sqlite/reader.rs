//! Reads of SQLite: short ones on the thread that asks, the rest on threads that may wait.
//!
//! A change of threads costs several times what a page takes that lies in memory anyway. So a read begins on the thread that
//! asks and is given up after a bounded number of steps: a filter may match nothing in a feed of a million items. It then runs
//! again, a few at a time, on a thread for blocking work.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rusqlite::ErrorCode;
use sea_orm::Value;
use tokio::sync::Semaphore;

use crate::{
    domain::{Error, Result},
    store::{error::sqlite_error, row::Row},
};

use super::{connection::query, file::DatabaseFile, location::Location};

/// Connections that are kept; as many are used at a time as there are threads that serve.
const IDLE_CONNECTIONS: usize = 16;
/// Instructions of SQLite's virtual machine per step.
const STEP_INSTRUCTIONS: i32 = 1_000;
/// Steps of a short read: a page of 200 items takes about twenty, and these less than a ms.
const SHORT_READ_STEPS: u32 = 50;
/// Long reads at the same time.
const LONG_READS: usize = 2;
/// How long a long read waits for another process that locks the file.
const LONG_READ_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Read-only connections to one SQLite file. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Reader(Arc<Inner>);

struct Inner {
    file: DatabaseFile,
    /// Connections that nobody uses; `None` once closed.
    idle: Mutex<Option<Vec<Reading>>>,
    long_reads: Arc<Semaphore>,
}

/// A connection, how many steps its read has taken, and how many it may take.
struct Reading {
    connection: rusqlite::Connection,
    steps: Arc<AtomicU32>,
    limit: Arc<AtomicU32>,
}

/// Why a short read has no answer.
enum ShortReadError {
    /// It takes too long, or another process is in the way for a moment.
    Long,
    Error(Error),
}

impl From<rusqlite::Error> for ShortReadError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted) => {
                Self::Long
            }
            _ => Self::Error(sqlite_error(error)),
        }
    }
}

impl Reader {
    /// The database in `file`; it is opened when it is first read.
    pub(in crate::store) fn new(file: DatabaseFile) -> Self {
        Self(Arc::new(Inner {
            file,
            idle: Mutex::new(Some(Vec::new())),
            long_reads: Arc::new(Semaphore::new(LONG_READS)),
        }))
    }

    /// The rows of a statement, each as `decode` takes it.
    ///
    /// # Errors
    /// UNAVAILABLE where the file cannot be read.
    pub(in crate::store) async fn query<T: Send + 'static>(
        &self,
        sql: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        match self.0.read(sql, &values, &decode, Some(SHORT_READ_STEPS)) {
            Ok(rows) => return Ok(rows),
            Err(ShortReadError::Error(error)) => return Err(error),
            Err(ShortReadError::Long) => {}
        }
        self.query_long(sql, values, decode).await
    }

    /// As [`Reader::query`], for a statement that is known to take long.
    pub(in crate::store) async fn query_long<T: Send + 'static>(
        &self,
        sql: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        let permit = self.0.long_reads.clone().acquire_owned().await.map_err(Error::internal)?;
        let (reader, sql) = (self.0.clone(), sql.to_owned());
        let read = move || {
            // Held until the read ends, also where its caller has gone: a client that gives up and asks again starts no more.
            let _permit = permit;
            match reader.read(&sql, &values, &decode, None) {
                Ok(rows) => Ok(rows),
                Err(ShortReadError::Error(error)) => Err(error),
                Err(ShortReadError::Long) => Err(Error::unavailable("another process locks the database")),
            }
        };
        tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
    }

    /// Closes the connections; those that are in use follow when their reads end.
    pub(in crate::store) fn close(&self) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Inner {
    fn read<T>(
        &self,
        sql: &str,
        values: &[Value],
        decode: impl Fn(&Row<'_>) -> Result<T>,
        steps: Option<u32>,
    ) -> Result<Vec<T>, ShortReadError> {
        let reading = self.take()?;
        reading.steps.store(0, Ordering::Relaxed);
        reading.limit.store(steps.unwrap_or(u32::MAX), Ordering::Relaxed);
        if steps.is_none() {
            reading.connection.busy_timeout(LONG_READ_BUSY_TIMEOUT)?;
        }
        let outcome = query(&reading.connection, sql, values, decode).map_err(ShortReadError::from);
        if steps.is_none() {
            reading.connection.busy_timeout(Duration::ZERO)?;
        }
        // A connection that failed is not used again.
        if matches!(outcome, Ok(_) | Err(ShortReadError::Long)) {
            self.give_back(reading);
        }
        outcome?.map_err(ShortReadError::Error)
    }

    fn take(&self) -> Result<Reading, ShortReadError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(Vec::pop);
        match idle {
            Some(Some(reading)) => Ok(reading),
            Some(None) => {
                self.file.check().map_err(ShortReadError::Error)?;
                Ok(self.open()?)
            }
            None => Err(ShortReadError::Error(Error::unavailable("the store is closed"))),
        }
    }

    fn give_back(&self, reading: Reading) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < IDLE_CONNECTIONS) {
            idle.push(reading);
        }
    }

    fn open(&self) -> rusqlite::Result<Reading> {
        let connection = Location::existing(self.file.path().to_owned()).open_reader()?;
        let (steps, limit) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(SHORT_READ_STEPS)));
        let (taken, most) = (steps.clone(), limit.clone());
        let is_long = move || taken.fetch_add(1, Ordering::Relaxed) >= most.load(Ordering::Relaxed);
        connection.progress_handler(STEP_INSTRUCTIONS, Some(is_long))?;
        Ok(Reading { connection, steps, limit })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

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
