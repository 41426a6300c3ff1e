//! Connections to the two databases.

use std::{
    path::Path,
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::OpenFlags;
use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions, Connection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
    },
};
use tokio::time::timeout;

use crate::domain::{Error, Result as DomainResult};

use super::{epoch::Epochs, file::DatabaseFile, postgres};

/// How long a caller waits for a connection before the database counts as gone.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an answer of PostgreSQL is waited for: longer than its own limit on a statement, so that it is normally the
/// one to say what is wrong. A network may swallow a question without a word, and for the kernel that is no failure for
/// a quarter of an hour.
pub(super) const ANSWER: Duration = Duration::from_secs(12);
/// How long SQLite waits for another connection that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What each connection asks of SQLite that writes. FULL makes every commit durable before it is answered. A batch for many
/// users touches many pages and little of each, which the default cache of 2 MB does not hold. A commit makes a checkpoint
/// by itself only where [`super::checkpoint`] cannot keep up.
const SQLITE_WRITER: [(&str, &str); 4] = [
    ("synchronous", "FULL"),
    ("cache_size", "-16384"),
    ("wal_autocheckpoint", "32000"),
    ("temp_store", "memory"),
];
/// How long a session that may be read-only is used at least.
const READ_ONLY_SESSION: Duration = Duration::from_secs(1);
/// Read-only connections to SQLite, each with a thread of its own.
const SQLITE_READERS: u32 = 4;
/// How long the database may still belong to a process that is just leaving it.
pub(super) const LEAVING: Duration = Duration::from_secs(2);
/// How often it is asked for meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// The advisory lock of PostgreSQL that every connection of a server shares, and that an import takes for itself alone.
/// Locks are per database, and end with their connection, however it ends.
pub(super) const IN_USE: i64 = 0x7075_6c73_6501;
/// Bytes of a page of SQLite.
pub(super) const SQLITE_PAGE: u32 = 2_048;
/// Prepared statements kept per connection; all of ours fit.
pub(super) const STATEMENTS: usize = 256;

/// A database by its address, and how to reach it.
pub(super) struct Connections {
    pub(super) backend: DbBackend,
    /// For reads; SQLite refuses writes on it.
    pub(super) reader: DatabaseConnection,
    /// For writes; on SQLite the one connection that writes.
    pub(super) writer: DatabaseConnection,
    /// The files of SQLite, once they are known: then no connection to others is made for reads.
    pub(super) file: Arc<OnceLock<DatabaseFile>>,
    /// The sessions of PostgreSQL.
    pub(super) sessions: Sessions,
}

/// Which sessions are still of use. Whether a session of PostgreSQL may write by default is fixed when it begins, so those that
/// were read-only stay so when the database is not any more. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    start: Instant,
    /// When a write was refused last because its session is read-only, in ms since the start; 0 where none was.
    refused: Arc<AtomicU64>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { start: Instant::now(), refused: Arc::default() }
    }
}

impl Sessions {
    /// A write was refused: those that are open now are not used much longer.
    pub(super) fn refused(&self) {
        self.refused.store(self.now(), Ordering::Relaxed);
    }

    /// Whether a session that began `age` ago may be used. Each is for a moment, so that a database that stays read-only is
    /// not connected to again and again.
    pub(super) fn are_useful(&self, age: Duration) -> bool {
        let refused = self.refused.load(Ordering::Relaxed);
        refused == 0 || age < READ_ONLY_SESSION || self.now().saturating_sub(age.as_millis() as u64) > refused
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

/// Opens `url`, which starts with `sqlite:` or `postgres:`, and in which writes take place.
pub(super) async fn connect(url: &str, epochs: &Epochs) -> Result<Connections, DbErr> {
    if url.starts_with("sqlite:") {
        return sqlite(url).await;
    }
    let sessions = Sessions::default();
    let pool = postgres::connect(url, postgres::Server::Primary, epochs, &sessions).await?;
    let (reader, writer) = (pool.clone(), pool);
    Ok(Connections { backend: DbBackend::Postgres, reader, writer, file: Arc::default(), sessions })
}

/// Waits for an answer of `backend`, but not for ever.
///
/// # Errors
/// UNAVAILABLE after [`ANSWER`] on PostgreSQL; the outcome is then unknown.
pub(super) async fn in_time<T>(
    backend: DbBackend,
    work: impl Future<Output = DomainResult<T>>,
) -> DomainResult<T> {
    if backend == DbBackend::Sqlite {
        return work.await;
    }
    timeout(ANSWER, work).await.unwrap_or_else(|_| Err(Error::unavailable("the database does not answer")))
}

/// A connection to an SQLite file that is there, for the thread that uses it.
pub(super) fn writing(file: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    for (name, value) in SQLITE_WRITER {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

async fn sqlite(url: &str) -> Result<Connections, DbErr> {
    let base = SqliteConnectOptions::from_str(url)
        .map_err(unreachable)?
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "memory");
    // WAL lets readers go on meanwhile; small pages make less to write.
    let write = base.clone().page_size(SQLITE_PAGE).journal_mode(SqliteJournalMode::Wal);
    let write = SQLITE_WRITER.into_iter().fold(write, |options, (name, value)| options.pragma(name, value));
    // Tried once apart: the pool would give up before SQLite does, and could not say why.
    let first = write.clone().busy_timeout(LEAVING).disable_statement_logging().connect().await;
    let first = first.map_err(|error| if is_busy(&error) { taken() } else { unreachable(error) })?;
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(write)
        .await
        .map_err(unreachable)?;
    first.close().await.map_err(unreachable)?;
    let file = Arc::new(OnceLock::<DatabaseFile>::new());
    let opened = file.clone();
    let reader = SqlitePoolOptions::new()
        .after_connect(move |_, _| {
            let checked = opened.get().map_or(Ok(()), DatabaseFile::check);
            Box::pin(async move { checked.map_err(|error| sqlx::Error::Io(std::io::Error::other(error))) })
        })
        .max_connections(SQLITE_READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(base.read_only(true).create_if_missing(false));
    Ok(Connections {
        backend: DbBackend::Sqlite,
        reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        file,
        sessions: Sessions::default(),
    })
}

/// Asks again and again for what a process that is leaving may still have, for [`LEAVING`]; false where it is not free
/// then.
pub(super) async fn until_free(
    mut take: impl AsyncFnMut() -> Result<bool, sqlx::Error>,
) -> Result<bool, sqlx::Error> {
    let start = Instant::now();
    while !take().await? {
        if start.elapsed() > LEAVING {
            return Ok(false);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    Ok(true)
}

pub(super) fn taken() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(
        "an import has the database to itself; try again when it is done".into(),
    ))
}

/// Whether SQLite says that another connection is in the way: <https://www.sqlite.org/rescode.html#busy>
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error)
        if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
            && error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5))
}

pub(super) fn unreachable(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}
