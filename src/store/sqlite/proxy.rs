//! A connection of SQLite under sea-orm's ordinary one, for the migrator.
//!
//! Only for that: sea-orm's proxy cannot say that a commit failed, and makes each row a map of names.

use std::{collections::BTreeMap, sync::Arc};

use sea_orm::{
    Database, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow,
    RuntimeErr, Statement, Value,
};

use crate::domain::{Error, Result};

use crate::store::error::domain_error;

use super::Connection;

/// Runs `migrate` with a sea-orm connection that leads to `connection`.
///
/// # Errors
/// Those of `migrate`, and that of a transaction that did not begin or end.
pub(in crate::store) async fn proxy<T>(
    connection: &Connection,
    migrate: impl AsyncFnOnce(&DatabaseConnection) -> Result<T>,
) -> Result<T> {
    let proxy = Arc::new(Proxy { connection: connection.clone(), failed: std::sync::Mutex::default() });
    let shared: Box<dyn ProxyDatabaseTrait> = Box::new(Shared(proxy.clone()));
    let database =
        Database::connect_proxy(DbBackend::Sqlite, Arc::new(shared)).await.map_err(domain_error)?;
    let outcome = migrate(&database).await?;
    match proxy.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(outcome),
    }
}

#[derive(Debug)]
struct Proxy {
    connection: Connection,
    /// The first transaction that did not begin or end.
    failed: std::sync::Mutex<Option<Error>>,
}

#[derive(Debug)]
struct Shared(Arc<Proxy>);

impl Proxy {
    fn transaction(&self, sql: &str) {
        if let Err(error) = self.connection.execute_batch(sql) {
            self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
        }
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Shared {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        self.0.connection.query_named(&statement.sql, &values).map_err(failed).map(|rows| {
            rows.into_iter()
                .map(|row| ProxyRow::new(row.into_iter().collect::<BTreeMap<String, Value>>()))
                .collect()
        })
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let rows_affected = match statement.values {
            Some(values) => self.0.connection.execute(&statement.sql, &values.0),
            None => self.0.connection.execute_batch(&statement.sql).map(|()| 0),
        };
        Ok(ProxyExecResult { last_insert_id: 0, rows_affected: rows_affected.map_err(failed)? })
    }

    async fn begin(&self) {
        self.0.transaction("BEGIN IMMEDIATE");
    }

    async fn commit(&self) {
        self.0.transaction("COMMIT");
    }

    async fn rollback(&self) {
        self.0.transaction("ROLLBACK");
    }

    fn start_rollback(&self) {
        self.0.transaction("ROLLBACK");
    }
}

fn failed(error: Error) -> DbErr {
    let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
    DbErr::Exec(RuntimeErr::Internal(cause))
}
