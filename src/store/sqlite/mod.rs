//! SQLite: one way to the file, by rusqlite.
//!
//! [`Connection`] writes (the server's writer, an import) or reads a snapshot (an export); [`Reader`] serves reads, short ones on
//! the thread that asks. [`Checkpoints`] copies the log to the file beside the writer. `proxy` lets sea-orm's migrator use a
//! [`Connection`].

mod checkpoint;
mod connection;
mod file;
mod location;
mod proxy;
mod reader;

pub(super) use self::{
    checkpoint::Checkpoints,
    connection::{Connection, Transaction},
    file::DatabaseFile,
    location::{Location, Mode},
    proxy::proxy,
    reader::Reader,
};
