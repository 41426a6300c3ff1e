//! Where everything is kept. The only part that knows sea-orm; it takes and returns domain types.
//!
//! **The table is the log.** `user_position` has one row per user, changed in every write of that user: its lock puts
//! the user's writers in a line, so the order of positions is the order of commits. Each activity and notification
//! keeps the position of its creation, so what a reader missed is `position > cursor ORDER BY position`.
//!
//! **Writes are grouped.** Creations wait in a bounded queue and are committed together (`append`); every other
//! write is a `write::Write`, run by `Store::write`. On SQLite both go through the one writing connection.
//!
//! **Whole collections come and go by `bulk`**: an import has the database to itself and is one transaction, an export
//! is one snapshot. `backup` copies a whole SQLite database while it is written to.
//!
//! **Nothing is announced before its commit is durable**: the writer hands the events of a commit to the function
//! that was given to [`Store::open`].

mod analytics;
mod append;
mod backup;
mod batch;
mod bulk;
mod checkpoint;
mod connect;
mod direct;
mod entity;
mod epoch;
mod error;
mod expired;
mod feed;
mod file;
mod heads;
mod items;
mod lanes;
mod pages;
mod position;
mod postgres;
mod presence;
mod reader;
mod replica;
mod setup;
mod sql;
mod sweep;
mod write;
mod write_check;
mod writer;

use std::sync::Arc;

use sea_orm::{DbBackend, Statement, Value};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::domain::{Clock, Error, Event, Position, Result};

use self::{
    connect::Connections, direct::Direct, epoch::Epochs, error::domain_error, file::DatabaseFile,
    pages::Pages, reader::Reader, replica::Replica, setup::set_up, write_check::WriteStatus, writer::Writer,
};

pub(crate) use self::backup::sqlite_file;
pub use self::{
    bulk::{Bulk, Moved, Record, Snapshot},
    feed::Since,
    items::StoredItem,
    presence::{ActiveEverywhere, NodeId},
};

/// Long reads that SQLite makes at the same time, so that others find a connection of the pool.
const LONG_READS: usize = 2;

/// Told of the events of each commit, in order, after it is durable. It must not block.
pub type Announce = Arc<dyn Fn(Vec<Arc<Event>>) + Send + Sync>;

/// Bounds of the writing side.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// What may wait to be written; one more is answered UNAVAILABLE.
    pub queue: usize,
    /// The most that one commit holds. Nobody waits for a batch to fill.
    pub batch: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { queue: 8_192, batch: 256 }
    }
}

/// The store of one database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: DbBackend,
    reader: Reader,
    /// For short reads of SQLite.
    direct: Option<Direct>,
    replica: Option<Replica>,
    pages: Pages,
    writer: Writer,
    epochs: Epochs,
    writes: WriteStatus,
    /// For reads of SQLite that are not short.
    long_reads: Semaphore,
    /// Held while expired notifications are counted: of one user at a time.
    counting: Mutex<()>,
    clock: Clock,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.0.backend).field("epoch", &self.epoch()).finish()
    }
}

impl Store {
    /// Opens the database at `url`, brings its schema up to date and starts the writer.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached, INTERNAL where its schema cannot be brought up to date.
    pub async fn open(url: &str, clock: Clock, announce: Announce) -> Result<Self> {
        Self::open_tuned(url, None, clock, announce, Tuning::default()).await
    }

    /// [`Store::open`] with a replica that pages are read from, where there is one, and bounds of its own.
    ///
    /// # Errors
    /// As [`Store::open`]; BAD_USER_INPUT for a replica of another database.
    pub async fn open_tuned(
        url: &str,
        replica_url: Option<&str>,
        clock: Clock,
        announce: Announce,
        tuning: Tuning,
    ) -> Result<Self> {
        let epochs = Epochs::default();
        let connections = connect::connect(url, &epochs).await.map_err(domain_error)?;
        let Connections { backend, reader, writer, file: opened, sessions } = connections;
        set_up(&writer).await?;
        epochs.establish(&writer).await?;
        let replica = match replica_url {
            Some(url) => Some(Replica::open(url, &epochs).await?),
            None => None,
        };
        let announce = match &replica {
            Some(replica) => replica.note_writers(announce),
            None => announce,
        };
        let file = match sqlite_file(url) {
            Ok(path) => Some(opened.get_or_init(|| DatabaseFile::new(path)).clone()),
            Err(_) => None,
        };
        let writes = WriteStatus::new(sessions);
        let (direct, status) = (file.clone().map(Direct::new), writes.clone());
        let writer = Writer::start(writer, file, status, epochs.clone(), clock.clone(), announce, tuning)?;
        Ok(Self(Arc::new(Inner {
            backend,
            reader: Reader::new(reader),
            direct,
            replica,
            pages: Pages::default(),
            writer,
            epochs,
            writes,
            long_reads: Semaphore::new(LONG_READS),
            counting: Mutex::default(),
            clock,
        })))
    }

    /// Brings the schema of the database at `url` up to date; returns how many steps were applied.
    pub async fn migrate(url: &str) -> Result<usize> {
        let connections = connect::connect(url, &Epochs::default()).await.map_err(domain_error)?;
        set_up(&connections.writer).await
    }

    /// The name of the database system, for people.
    pub fn backend(&self) -> &'static str {
        match self.0.backend {
            DbBackend::Sqlite => "SQLite",
            _ => "PostgreSQL",
        }
    }

    /// What the time is here.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Asks the database whether it answers.
    pub async fn ping(&self) -> Result<()> {
        self.one("SELECT 1 AS alive", []).await.map(drop)
    }

    /// Takes no more writes, finishes those that were taken, and closes the connections.
    pub async fn close(&self) {
        self.0.writer.finish().await;
        self.0.direct.iter().for_each(Direct::close);
        let readers = self.0.replica.as_ref().map(Replica::reader).into_iter().chain([&self.0.reader]);
        // The writing one last: the last connection to SQLite brings the WAL into the file and takes it away, and one that
        // only reads cannot.
        let writer = self.0.writer.connection();
        for connection in readers.map(Reader::pool).chain([writer]) {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "the database connections did not close cleanly");
            }
        }
    }

    /// Cancelled when the store is closed, for tasks that live as long as it does.
    pub fn closed(&self) -> CancellationToken {
        self.0.writer.closed()
    }

    async fn one<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Option<sea_orm::QueryResult>> {
        self.all(sql, values).await.map(|rows| rows.into_iter().next())
    }

    async fn all(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<sea_orm::QueryResult>> {
        self.0.reader.all(self.statement(sql, values)).await
    }

    /// [`Store::all`], in a line with others that take long.
    async fn long(&self, sql: &str, values: Vec<Value>) -> Result<Vec<sea_orm::QueryResult>> {
        let _turn = match self.0.backend {
            DbBackend::Sqlite => Some(self.0.long_reads.acquire().await.map_err(Error::internal)?),
            _ => None,
        };
        self.all(sql, values).await
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.backend, sql, values)
    }
}

/// The number as databases count.
fn signed(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The position that a database counted.
fn unsigned(position: i64) -> Position {
    Position(u64::try_from(position).unwrap_or(0))
}
