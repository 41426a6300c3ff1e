//! What a database is given before it is used: its schema and its mark.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement,
    TransactionTrait,
};

use crate::domain::{Epoch, Error, Result};

use super::{Store, connect::in_time, error::domain_error};

/// The advisory lock of PostgreSQL that one node holds while it sets the database up; the others wait. Any number that
/// nothing else uses: these are the bytes of "pulse" and a one.
const LOCK: i64 = 0x0070_756c_7365_0001;
/// How long a node waits for another one's migrations, and that the transaction which holds the lock may lie idle over its
/// own, which run on other connections.
const PATIENCE: &str = "SET LOCAL lock_timeout = '120s'; SET LOCAL statement_timeout = '120s'; \
                        SET LOCAL idle_in_transaction_session_timeout = 0";

/// Brings the schema up to date and gives a new database its mark, one node at a time; returns how many steps of the schema
/// were applied.
pub(super) async fn set_up(connection: &DatabaseConnection) -> Result<usize> {
    let lock = lock(connection).await.map_err(domain_error)?;
    let outcome = async {
        let applied = migrate(connection).await?;
        epoch(connection).await?;
        Ok(applied)
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
///
/// A role that may change rows only can use a schema that is up to date.
pub(super) async fn migrate(connection: &DatabaseConnection) -> Result<usize> {
    // Without the table, or the right to read it, the migrator says what is wrong.
    if is_up_to_date(connection).await.unwrap_or(false) {
        return Ok(0);
    }
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
pub(super) async fn is_up_to_date(connection: &DatabaseConnection) -> Result<bool, DbErr> {
    let sql = "SELECT version FROM seaql_migrations";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    let applied: HashSet<String> =
        rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?;
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

impl Store {
    /// The secret that all nodes of this database share: made when it is first asked for.
    pub async fn shared_key(&self) -> Result<[u8; 32]> {
        let connection = self.0.writer.connection();
        let backend = connection.get_database_backend();
        let sql =
            "INSERT INTO settings (name, value) VALUES ('shared_key', $1) ON CONFLICT (name) DO NOTHING";
        let new: [u8; 32] = rand::random();
        let values = [URL_SAFE_NO_PAD.encode(new).into()];
        let find = Statement::from_string(backend, "SELECT value FROM settings WHERE name = 'shared_key'");
        let read = async {
            let insert = Statement::from_sql_and_values(backend, sql, values);
            connection.execute_raw(insert).await?;
            let row = connection.query_one_raw(find).await?;
            row.map(|row| row.try_get::<String>("", "value")).transpose()
        };
        let text = in_time(backend, async { read.await.map_err(domain_error) }).await?;
        let key = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).and_then(|key| key.try_into().ok());
        key.ok_or_else(|| Error::internal("the database's shared key is not one"))
    }
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
