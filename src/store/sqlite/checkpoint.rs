//! Checkpoints of SQLite, beside the thread that writes.
//!
//! A checkpoint copies pages that were committed from the log (WAL) to the file; where all of them were copied, the next
//! commit begins the log anew. Left to itself, SQLite lets the commit do it that finds the log long. In a large file the
//! pages lie far apart and the disk takes tens of ms for them, in which every writer waits; and a commit that comes while
//! another thread copies as many waits as long, because the disk makes all of them durable before it says that one is.
//!
//! So a thread of its own copies little at a time, again and again, while commits go on. What is committed during the last
//! copy is copied by the thread that writes, between two batches: only while nothing is committed the log can be copied to
//! its end. Where commits come faster than they are copied, the log becomes so long that SQLite lets a commit do it after
//! all (`wal_autocheckpoint`, see [`super::location`]): writers wait then, and the log stays bounded.
//!
//! <https://www.sqlite.org/wal.html>, <https://www.sqlite.org/c3ref/wal_checkpoint_v2.html>

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::domain::{Error, Result};

use super::location::open_writer;

/// How many pages the log has when it should begin anew.
const WAL_RESTART_PAGES: u32 = 8_000;
/// How many pages are worth a copy. More at a time are fewer in all, because one that changed twice is copied once, but
/// they keep a commit waiting for longer.
const COPY_MIN_PAGES: u32 = 100;
/// How many may be left for the thread that writes. A busy one commits that many while the other thread copies.
const WRITER_MAX_PAGES: u32 = 1_000;
/// How long after a copy the next one is made: so many times as long as it took, within bounds. A busy writer, or a slow
/// disk, has larger and therefore fewer copies.
const PAUSE_FACTOR: u32 = 5;
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// The same after a copy that failed.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// The side of the thread that writes. The other thread ends when this is dropped.
pub(in crate::store) struct Checkpoints {
    connection: Connection,
    /// Wakes the other thread.
    committed: SyncSender<()>,
    /// Whether the log should begin anew, and little is left.
    rest: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Starts the thread for an SQLite file that is there; it keeps `token` for as long as it has the file open.
    pub(in crate::store) fn start(file: &Path, token: TaskTrackerToken) -> Result<Self> {
        let [connection, beside] = [open_writer(file)?, open_writer(file)?];
        let (committed, commits) = sync_channel(1);
        let rest = Arc::new(AtomicBool::new(false));
        let is_rest = rest.clone();
        let run = move || {
            run(beside, &commits, &is_rest);
            drop(token);
        };
        thread::Builder::new().name("checkpoint".into()).spawn(run).map_err(Error::internal)?;
        Ok(Self { connection, committed, rest })
    }

    /// To be called after a commit by the thread that writes.
    pub(in crate::store) fn committed(&self) {
        if self.rest.swap(false, Ordering::Relaxed)
            && let Err(error) = Log::copy(&self.connection)
        {
            failed(&error);
        }
        // Full: the thread knows already. Closed: it panicked, and commits make checkpoints by themselves.
        let _ = self.committed.try_send(());
    }
}

fn run(connection: Connection, commits: &Receiver<()>, rest: &AtomicBool) {
    while commits.recv().is_ok() {
        let start = Instant::now();
        thread::sleep(match copy_most(&connection) {
            Ok(is_rest) => {
                rest.store(is_rest, Ordering::Relaxed);
                (start.elapsed() * PAUSE_FACTOR).clamp(PAUSE_MIN, PAUSE_MAX)
            }
            Err(error) => {
                failed(&error);
                FAILURE_PAUSE
            }
        });
    }
}

fn failed(error: &rusqlite::Error) {
    tracing::warn!(%error, "SQLite's log was not copied to the file; it grows until that is possible");
}

/// Copies where it is worth it; returns whether the log should begin anew, and only a rest is in the way.
fn copy_most(connection: &Connection) -> rusqlite::Result<bool> {
    let mut log = Log::look(connection)?;
    if log.left() >= COPY_MIN_PAGES {
        Log::copy(connection)?;
        log = Log::look(connection)?;
    }
    Ok(log.length >= WAL_RESTART_PAGES && (1..WRITER_MAX_PAGES).contains(&log.left()))
}

/// The log, in pages.
#[derive(Clone, Copy, Debug)]
struct Log {
    length: u32,
    copied: u32,
}

impl Log {
    /// Only looks.
    fn look(connection: &Connection) -> rusqlite::Result<Self> {
        Self::checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)")
    }

    /// Copies all that no reader needs to find as it is, without keeping anyone waiting; nothing while another connection
    /// copies.
    fn copy(connection: &Connection) -> rusqlite::Result<Self> {
        Self::checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")
    }

    fn checkpoint(connection: &Connection, pragma: &str) -> rusqlite::Result<Self> {
        connection.prepare_cached(pragma)?.query_row([], |row| {
            // -1 where there is no log, or another connection copies it.
            let pages = |index| row.get(index).map(|pages: i64| u32::try_from(pages).unwrap_or(0));
            Ok(Self { length: pages(1)?, copied: pages(2)? })
        })
    }

    fn left(self) -> u32 {
        self.length.saturating_sub(self.copied)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::TransactionBehavior;
    use tempfile::TempDir;
    use tokio_util::task::TaskTracker;

    use super::*;

    /// Commits one row, which is two pages of the log.
    fn commit(connection: &mut Connection) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        transaction.execute("INSERT INTO rows (text) VALUES (zeroblob(1500))", ()).unwrap();
        transaction.commit().unwrap();
    }

    struct Site {
        _folder: TempDir,
        writer: Connection,
        checkpoints: Checkpoints,
        threads: TaskTracker,
    }

    impl Site {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("test.db");
            let setup = Connection::open(&file).unwrap();
            setup.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE rows (text BLOB)").unwrap();
            let writer = open_writer(&file).unwrap();
            // What is written here is not worth the wait for a disk.
            writer.pragma_update(None, "synchronous", "OFF").unwrap();
            let threads = TaskTracker::new();
            let checkpoints = Checkpoints::start(&file, threads.token()).unwrap();
            Self { _folder: folder, writer, checkpoints, threads }
        }

        fn log(&self) -> Log {
            Log::look(&self.checkpoints.connection).unwrap()
        }

        /// Does `step` until `done`.
        fn until(&mut self, done: impl Fn(Log) -> bool, mut step: impl FnMut(&mut Self)) {
            let start = Instant::now();
            while !done(self.log()) {
                assert!(start.elapsed() < Duration::from_secs(60), "{:?}", self.log());
                step(self);
            }
        }
    }

    #[test]
    fn the_log_begins_anew_while_commits_go_on() {
        let mut site = Site::new();
        for _ in 0..2 {
            let step = |site: &mut Site| {
                commit(&mut site.writer);
                site.checkpoints.committed();
            };
            site.until(|log| log.length >= WAL_RESTART_PAGES, step);
            // As many commits as come with a pause, so that the other thread can keep up.
            let step = |site: &mut Site| {
                step(site);
                thread::sleep(Duration::from_millis(1));
            };
            site.until(|log| log.length < WAL_RESTART_PAGES, step);
        }
    }

    #[test]
    fn an_open_transaction_is_in_nobodys_way() {
        let mut site = Site::new();
        (0..COPY_MIN_PAGES).for_each(|_| commit(&mut site.writer));
        site.writer
            .execute_batch("BEGIN IMMEDIATE; INSERT INTO rows (text) VALUES (zeroblob(1500))")
            .unwrap();
        site.checkpoints.committed();
        site.until(|log| log.left() == 0, |_| thread::sleep(Duration::from_millis(1)));
        site.writer.execute_batch("COMMIT").unwrap();
        assert!(site.log().left() > 0, "what came after is there");
    }

    #[tokio::test]
    async fn its_thread_ends_with_it() {
        let site = Site::new();
        drop(site.checkpoints);
        site.threads.close();
        tokio::time::timeout(Duration::from_secs(60), site.threads.wait()).await.unwrap();
    }
}
