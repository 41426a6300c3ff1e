//! The handle of a store: opens a database, reads, closes.

use std::sync::Arc;

use sea_orm::{DbBackend, Value};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::domain::{Clock, Epoch, Error, Result, UserId};

use super::{
    database::{Database, Postgres, ReadLength},
    epoch::Epochs,
    page_cache::PageCache,
    postgres::establish,
    replica::Replica,
    row::Row,
    settings::find_epoch,
    setup::set_up,
    write_status::WriteStatus,
    writer::{Announce, Tuning, Writer},
};

/// The store of one database. Cheap to clone.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) replica: Option<Replica>,
    pub(super) pages: PageCache,
    pub(super) writer: Writer,
    pub(super) epochs: Epochs,
    pub(super) writes: WriteStatus,
    /// Held while expired notifications are counted: of one user at a time.
    pub(super) counting: Mutex<()>,
    clock: Clock,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend()).field("epoch", &self.epoch()).finish()
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
        let database = Database::open(url, &epochs).await?;
        set_up(&database).await?;
        let writes = match &database {
            Database::Sqlite(_) => {
                epochs.set(find_epoch(database.executor()).await?, None);
                WriteStatus::default()
            }
            Database::Postgres(postgres) => {
                establish(&epochs, &postgres.pool).await?;
                WriteStatus::new(postgres.sessions.clone())
            }
        };
        let replica = match replica_url {
            Some(url) => Some(Replica::open(url, &epochs).await?),
            None => None,
        };
        let announce = match &replica {
            Some(replica) => replica.track_recent_writers(announce),
            None => announce,
        };
        let writer =
            Writer::start(database.clone(), writes.clone(), epochs.clone(), clock.clone(), announce, tuning)?;
        Ok(Self(Arc::new(Inner {
            database,
            replica,
            pages: PageCache::default(),
            writer,
            epochs,
            writes,
            counting: Mutex::default(),
            clock,
        })))
    }

    /// Brings the schema of the database at `url` up to date; returns how many steps were applied.
    pub async fn migrate(url: &str) -> Result<usize> {
        let database = Database::open(url, &Epochs::default()).await?;
        let outcome = set_up(&database).await;
        database.close().await;
        outcome
    }

    /// The name of the database system, for people.
    pub fn backend(&self) -> &'static str {
        match self.0.database.backend() {
            DbBackend::Sqlite => "SQLite",
            _ => "PostgreSQL",
        }
    }

    /// The clock of the store.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Asks the database whether it answers.
    pub async fn ping(&self) -> Result<()> {
        self.query_one("SELECT CAST(1 AS BIGINT)", [], |row| row.get::<i64>(0)).await.map(drop)
    }

    /// Takes no more writes, finishes those that were taken, and closes the connections.
    pub async fn close(&self) {
        self.0.writer.finish().await;
        if let Some(replica) = &self.0.replica {
            replica.close().await;
        }
        self.0.database.close().await;
    }

    /// Cancelled when the store is closed, for tasks that live as long as it does.
    pub fn closed(&self) -> CancellationToken {
        self.0.writer.closed()
    }

    /// The rows of a short read on the primary.
    pub(super) async fn query<T: Send + 'static, const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        self.0.database.query(ReadLength::Bounded, sql, values.into(), decode).await
    }

    /// The first row of a short read on the primary.
    pub(super) async fn query_one<T: Send + 'static, const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, decode).await?.into_iter().next())
    }

    /// The replica for pages of `user`, or of everyone; `None` where only the primary serves.
    pub(super) fn replica(&self, user: Option<&UserId>) -> Option<&Postgres> {
        self.0.replica.as_ref()?.for_user(user, self.epoch())
    }

    /// Reads from `replica` where there is one that answers, else from the primary.
    pub(super) async fn query_from<T: Send + 'static>(
        &self,
        replica: Option<&Postgres>,
        sql: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        if let Some(replica) = replica {
            match replica.query(sql, values.clone(), &decode).await {
                Err(Error::Unavailable(cause)) => {
                    tracing::warn!(%cause, "the replica does not answer, the primary is read");
                }
                answer => return answer,
            }
        }
        self.0.database.query(ReadLength::Bounded, sql, values, decode).await
    }

    /// The epoch that cursors of this database carry now.
    pub fn epoch(&self) -> Epoch {
        self.0.epochs.current()
    }
}
