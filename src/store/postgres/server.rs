//! Which PostgreSQL server a connection leads to, and the epoch that belongs to it.

use sea_orm::{
    DatabaseConnection,
    sqlx::{self, postgres::PgConnection},
};

use crate::{
    domain::{Epoch, Result},
    store::{
        epoch::Epochs,
        error::{domain_error, unreachable},
    },
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

/// Takes up the epoch of a database that was set up, after a look at the server.
pub(in crate::store) async fn establish(epochs: &Epochs, pool: &DatabaseConnection) -> Result<()> {
    let failed = |error| domain_error(unreachable(error));
    let mut connection = pool.get_postgres_connection_pool().acquire().await.map_err(failed)?;
    read_server(epochs, &mut connection).await.map_err(failed)
}

/// Looks which server a new connection leads to, before its first use.
///
/// # Errors
/// That of a standby, which takes no writes, and whose timeline may change while the connection stands.
pub(super) async fn check_new(epochs: &Epochs, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if epochs.is_established() { read_server(epochs, connection).await } else { Ok(()) }
}

/// Whether a connection to a replica shows the history of the current epoch.
pub(super) async fn check_replica(epochs: &Epochs, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT value FROM settings WHERE name = 'epoch'";
    let found: Option<String> = sqlx::query_scalar(sql).fetch_optional(connection).await?;
    if found.as_deref().and_then(Epoch::parse) == Some(epochs.current()) {
        return Ok(());
    }
    Err(sqlx::Error::Protocol("the replica is of another epoch than the primary".into()))
}

async fn read_server(epochs: &Epochs, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (standby, postmaster, server) = server(connection).await?;
    if standby {
        return Err(sqlx::Error::Protocol("the server is a standby, which takes no writes".into()));
    }
    let epoch = epoch_of(connection, server.as_deref()).await?;
    epochs.set(epoch, Some(postmaster));
    Ok(())
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
