//! A whole SQLite database as one file, made while the server runs.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::store::{Store, sqlite_file};

use super::Problem;

/// How often the size of the copy is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// What SQLite keeps beside a database that is open or was not closed.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// What a backup made.
#[derive(Clone, Copy, Debug)]
pub struct BackedUp {
    /// The size of the file.
    pub bytes: u64,
    /// How long it took, with the check of the copy.
    pub took: Duration,
}

/// Copies the SQLite database at `url` into `file`, which only its owner may read; `watch` hears from time to time how
/// many bytes there are. The file gets its name when it is complete, checked and on disk.
///
/// # Errors
/// A file that is there already, where `replace` does not say that it may go, or that is a database in use; a folder
/// that cannot be written; a database that cannot be read; a PostgreSQL.
pub async fn back_up(
    url: &str,
    file: &Path,
    replace: bool,
    watch: impl Fn(u64),
) -> Result<BackedUp, Problem> {
    let start = Instant::now();
    refuse_what_is_used(url, file)?;
    let target = Target::new(file, replace)?;
    let mut copying = std::pin::pin!(Store::back_up(url, &target.under_way));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            done = &mut copying => break done?,
            _ = looks.tick() => watch(target.size()),
        }
    }
    let bytes = target.size();
    target.publish()?;
    Ok(BackedUp { bytes, took: start.elapsed() })
}

/// A log of SQLite that lies beside a name belongs to the database that has the name now; SQLite would apply it to the
/// one that takes the name over.
fn refuse_what_is_used(url: &str, file: &Path) -> Result<(), Problem> {
    let refuse = |problem: &str| Problem::File { file: file.to_owned(), problem: problem.to_owned() };
    let same = |one: &Path, other: &Path| {
        one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
    };
    if same(&sqlite_file(url)?, file) {
        return Err(refuse("is the database itself"));
    }
    for suffix in BESIDE {
        let mut beside = file.as_os_str().to_owned();
        beside.push(suffix);
        if Path::new(&beside).exists() {
            return Err(refuse(&format!("is in use as a database: there is a file {suffix} beside it")));
        }
    }
    Ok(())
}

/// The file that is being written under another name in the same folder.
struct Target {
    file: PathBuf,
    folder: PathBuf,
    under_way: PathBuf,
}

impl Target {
    fn new(file: &Path, replace: bool) -> Result<Self, Problem> {
        let name = file.file_name().ok_or_else(|| Problem::File {
            file: file.to_owned(),
            problem: "is no name of a file".to_owned(),
        })?;
        if file.is_dir() {
            return Err(Problem::File { file: file.to_owned(), problem: "is a folder".to_owned() });
        }
        if file.exists() && !replace {
            let problem = "is there already; --force replaces it".to_owned();
            return Err(Problem::File { file: file.to_owned(), problem });
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}", std::process::id()));
        let under_way = folder.join(hidden);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&under_way).map_err(|error| Problem::unwritable(&under_way, &error))?;
        Ok(Self { file: file.to_owned(), folder, under_way })
    }

    fn size(&self) -> u64 {
        fs::metadata(&self.under_way).map_or(0, |data| data.len())
    }

    /// Gives the file its name, and makes both durable.
    fn publish(&self) -> Result<(), Problem> {
        let publish = || -> io::Result<()> {
            File::open(&self.under_way)?.sync_all()?;
            fs::rename(&self.under_way, &self.file)?;
            File::open(&self.folder)?.sync_all()
        };
        publish().map_err(|error| Problem::unwritable(&self.file, &error))
    }
}

/// A file that was not completed is taken away, with what SQLite may have left beside it.
impl Drop for Target {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.under_way);
        let mut journal = self.under_way.clone().into_os_string();
        journal.push("-journal");
        let _ = fs::remove_file(journal);
    }
}
