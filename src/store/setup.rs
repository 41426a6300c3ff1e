//! What a database is given before it is used: its schema and its mark.

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait,
};

use crate::domain::{Epoch, Error, Result};

use super::error::domain_error;

/// The advisory lock of PostgreSQL that one node holds while it sets the database up; the others wait. Any number that
/// nothing else uses: these are the bytes of "pulse" and a one.
const LOCK: i64 = 0x0070_756c_7365_0001;
/// How long a node waits for another one's migrations, and that the transaction which holds the lock may lie idle over its
/// own, which run on other connections.
const PATIENCE: &str = "SET LOCAL lock_timeout = '120s'; SET LOCAL statement_timeout = '120s'; \
                        SET LOCAL idle_in_transaction_session_timeout = 0";

/// What was set up.
pub(super) struct Setup {
    /// Steps of the schema that were applied.
    pub(super) applied: usize,
    /// The database's mark.
    pub(super) epoch: Epoch,
}

/// Brings the schema up to date and gives a new database its mark; one node at a time.
pub(super) async fn set_up(connection: &DatabaseConnection) -> Result<Setup> {
    let lock = lock(connection).await.map_err(domain_error)?;
    let outcome = async {
        let applied = migrate(connection).await.map_err(domain_error)?;
        Ok(Setup { applied, epoch: epoch(connection).await? })
    };
    let outcome = outcome.await;
    if let Some(lock) = lock {
        lock.rollback().await.map_err(domain_error)?;
    }
    outcome
}

/// SQLite has a lock of its own: its file is written by one at a time.
async fn lock(connection: &DatabaseConnection) -> Result<Option<DatabaseTransaction>, DbErr> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return Ok(None);
    }
    let transaction = connection.begin().await?;
    transaction.execute_unprepared(PATIENCE).await?;
    transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    Ok(Some(transaction))
}

/// Brings the schema up to date; returns how many steps were applied.
pub(super) async fn migrate(connection: &DatabaseConnection) -> Result<usize, DbErr> {
    let pending = Migrator::get_pending_migrations(connection).await?.len();
    Migrator::up(connection, None).await?;
    Ok(pending)
}

/// The mark of this database; a new one gets its mark here.
pub(super) async fn epoch(connection: &DatabaseConnection) -> Result<Epoch> {
    let backend = connection.get_database_backend();
    let sql = "INSERT INTO settings (name, value) VALUES ('epoch', $1) ON CONFLICT (name) DO NOTHING";
    let values = [Epoch::generate().to_string().into()];
    connection
        .execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
        .map_err(domain_error)?;
    find_epoch(connection).await
}

/// The mark of a database that was set up.
pub(super) async fn find_epoch<C: ConnectionTrait>(connection: &C) -> Result<Epoch> {
    stored_epoch(connection).await?.ok_or_else(|| Error::internal("the database has no epoch"))
}

/// The mark of a database; a backup that no server has opened yet has none.
pub(super) async fn stored_epoch<C: ConnectionTrait>(connection: &C) -> Result<Option<Epoch>> {
    let sql = "SELECT value FROM settings WHERE name = 'epoch'";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let Some(row) = connection.query_one_raw(statement).await.map_err(domain_error)? else { return Ok(None) };
    let text: String = row.try_get("", "value").map_err(domain_error)?;
    let epoch = Epoch::parse(&text);
    epoch.map(Some).ok_or_else(|| Error::internal(format!("the database's epoch is {text:?}")))
}
