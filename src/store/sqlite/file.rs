//! Whether the SQLite database at its path is still the one that was opened.
//!
//! SQLite writes to open files, whatever became of their names: after `mv` or `rm` commits succeed and are lost with the
//! process. So each commit is answered only after a look at the path.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::domain::{Error, Result};

/// The files of a database in use: the database, its log, and the index of the log.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The files of one open SQLite database. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::store) struct DatabaseFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// None is what no file is: one that was missing from the start.
    files: [(PathBuf, Option<FileId>); SUFFIXES.len()],
    /// Whether the last look found other files, or none.
    replaced: AtomicBool,
}

/// What a file is, whatever its name.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file cannot be moved or deleted.
#[cfg(not(unix))]
fn file_id(path: &Path) -> io::Result<FileId> {
    fs::metadata(path).map(|_| (0, 0))
}

impl DatabaseFile {
    /// The database at `path`, which is open and in use.
    pub(in crate::store) fn new(path: PathBuf) -> Self {
        // SQLite follows links, and has the other two beside what they lead to.
        let target = path.canonicalize().unwrap_or_else(|_| path.clone());
        let files = SUFFIXES.map(|suffix| {
            let mut name = target.clone().into_os_string();
            name.push(suffix);
            let path = if suffix.is_empty() { path.clone() } else { PathBuf::from(name) };
            let id = file_id(&path).ok();
            (path, id)
        });
        Self(Arc::new(Inner { files, replaced: AtomicBool::new(false) }))
    }

    /// Where it is.
    pub(in crate::store) fn path(&self) -> &Path {
        let [(path, _), ..] = &self.0.files;
        path
    }

    /// Whether [`DatabaseFile::check`] failed when it was last called.
    pub(in crate::store) fn is_replaced(&self) -> bool {
        self.0.replaced.load(Ordering::Relaxed)
    }

    /// Looks at the path: three `stat` calls. Each change is logged once.
    ///
    /// # Errors
    /// UNAVAILABLE where a file was moved, deleted or replaced.
    pub(in crate::store) fn check(&self) -> Result<()> {
        let changed = self.0.files.iter().find(|(path, id)| id.is_none() || file_id(path).ok() != *id);
        let Some((path, _)) = changed else {
            if self.is_replaced() && self.0.replaced.swap(false, Ordering::Relaxed) {
                tracing::info!("the database file is back at its path, writes go on");
            }
            return Ok(());
        };
        if !self.0.replaced.swap(true, Ordering::Relaxed) {
            tracing::error!(
                file = %path.display(),
                "the database file was moved, deleted or replaced while it was in use: nothing is written until it is back, \
                 or until a restart opens the file that is there now"
            );
        }
        Err(Error::unavailable(format!("{} is not the file that was opened", path.display())))
    }
}
