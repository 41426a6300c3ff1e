//! Where everything is kept. The only part that knows the databases; it takes and returns domain types.
//!
//! **The table is the log.** `user_position` has one row per user, changed in every write of that user: its lock puts
//! the user's writers in a line, so the order of positions is the order of commits. Each activity and notification
//! keeps the position of its creation, so what a reader missed is `position > cursor ORDER BY position`.
//!
//! **Writes are grouped.** Creations wait in a bounded queue and are committed together (`group_commit`); every other
//! write is a `write::Write`, run by `Store::write`. On SQLite both are one transaction.
//!
//! **Whole collections come and go by `bulk`**: an import has the database to itself and is one transaction, an export
//! is one snapshot. `backup` copies a whole SQLite database while it is written to.
//!
//! **Two drivers, one seam.** `sqlite` and `postgres` are below `database`, against which every read and write is written
//! once.
//!
//! **Nothing is announced before its commit is durable**: the writer hands the events of a commit to the function
//! that was given to [`Store::open`].

mod analytics;
mod append;
mod backup;
mod batch;
mod bulk;
mod change_row;
mod database;
mod encode_once;
mod entity;
mod epoch;
mod epoch_changes;
mod error;
mod expired_counts;
mod expiry;
mod feed;
mod group_commit;
mod handle;
mod page_cache;
mod position;
mod positions;
mod postgres;
mod presence;
mod replica;
mod row;
mod settings;
mod setup;
mod sql;
mod sqlite;
mod sweep;
mod write;
mod write_check;
mod write_status;
mod writer;

pub(crate) use self::backup::sqlite_file;
pub use self::{
    bulk::{Bulk, ImportCounts, Record, Snapshot},
    change_row::ChangeRow,
    encode_once::EncodeOnce,
    entity::StoredItem,
    feed::Since,
    handle::Store,
    page_cache::StoredPage,
    presence::{ActiveEverywhere, NodeId},
    writer::{Announce, Tuning},
};
