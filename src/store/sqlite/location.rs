//! The address of an SQLite database, and how its file is opened.

use std::{path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use rusqlite::OpenFlags;

use crate::domain::{Error, Result};

use crate::store::error::sqlite_error;

/// Bytes of a page. Small pages make a commit write less.
const PAGE_BYTES: u32 = 2_048;
/// How long a connection waits for another one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the database may still belong to a process that is about to leave it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(2);
/// Prepared statements kept per connection; all of ours fit.
const STATEMENT_CACHE_SIZE: usize = 256;
/// KiB of pages that an import or an export keeps in memory.
const BULK_CACHE_KIB: i32 = 65_536;
/// KiB of pages that the writer keeps in memory. A batch for many users touches many pages and little of each, which the
/// default of 2 MB does not hold.
const WRITER_CACHE_KIB: i32 = 16_384;
/// Pages of the log after which a commit makes a checkpoint itself. Only reached where [`super::Checkpoints`] cannot keep up.
const WAL_AUTOCHECKPOINT_PAGES: u32 = 32_000;

/// The address of an SQLite database: `sqlite://FILE?mode=rwc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Location {
    /// The file.
    pub(in crate::store) path: PathBuf,
    can_create: bool,
    is_read_only: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Mode {
    /// Writes beside readers; every commit is durable.
    Write,
    /// Has the file to itself, as an import needs it.
    Exclusive,
    /// Reads only, for as long as an export takes.
    Read,
    /// Changes a copy that nobody uses yet, and leaves one file.
    Copy,
}

impl Location {
    /// Takes an address that starts with `sqlite:`. The file name may be percent-encoded.
    ///
    /// # Errors
    /// UNAVAILABLE for an unknown parameter or a database in memory.
    pub(in crate::store) fn parse(url: &str) -> Result<Self> {
        let text = url.strip_prefix("sqlite:").unwrap_or(url);
        let text = text.strip_prefix("//").unwrap_or(text);
        let (path, parameters) = text.split_once('?').unwrap_or((text, ""));
        let path = percent_decode_str(path).decode_utf8().map_err(Error::unavailable)?;
        let mut location = Self { path: PathBuf::from(&*path), can_create: false, is_read_only: false };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter {
                "mode=rwc" => location.can_create = true,
                "mode=ro" => location.is_read_only = true,
                "mode=rw" | "cache=private" | "cache=shared" => {}
                other => {
                    return Err(Error::unavailable(format!(
                        "unknown parameter {other:?} in the database address"
                    )));
                }
            }
        }
        Ok(location)
    }

    /// The same file, which must be there.
    pub(in crate::store) fn existing(path: PathBuf) -> Self {
        Self { path, can_create: false, is_read_only: false }
    }

    /// Opens the file.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be used; busy where another process has it to itself.
    pub(super) fn open(&self, mode: Mode) -> rusqlite::Result<rusqlite::Connection> {
        let read_only = self.is_read_only || mode == Mode::Read;
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags |= match read_only {
            true => OpenFlags::SQLITE_OPEN_READ_ONLY,
            false => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        if self.can_create && !read_only && mode != Mode::Copy {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(OPEN_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
        let set = |name: &str, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value);
        match mode {
            Mode::Write => {
                set("page_size", &PAGE_BYTES)?;
                set("journal_mode", &"wal")?;
                // FULL makes every commit durable before it is answered.
                set("synchronous", &"full")?;
                set("cache_size", &-WRITER_CACHE_KIB)?;
                set("wal_autocheckpoint", &WAL_AUTOCHECKPOINT_PAGES)?;
                set("temp_store", &"memory")?;
                connection.busy_timeout(BUSY_TIMEOUT)?;
            }
            Mode::Exclusive => {
                set("page_size", &PAGE_BYTES)?;
                set("locking_mode", &"exclusive")?;
                set("journal_mode", &"wal")?;
                set("synchronous", &"full")?;
                set("temp_store", &"file")?;
                set("cache_size", &-BULK_CACHE_KIB)?;
                connection.execute_batch(&format!("PRAGMA temp.cache_size = -{WRITER_CACHE_KIB}"))?;
            }
            Mode::Read => set("cache_size", &-BULK_CACHE_KIB)?,
            Mode::Copy => {
                // A server switches to WAL when it opens it.
                set("journal_mode", &"delete")?;
                set("synchronous", &"full")?;
            }
        }
        // Opening alone reads nothing: this finds a file that is locked or no database.
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", (), |_| Ok(()))?;
        Ok(connection)
    }

    /// A read-only connection that never waits for others.
    pub(super) fn open_reader(&self) -> rusqlite::Result<rusqlite::Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
        Ok(connection)
    }
}

/// Opens a second connection that writes to the file at `path`, for another thread.
pub(super) fn open_writer(path: &std::path::Path) -> Result<rusqlite::Connection> {
    Location::existing(path.to_owned()).open(Mode::Write).map_err(sqlite_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_documented() {
        let location = |url: &str| Location::parse(url).unwrap();
        let expected =
            Location { path: PathBuf::from("/a b/pulse.db"), can_create: true, is_read_only: false };
        assert_eq!(location("sqlite:///a%20b/pulse.db?mode=rwc"), expected);
        assert_eq!(location("sqlite:pulse.db"), Location::existing(PathBuf::from("pulse.db")));
        assert!(location("sqlite://pulse.db?mode=ro&cache=private").is_read_only);
        assert!(Location::parse("sqlite://pulse.db?mode=memory").is_err());
    }
}
