//! A copy of an SQLite database while a server writes to it.
//!
//! `VACUUM INTO` reads in one transaction, so the copy is of one instant, and the writer goes on meanwhile: only the WAL
//! grows until the copy is made. The backup API of SQLite starts over with each commit of another process, so under load
//! it would not end.
//!
//! **A copy has no epoch.** The server that opens it first gives it one of its own, as it does a new database, so
//! cursors from before a restore are refused. With the epoch of the original, positions would be given out a second
//! time, and a cursor of the lost history would skip events of the new one without a word.

use std::path::{Path, PathBuf};

use crate::domain::{Error, Result};

use super::{
    bulk::{Bulk, ReadOnly},
    handle::Store,
    sqlite::{Connection, Location, Mode},
};

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
        // A database without settings is none of Pulse.
        Bulk::find_epoch(url).await?;
        let source = ReadOnly::open(url).await?;
        let copied = source.executor().execute("VACUUM INTO $1", [name.into()]).await;
        source.close().await?;
        copied?;
        finish(&copy).await
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
    Location::parse(url).map(|location| location.path)
}

/// Takes the epoch out and reads the whole copy once, indexes included.
async fn finish(copy: &Path) -> Result<()> {
    let locked = Error::unavailable("another process uses the copy");
    let connection = Connection::open(&Location::existing(copy.to_owned()), Mode::Copy, locked).await?;
    connection.execute("DELETE FROM settings WHERE name = 'epoch'", &[])?;
    let found = connection.query("PRAGMA integrity_check(1)", &[], |row| row.get::<String>(0))?;
    connection.close();
    match found.as_slice() {
        [word] if word == "ok" => Ok(()),
        found => Err(Error::Conflict(format!("The copy is damaged: {}.", found.join("; ")).into())),
    }
}
