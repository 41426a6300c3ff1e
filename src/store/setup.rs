//! What a database is given before it is used: its schema and its epoch.

use std::collections::HashSet;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait,
};

use crate::domain::{Error, Result};

use super::{
    database::{Database, Executor},
    error::domain_error,
    settings::create_epoch,
    sqlite::proxy,
};

/// The advisory lock of PostgreSQL that one node holds while it sets the database up; the others wait. Any number that
/// nothing else uses: these are the bytes of "pulse" and a one.
const SETUP_LOCK: i64 = 0x0070_756c_7365_0001;
/// How long a node waits for another one's migrations, and that the transaction which holds the lock may lie idle over its
/// own, which run on other connections.
const SETUP_TIMEOUTS: &str = "SET LOCAL lock_timeout = '120s'; SET LOCAL statement_timeout = '120s'; \
                        SET LOCAL idle_in_transaction_session_timeout = 0";

/// Brings the schema up to date and gives a new database its epoch, one node at a time; returns how many steps of the schema
/// were applied.
pub(super) async fn set_up(database: &Database) -> Result<usize> {
    // SQLite has a lock of its own: one connection writes to its file at a time.
    let lock = match database {
        Database::Sqlite(_) => None,
        Database::Postgres(postgres) => Some(lock(&postgres.pool).await.map_err(domain_error)?),
    };
    let outcome = async {
        let applied = migrate(database.executor()).await?;
        create_epoch(database.executor()).await?;
        Ok(applied)
    };
    let outcome = outcome.await;
    if let Some(lock) = lock {
        lock.rollback().await.map_err(domain_error)?;
    }
    outcome
}

async fn lock(pool: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = pool.begin().await?;
    transaction.execute_unprepared(SETUP_TIMEOUTS).await?;
    transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({SETUP_LOCK})")).await?;
    Ok(transaction)
}

/// Brings the schema up to date; returns how many steps were applied.
///
/// A role that may change rows only can use a schema that is up to date.
pub(super) async fn migrate(db: Executor<'_>) -> Result<usize> {
    // Without the table, or the right to read it, the migrator says what is wrong.
    if is_up_to_date(db).await.unwrap_or(false) {
        return Ok(0);
    }
    match db {
        Executor::Sqlite(connection) => proxy(connection, apply_pending).await,
        Executor::Postgres(pool) => apply_pending(pool).await,
        Executor::PostgresTransaction(_) => Err(Error::internal("a transaction cannot be migrated in")),
    }
}

async fn apply_pending(connection: &DatabaseConnection) -> Result<usize> {
    let migrated = async {
        let pending = Migrator::get_pending_migrations(connection).await?.len();
        Migrator::up(connection, None).await?;
        Ok(pending)
    };
    migrated.await.map_err(|error: DbErr| match is_forbidden(&error) {
        true => Error::internal(format!(
            "The schema is not up to date, and this role may not change it ({error}): run `pulse migrate` with a role that \
             may, and give this one SELECT, INSERT, UPDATE and DELETE on all tables."
        )),
        false => domain_error(error),
    })
}

/// Whether every step was applied. The migrator itself would first create the table that says so, for which a role needs
/// rights even where it is there.
pub(super) async fn is_up_to_date(db: Executor<'_>) -> Result<bool> {
    let rows = db.query("SELECT version FROM seaql_migrations", [], |row| row.get::<String>(0)).await?;
    let applied: HashSet<String> = rows.into_iter().collect();
    let known: HashSet<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    Ok(applied == known)
}

/// Whether PostgreSQL says that the role may not do it.
fn is_forbidden(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            let code = error.as_database_error().and_then(|error| error.code());
            code.as_deref() == Some("42501")
        }
        _ => false,
    }
}
