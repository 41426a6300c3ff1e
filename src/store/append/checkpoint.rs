//! Checkpoints of SQLite: what was committed goes from its log into its database (<https://www.sqlite.org/wal.html>).
//!
//! A checkpoint that a commit does itself holds up all who wait for that commit, for some ten milliseconds. So a thread of
//! its own does them, beside the batches. The log starts anew only when all of it was brought over, which beside a steady
//! load it never is: once it is long, the little that is left is brought over between two batches.
//!
//! None of this decides over what is durable: the log is as good as the database. Where this thread fails, commits do the
//! work as before.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{Builder, JoinHandle},
};

use rusqlite::{Connection, OpenFlags};

use crate::store::connect::{BUSY_TIMEOUT, SQLITE_CHECKPOINT, SQLITE_WRITER};

/// Rows after which there is something to bring over, each of some five pages.
const ROWS: usize = 400;
/// Pages of a log that is long: well below where commits would bring them over themselves.
const LONG: i64 = SQLITE_CHECKPOINT * 3 / 4;

/// The thread that brings pages over, for one connection that appends.
pub(super) struct Checkpoints {
    /// Rows since it was last told.
    rows: usize,
    wake: SyncSender<()>,
    log_is_long: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts it on a connection of its own to `file`.
    pub(super) fn start(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        for (name, value) in SQLITE_WRITER {
            connection.pragma_update(None, name, value)?;
        }
        let (wake, woken) = sync_channel(1);
        let log_is_long = Arc::new(AtomicBool::new(false));
        let thread = {
            let log_is_long = log_is_long.clone();
            let run = move || bring_over(&connection, &woken, &log_is_long);
            Builder::new().name("checkpoint".into()).spawn(run).map_err(cannot_start)?
        };
        Ok(Self { rows: 0, wake, log_is_long, thread })
    }

    /// Between two batches of `connection`.
    pub(super) fn before_batch(&self, connection: &Connection) {
        if self.log_is_long.swap(false, Ordering::Relaxed)
            && let Err(error) = checkpoint(connection)
        {
            tracing::warn!(%error, "the log of SQLite was not brought over");
        }
    }

    /// After a commit of so many rows.
    pub(super) fn after_batch(&mut self, rows: usize) {
        self.rows += rows;
        // Where it is still busy it is told after the next batch.
        if self.rows >= ROWS && self.wake.try_send(()).is_ok() {
            self.rows = 0;
        }
    }

    /// Ends the thread and closes its connection.
    pub(super) fn end(self) {
        drop(self.wake);
        // Its panic was logged.
        let _ = self.thread.join();
    }
}

fn bring_over(connection: &Connection, woken: &Receiver<()>, log_is_long: &AtomicBool) {
    while woken.recv().is_ok() {
        match checkpoint(connection) {
            Ok(pages) => log_is_long.store(pages >= LONG, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the log of SQLite was not brought over"),
        }
    }
}

/// Brings over what nobody reads any more, without waiting for anyone; returns the pages of the log.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}

fn cannot_start(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
