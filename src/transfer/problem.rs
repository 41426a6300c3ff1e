//! Why a transfer was not carried out.

use std::{io, path::PathBuf};

use crate::domain::Error;

/// Why an import, export, seed or backup was not carried out.
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
    pub(super) fn unreadable(file: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File { file: file.into(), problem: format!("cannot be read: {error}") }
    }

    pub(super) fn unwritable(file: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File { file: file.into(), problem: format!("cannot be written: {error}") }
    }
}
