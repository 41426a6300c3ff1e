//! The epoch of the database, and how a node notices that it is another one.
//!
//! A PostgreSQL that fails over to an asynchronous standby, or is restored, goes back: it gives out positions a second time,
//! and a cursor of the lost history would skip events of the new one. So the epoch belongs to a server and its timeline
//! (`settings`, `epoch` and `epoch_server`), and each new connection compares them before its first use: whoever finds
//! another server writes a new epoch (one compare-and-set, so all nodes get the same one). A connection that is older than
//! the node's epoch is not used again. Where the server is the same and a history stands behind what was seen of it, the
//! node that sees it writes a new epoch too ([`Store::renew_epoch`]), and the others read it with their check of positions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
    sqlx::{self, postgres::PgConnection},
};
use tokio::sync::{Notify, watch};

use crate::domain::{Epoch, Result, UserId};

use super::{
    Store,
    connect::unreachable,
    error::domain_error,
    setup::find_epoch,
    write::{Done, Tx, Write},
};

/// Which server this is: its cluster, its timeline (one more after each promotion and each recovery to a point in time),
/// and the database, which a restore into the same cluster makes anew. `postmaster` is when the process started.
/// `pg_control_checkpoint` would still name the old timeline for a while after a promotion.
const SERVER: &str = "SELECT pg_is_in_recovery() AS standby, pg_postmaster_start_time()::text AS postmaster, \
    CASE WHEN pg_is_in_recovery() THEN NULL ELSE \
    (SELECT system_identifier::text FROM pg_control_system()) || '/' || \
    substring(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || \
    (SELECT oid::text FROM pg_database WHERE datname = current_database()) END AS server";
/// The same without what some services do not let a role read.
const SERVER_UNKNOWN: &str = "SELECT pg_is_in_recovery() AS standby, pg_postmaster_start_time()::text AS postmaster, \
    NULL::text AS server";
const STORED: &str = "SELECT (SELECT value FROM settings WHERE name = 'epoch') AS epoch, \
    (SELECT value FROM settings WHERE name = 'epoch_server') AS server";
const KEEP: &str =
    "INSERT INTO settings (name, value) VALUES ('epoch_server', $1) ON CONFLICT (name) DO NOTHING";
/// Of several nodes that come at the same time one changes the row, and the others find it changed.
const RENEW: &str = "WITH moved AS (UPDATE settings SET value = $1 WHERE name = 'epoch_server' AND value <> $1 \
    RETURNING name) UPDATE settings SET value = $2 WHERE name = 'epoch' AND EXISTS (SELECT name FROM moved)";
/// A connection that was made so shortly after a change of the epoch is not trusted either: it may have been on its way.
const MARGIN: Duration = Duration::from_secs(1);

/// The epoch that this node works in. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Epochs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: watch::Sender<Known>,
    restarted: Notify,
}

#[derive(Clone, Debug)]
struct Known {
    epoch: Epoch,
    /// Connections that were made earlier are not used any more; `None` until the database was read for the first time.
    trusted_from: Option<Instant>,
    /// When the server was started.
    postmaster: Option<String>,
}

impl Default for Epochs {
    fn default() -> Self {
        // Until it is known, cursors are of a database that does not exist.
        let known = Known { epoch: Epoch::generate(), trusted_from: None, postmaster: None };
        Self(Arc::new(Inner { known: watch::Sender::new(known), restarted: Notify::new() }))
    }
}

impl Epochs {
    /// What cursors carry now. Whoever reads takes it before the read: then it is never newer than what was read.
    pub(super) fn current(&self) -> Epoch {
        self.0.known.borrow().epoch
    }

    /// Takes up the epoch of a database that was set up, after a look at the server.
    pub(super) async fn establish(&self, connection: &DatabaseConnection) -> Result<()> {
        if connection.get_database_backend() != DbBackend::Postgres {
            return find_epoch(connection).await.map(|epoch| self.set(epoch, None));
        }
        let failed = |error| domain_error(unreachable(error));
        let pool = connection.get_postgres_connection_pool();
        let mut connection = pool.acquire().await.map_err(failed)?;
        self.read_server(&mut connection).await.map_err(failed)
    }

    /// Looks which server a new connection leads to, before its first use.
    ///
    /// # Errors
    /// That of a standby, which takes no writes, and whose timeline may change while the connection stands.
    pub(super) async fn check_new(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.is_established() { self.read_server(connection).await } else { Ok(()) }
    }

    /// Whether a connection to a replica shows the history of the current epoch.
    pub(super) async fn check_replica(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let sql = "SELECT value FROM settings WHERE name = 'epoch'";
        let found: Option<String> = sqlx::query_scalar(sql).fetch_optional(connection).await?;
        if found.as_deref().and_then(Epoch::parse) == Some(self.current()) {
            return Ok(());
        }
        Err(sqlx::Error::Protocol("the replica is of another epoch than the primary".into()))
    }

    /// Whether a connection of this `age` may be used: not where it may lead to the server of an earlier epoch.
    pub(super) fn trusts(&self, age: Duration) -> bool {
        self.0.known.borrow().trusted_from.is_none_or(|from| age <= from.elapsed())
    }

    /// Waits until the epoch is another one than `epoch`.
    pub(super) async fn other_than(&self, epoch: Epoch) {
        // The sender lives as long as this.
        let _ = self.0.known.subscribe().wait_for(|known| known.epoch != epoch).await;
    }

    /// Waits until the server was started anew: it may have lost what was seen of it.
    pub(super) async fn server_restarted(&self) {
        self.0.restarted.notified().await;
    }

    fn is_established(&self) -> bool {
        self.0.known.borrow().trusted_from.is_some()
    }

    async fn read_server(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let (standby, postmaster, server) = server(connection).await?;
        if standby {
            return Err(sqlx::Error::Protocol("the server is a standby, which takes no writes".into()));
        }
        let epoch = epoch_of(connection, server.as_deref()).await?;
        self.set(epoch, Some(postmaster));
        Ok(())
    }

    /// Takes up what a new connection says.
    fn set(&self, epoch: Epoch, postmaster: Option<String>) {
        let mut restarted = false;
        self.0.known.send_if_modified(|known| {
            if postmaster.is_some() && postmaster != known.postmaster {
                restarted = known.postmaster.is_some();
                known.postmaster = postmaster;
            }
            known.take(epoch)
        });
        if restarted {
            self.0.restarted.notify_one();
        }
    }

    /// Takes up `epoch`, which was read while `before` held; not where it does not hold any more.
    fn replace(&self, before: Epoch, epoch: Epoch) {
        self.0.known.send_if_modified(|known| known.epoch == before && known.take(epoch));
    }
}

impl Known {
    /// Whether this changed anything.
    fn take(&mut self, epoch: Epoch) -> bool {
        let now = Instant::now();
        match self.trusted_from {
            Some(_) if self.epoch == epoch => return false,
            Some(_) => {
                tracing::warn!(
                    before = %self.epoch, now = %epoch,
                    "the database is another server or went back to an earlier state (failover, restore): cursors from \
                     before are refused, and subscriptions end with CURSOR_EXPIRED"
                );
                self.trusted_from = Some(now + MARGIN);
            }
            None => self.trusted_from = Some(now),
        }
        self.epoch = epoch;
        true
    }
}

type Server = (bool, String, Option<String>);

async fn server(connection: &mut PgConnection) -> Result<Server, sqlx::Error> {
    match sqlx::query_as(SERVER).fetch_one(&mut *connection).await {
        // A service that does not show its timeline: then positions that go back are all there is to see.
        Err(sqlx::Error::Database(error)) => {
            tracing::debug!(%error, "the server does not show its timeline");
            sqlx::query_as(SERVER_UNKNOWN).fetch_one(connection).await
        }
        server => server,
    }
}

/// The epoch of `server`: a new one where the stored one belongs to another.
async fn epoch_of(connection: &mut PgConnection, server: Option<&str>) -> Result<Epoch, sqlx::Error> {
    type Stored = (Option<String>, Option<String>);
    let mut stored: Stored = sqlx::query_as(STORED).fetch_one(&mut *connection).await?;
    if let Some(server) = server {
        match stored.1.as_deref() {
            Some(known) if known == server => {}
            Some(_) => {
                let new = Epoch::generate().to_string();
                sqlx::query(RENEW).bind(server).bind(new).execute(&mut *connection).await?;
                stored = sqlx::query_as(STORED).fetch_one(connection).await?;
            }
            // A database from before servers were told apart.
            None => {
                sqlx::query(KEEP).bind(server).execute(connection).await?;
            }
        }
    }
    let epoch = stored.0.as_deref().and_then(Epoch::parse);
    epoch.ok_or_else(|| sqlx::Error::Protocol("the database has no epoch".into()))
}

/// Begins a transaction, and says in which epoch: exactly that of the server that it runs on.
pub(super) async fn begin(
    epochs: &Epochs,
    connection: &DatabaseConnection,
) -> Result<(DatabaseTransaction, Epoch)> {
    // In SQLite a deferred transaction that reads first cannot become a writer while another one writes.
    let mode =
        (connection.get_database_backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
    loop {
        let epoch = epochs.current();
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        let transaction = connection.begin_with_options(options).await.map_err(domain_error)?;
        if epochs.current() == epoch {
            return Ok((transaction, epoch));
        }
    }
}

impl Store {
    /// The mark that cursors of this database carry now.
    pub fn epoch(&self) -> Epoch {
        self.0.epochs.current()
    }

    /// Waits until the epoch is another one than `epoch`.
    pub async fn epoch_other_than(&self, epoch: Epoch) {
        self.0.epochs.other_than(epoch).await;
    }

    /// Waits until the database server was started anew.
    pub(crate) async fn server_restarted(&self) {
        self.0.epochs.server_restarted().await;
    }

    /// Reads the epoch, which another node may have renewed.
    pub async fn refresh_epoch(&self) -> Result<()> {
        let before = self.epoch();
        let row = self.one("SELECT value FROM settings WHERE name = 'epoch'", []).await?;
        let text: Option<String> =
            row.map(|row| row.try_get("", "value")).transpose().map_err(domain_error)?;
        if let Some(epoch) = text.as_deref().and_then(Epoch::parse) {
            self.0.epochs.replace(before, epoch);
        }
        Ok(())
    }

    /// Gives the database a new epoch in place of `old`, because a history stands behind what was seen of it. Where
    /// another node has done so, that one's stands.
    pub async fn renew_epoch(&self, old: Epoch) -> Result<()> {
        let epoch = self.write(RenewEpoch { old }).await?;
        self.0.epochs.replace(old, epoch);
        Ok(())
    }
}

struct RenewEpoch {
    old: Epoch,
}

impl Write for RenewEpoch {
    type Output = Epoch;

    fn user(&self) -> Option<&UserId> {
        None
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<Epoch>> {
        let sql = "UPDATE settings SET value = $1 WHERE name = 'epoch' AND value = $2";
        let values = [Epoch::generate().to_string().into(), self.old.to_string().into()];
        let statement = Statement::from_sql_and_values(tx.connection.get_database_backend(), sql, values);
        tx.connection.execute_raw(statement).await.map_err(domain_error)?;
        find_epoch(tx.connection).await.map(Done::unchanged)
    }
}
