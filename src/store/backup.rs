//! A copy of an SQLite database while a server writes to it.
//!
//! `VACUUM INTO` reads in one transaction, so the copy is of one instant, and the writer goes on meanwhile: only the WAL
//! grows until the copy is made. The backup API of SQLite starts over with each commit of another process, so under load
//! it would not end.
//!
//! **A copy has no mark.** The server that opens it first gives it one of its own, as it does a new database, so
//! cursors from before a restore are refused. With the mark of the original, positions would be given out a second
//! time, and a cursor of the lost history would skip events of the new one without a word.

use std::path::{Path, PathBuf};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::{
        self, ConnectOptions, Connection,
        sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous},
    },
};

use crate::domain::{Error, Result};

use super::{Bulk, Store, bulk, connect, error::domain_error};

impl Store {
    /// Copies the SQLite database at `url`, as it is at one instant, into the empty file `copy`, and checks the copy.
    /// A server may write meanwhile and is not kept waiting. What is in the file counts only once this has returned.
    ///
    /// # Errors
    /// BAD_USER_INPUT for a PostgreSQL, CONFLICT for what is no database of Pulse or while an import runs, UNAVAILABLE
    /// where a file cannot be read or written.
    pub async fn back_up(url: &str, copy: &Path) -> Result<()> {
        sqlite_file(url)?;
        // Absolute, so that no name is taken for a URI.
        let copy = std::path::absolute(copy).map_err(Error::unavailable)?;
        let name = copy.to_str().ok_or_else(|| Error::bad_input("The name of the file is not UTF-8."))?;
        // What has no place for a mark is not ours.
        Bulk::find_epoch(url).await?;
        let source = bulk::read_only(url).await?;
        let copied = copy_into(&source, name).await;
        source.close().await.map_err(domain_error)?;
        copied?;
        finish(&copy).await.map_err(|error| domain_error(connect::unreachable(error)))?
    }
}

/// The file of an SQLite database.
///
/// # Errors
/// BAD_USER_INPUT for a PostgreSQL.
pub(crate) fn sqlite_file(url: &str) -> Result<PathBuf> {
    if !url.starts_with("sqlite:") {
        let message = "DATABASE_URL is a PostgreSQL, which pg_dump backs up: see docs/DEPLOYING.md.";
        return Err(Error::field("DATABASE_URL", message));
    }
    let options: SqliteConnectOptions =
        url.parse().map_err(|error| domain_error(connect::unreachable(error)))?;
    Ok(options.get_filename().to_owned())
}

async fn copy_into(source: &DatabaseConnection, file: &str) -> Result<()> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", [file.into()]);
    source.execute_raw(statement).await.map(drop).map_err(domain_error)
}

/// Takes the mark out and reads the whole copy once, indexes included.
async fn finish(copy: &Path) -> Result<Result<()>, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(copy)
        .create_if_missing(false)
        // One file when it is closed. A server switches to WAL when it opens it.
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let mut connection: SqliteConnection = options.connect().await?;
    sqlx::query("DELETE FROM settings WHERE name = 'epoch'").execute(&mut connection).await?;
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(match found.as_slice() {
        [word] if word == "ok" => Ok(()),
        found => Err(Error::Conflict(format!("The copy is damaged: {}.", found.join("; ")).into())),
    })
}
