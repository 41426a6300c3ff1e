//! Connections to PostgreSQL: to the primary, and to a replica that pages are read from.

mod lanes;
mod position_loader;
mod server;
mod sessions;
mod timeout;

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector,
    sqlx::{
        self, Connection, Executor,
        postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
    },
};
use tokio::time::timeout as within;

use crate::domain::Epoch;

use super::{epoch::Epochs, error::unreachable};

use self::timeout::ANSWER_TIMEOUT;

pub(super) use self::{
    lanes::{Group, Lanes, Single},
    position_loader::PositionLoader,
    server::establish,
    sessions::Sessions,
    timeout::with_timeout,
};

/// How long a caller waits for a connection before the database counts as gone.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an import may wait for a process that is about to leave the database, and how often it looks.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const LOCK_INTERVAL: Duration = Duration::from_millis(50);
/// The advisory lock that every connection of a server shares, and that an import takes for itself alone. Locks are per
/// database, and end with their connection, however it ends.
pub(super) const IMPORT_LOCK: i64 = 0x7075_6c73_6501;
/// Prepared statements kept per connection; all of ours fit.
const STATEMENT_CACHE_SIZE: usize = 256;

/// Connections of one node per core, at least and at most.
const PER_CORE: u32 = 4;
const CONNECTIONS: std::ops::RangeInclusive<u32> = 8..=32;
/// The fewest that a node works with; it then waits for them under load.
const FEWEST: u32 = 4;
/// A connection that was idle for longer is asked whether it still stands before it is used.
const TRUST_IDLE: Duration = Duration::from_secs(1);
/// How long it may take to say so. Nobody was using it, so it is not because much is asked of the database.
const IDLE_ANSWER: Duration = Duration::from_millis(500);
/// How long a connection that is given back to the pool may take to show that it still stands.
const RETURN: Duration = Duration::from_secs(2);
/// What each session asks of PostgreSQL, in SQL, because poolers refuse most parameters of a startup packet. A node that is
/// cut off while it holds locks must not keep the other nodes from its users: its transaction ends after a few seconds of
/// silence, and its session when its machine does not answer.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '5s'; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 20000";
/// What a server must offer. No limit holds for a superuser.
const OFFER: &str = "SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby, CASE WHEN r.rolsuper THEN m.most ELSE \
    LEAST(m.most - m.reserved, NULLIF(r.rolconnlimit, -1), NULLIF(d.datconnlimit, -1)) END AS connections \
    FROM pg_roles r, pg_database d, (SELECT current_setting('max_connections')::int AS most, \
    current_setting('superuser_reserved_connections')::int + \
    COALESCE(current_setting('reserved_connections', true), '0')::int AS reserved) m \
    WHERE r.rolname = session_user AND d.datname = current_database()";

/// Which server an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Where writes take place.
    Primary,
    /// A copy of it that lags.
    Replica,
}

/// A pool of connections. Those to the primary are of one epoch each; see [`Epochs`].
pub(super) async fn connect(
    url: &str,
    server: Server,
    epochs: &Epochs,
    sessions: &Sessions,
) -> Result<DatabaseConnection, DbErr> {
    let options = options(url, "pulse")?.statement_cache_capacity(STATEMENT_CACHE_SIZE);
    // Asked once apart: the pool would try again and again, and could not say why.
    let mut first = within(ANSWER_TIMEOUT, PgConnection::connect_with(&options))
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(refused)?;
    let size = size(&mut first, server).await?;
    let shared = until_locked(async || try_shared_lock(&mut first).await).await.map_err(unreachable)?;
    if !shared {
        return Err(unusable("an import has the database to itself; try again when it is done".to_owned()));
    }
    let (made, reused) = (epochs.clone(), epochs.clone());
    let sessions = sessions.clone();
    let pool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let epochs = made.clone();
            Box::pin(async move {
                connection.execute(SESSION).await?;
                if !try_shared_lock(connection).await? {
                    return Err(sqlx::Error::Protocol("an import has the database to itself".into()));
                }
                match server {
                    Server::Primary => server::check_new(&epochs, connection).await,
                    Server::Replica => server::check_replica(&epochs, connection).await,
                }
            })
        })
        .before_acquire(move |connection, meta| {
            let trusted = reused.trusts(meta.age) && sessions.are_useful(meta.age);
            Box::pin(async move {
                if !trusted || meta.idle_for <= TRUST_IDLE {
                    return Ok(trusted);
                }
                // One that does not answer is closed, and the next one tried: several may be gone at once.
                match within(IDLE_ANSWER, connection.ping()).await {
                    Ok(pong) => pong.map(|()| true),
                    Err(_) => Err(sqlx::Error::PoolTimedOut),
                }
            })
        })
        // The pool itself asks without a limit, and a connection that hangs there is never replaced.
        .after_release(|connection, _| {
            Box::pin(async move {
                match within(RETURN, connection.ping()).await {
                    Ok(pong) => pong.map(|()| true),
                    Err(_) => Err(sqlx::Error::PoolTimedOut),
                }
            })
        })
        .connect_with(options)
        .await
        .map_err(unreachable)?;
    first.close().await.map_err(unreachable)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// How to reach `url`. A pooler in session mode takes all of it.
pub(super) fn options(url: &str, application: &str) -> Result<PgConnectOptions, DbErr> {
    // No float is ever read as text.
    let options = PgConnectOptions::from_str(url).map_err(unreachable)?.extra_float_digits(None);
    Ok(options.application_name(application))
}

/// The epoch that the database at `url` has now, asked on a connection of its own; `None` for what is no database of Pulse.
pub(super) async fn stored_epoch(url: &str) -> Result<Option<Epoch>, DbErr> {
    let ask = async {
        let options = options(url, "pulse")?;
        let mut connection = PgConnection::connect_with(&options).await.map_err(unreachable)?;
        let sql = "SELECT value FROM settings WHERE name = 'epoch'";
        let found: Option<String> = match sqlx::query_scalar(sql).fetch_optional(&mut connection).await {
            Err(sqlx::Error::Database(_)) => None,
            found => found.map_err(unreachable)?,
        };
        connection.close().await.map_err(unreachable)?;
        Ok(found.as_deref().and_then(Epoch::parse))
    };
    within(ANSWER_TIMEOUT, ask).await.unwrap_or(Err(unreachable(sqlx::Error::PoolTimedOut)))
}

/// How many connections the pool may have.
///
/// # Errors
/// One sentence where the server cannot be used.
async fn size(connection: &mut PgConnection, server: Server) -> Result<u32, DbErr> {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get() as u32);
    let wanted = (cores * PER_CORE).clamp(*CONNECTIONS.start(), *CONNECTIONS.end());
    let offer: Option<(String, bool, i32)> =
        sqlx::query_as(OFFER).fetch_optional(connection).await.map_err(unreachable)?;
    // A service whose roles are not those of its catalog.
    let Some((encoding, standby, connections)) = offer else { return Ok(wanted) };
    if encoding != "UTF8" {
        return Err(unusable(format!(
            "The database has the encoding {encoding}, and Pulse takes UTF8 only: create another one with CREATE \
             DATABASE name ENCODING 'UTF8' TEMPLATE template0."
        )));
    }
    if standby && server == Server::Primary {
        let message =
            "The database server is a standby, which takes no writes: DATABASE_URL must lead to the primary.";
        return Err(unusable(message.to_owned()));
    }
    let connections = u32::try_from(connections).unwrap_or(0);
    // One more for a start or an import.
    if connections < FEWEST + 1 {
        return Err(unusable(format!(
            "The database allows {connections} connections, and each node takes {} (at least {}): raise \
             max_connections, or the CONNECTION LIMIT of the role or of the database.",
            wanted + 1,
            FEWEST + 1
        )));
    }
    if connections < wanted + 1 {
        tracing::warn!(
            allowed = connections,
            wanted = wanted + 1,
            "the database allows fewer connections than this node would take; reads and writes may wait"
        );
    }
    Ok(wanted.min(connections - 1))
}

fn unusable(message: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(message))
}

/// What went wrong with the first connection, for people.
fn refused(error: sqlx::Error) -> DbErr {
    let full = matches!(&error, sqlx::Error::Database(error) if error.code().as_deref() == Some("53300"));
    if full {
        return unusable(format!(
            "The database has no connection left ({error}); each node takes at least {}: raise max_connections, or the \
             CONNECTION LIMIT of the role or of the database.",
            FEWEST + 1
        ));
    }
    unreachable(error)
}

/// Takes a share of [`IMPORT_LOCK`] for as long as `connection` stands; false where an import has it.
async fn try_shared_lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock_shared($1)").bind(IMPORT_LOCK).fetch_one(connection).await
}

/// Takes a lock again and again until it is free; false where it is not within [`LOCK_TIMEOUT`].
pub(super) async fn until_locked(
    mut take: impl AsyncFnMut() -> Result<bool, sqlx::Error>,
) -> Result<bool, sqlx::Error> {
    let start = Instant::now();
    while !take().await? {
        if start.elapsed() > LOCK_TIMEOUT {
            return Ok(false);
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
    Ok(true)
}
