//! Whole collections as files: what `pulse import`, `pulse export` and `pulse seed` do.
//!
//! Files are what `mongoexport` writes: MongoDB Extended JSON, a document a line or an array of them.

mod document;
mod ejson;
mod export;
mod fields;
mod import;
mod reader;
mod seed;

use std::{io, path::PathBuf};

use crate::domain::{Error, words};

pub use self::{
    export::{Exported, export},
    import::{Import, Progress, Report, Tally, import},
    seed::{Seed, Seeded, seed},
};

words! {
    /// One of the three collections.
    pub enum Collection {
        /// What users did.
        Activities = "activities",
        /// What users reached, in numbers.
        Analytics = "analytics",
        /// What users are told.
        Notifications = "notifications",
    }
}

/// Why an import, export or seed was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file cannot be read or written.
    #[error("{} {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The database cannot be used, or not now.
    #[error(transparent)]
    Database(#[from] Error),
}

impl Problem {
    fn unreadable(file: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File { file: file.into(), problem: format!("cannot be read: {error}") }
    }

    fn unwritable(file: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File { file: file.into(), problem: format!("cannot be written: {error}") }
    }
}
