//! Files into the database: read and checked in one thread, staged by another, made visible at once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use crate::{
    domain::{FeedKind, Position, Timestamp},
    store::{Bulk, Record},
};

use super::{
    Collection, Problem,
    document::{self, Document, Terms, Unfit},
    reader::{self, Found},
};

/// Records of a batch, and bytes of their documents: a batch is full at either.
const BATCH: (usize, usize) = (512, 1024 * 1024);
/// Batches that wait to be staged.
const BATCHES: usize = 2;

/// What to import.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The files; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// The collection that all documents are of; else each is told by its fields.
    pub collection: Option<Collection>,
    /// Whether to go on without documents that do not fit.
    pub skip_invalid: bool,
}

/// How an import gets on.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// So many bytes more were read.
    Read(u64),
    /// A document does not fit.
    Unfit {
        /// Its file.
        file: &'a Path,
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it.
        sentence: &'a str,
    },
    /// All was read, and is being made part of the database.
    Settling,
}

/// What became of the documents of one collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents that were read.
    pub read: u64,
    /// Those that are part of the database now and were not before.
    pub imported: u64,
    /// Those whose id, or whose user's analytics, were there already, or came earlier in the same import.
    pub already_there: u64,
    /// Notifications that were gone already.
    pub expired: u64,
    /// Those that do not fit.
    pub invalid: u64,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Activities.
    pub activities: Tally,
    /// Analytics.
    pub analytics: Tally,
    /// Notifications.
    pub notifications: Tally,
    /// Documents of which no collection could be told; none of them fits.
    pub unknown: u64,
    /// Whether anything could be imported: not where a document did not fit that was not to be skipped.
    pub done: bool,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Documents that do not fit, of all collections.
    pub fn invalid(&self) -> u64 {
        self.unknown + self.activities.invalid + self.analytics.invalid + self.notifications.invalid
    }

    fn of(&mut self, collection: Collection) -> &mut Tally {
        match collection {
            Collection::Activities => &mut self.activities,
            Collection::Analytics => &mut self.analytics,
            Collection::Notifications => &mut self.notifications,
        }
    }
}

/// Told how an import gets on, from any thread. It must not block.
type Watch = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// Imports files into the database at `url`: all of their documents or, where one does not fit and is not to be
/// skipped, none.
///
/// # Errors
/// A file that cannot be read; a database that cannot be reached or is in use. Nothing is imported then.
pub async fn import(url: &str, import: Import, now: Timestamp, watch: Watch) -> Result<Report, Problem> {
    let start = Instant::now();
    for file in &import.files {
        reader::check(file).map_err(|error| Problem::unreadable(file, &error))?;
    }
    let mut bulk = Bulk::open(url).await?;
    let terms = Terms { collection: import.collection, now, cursor: bulk.epoch().at(Position::START) };
    let (batches, mut waiting) = mpsc::channel(BATCHES);
    let mut reading = Reading {
        terms,
        skip_invalid: import.skip_invalid,
        watch: watch.clone(),
        batches,
        batch: Vec::new(),
        bytes: 0,
        report: Report::default(),
    };
    let files = import.files;
    let reader = tokio::task::spawn_blocking(move || reading.read_all(&files).map(|()| reading.report));
    while let Some(batch) = waiting.recv().await {
        bulk.stage(batch).await?;
    }
    let mut report = match reader.await {
        Ok(report) => report?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    report.done = report.invalid() == 0 || import.skip_invalid;
    if report.done {
        watch(Progress::Settling);
        let counts = bulk.apply().await?;
        report.activities.imported = counts.items[FeedKind::Activities];
        report.analytics.imported = counts.analytics;
        report.notifications.imported = counts.items[FeedKind::Notifications];
        for collection in Collection::ALL {
            let tally = report.of(*collection);
            tally.already_there = tally.read - tally.imported - tally.expired - tally.invalid;
        }
    } else {
        bulk.abandon().await?;
    }
    report.took = start.elapsed();
    Ok(report)
}

/// The thread that reads and checks.
struct Reading {
    terms: Terms,
    skip_invalid: bool,
    watch: Watch,
    batches: mpsc::Sender<Vec<Record>>,
    batch: Vec<Record>,
    bytes: usize,
    report: Report,
}

impl Reading {
    /// Reads file after file, each opened when its turn comes, until the other side is gone.
    fn read_all(&mut self, files: &[PathBuf]) -> Result<(), Problem> {
        for file in files {
            let watch = self.watch.clone();
            let unreadable = |error| Problem::unreadable(file, &error);
            let mut documents =
                reader::open(file, move |bytes| watch(Progress::Read(bytes))).map_err(unreadable)?;
            while let Some(found) = documents.next().map_err(unreadable)? {
                self.take(file, &found);
                if (self.batch.len() >= BATCH.0 || self.bytes >= BATCH.1) && !self.send() {
                    return Ok(());
                }
            }
        }
        self.send();
        Ok(())
    }

    fn take(&mut self, file: &Path, found: &Found<'_>) {
        let read = match &found.document {
            Ok(bytes) => document::read(bytes, &self.terms),
            Err(sentence) => {
                Err(Unfit { collection: self.terms.collection, line: 0, sentence: sentence.clone() })
            }
        };
        match read {
            Ok((collection, document)) => {
                self.report.of(collection).read += 1;
                match document {
                    Document::Record(record) => {
                        self.bytes += found.document.as_ref().map_or(0, |bytes| bytes.len());
                        self.batch.push(record);
                    }
                    Document::Expired => self.report.of(collection).expired += 1,
                }
            }
            Err(unfit) => {
                match unfit.collection {
                    Some(collection) => {
                        let tally = self.report.of(collection);
                        tally.read += 1;
                        tally.invalid += 1;
                    }
                    None => self.report.unknown += 1,
                }
                (self.watch)(Progress::Unfit {
                    file,
                    line: found.line + unfit.line,
                    sentence: &unfit.sentence,
                });
            }
        }
    }

    /// Hands a batch over; false where the other side is gone, whose error is what the caller gets. Once it is known that
    /// nothing will be imported, documents are only checked.
    fn send(&mut self) -> bool {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        let wanted = self.report.invalid() == 0 || self.skip_invalid;
        !wanted || self.batches.blocking_send(batch).is_ok()
    }
}
