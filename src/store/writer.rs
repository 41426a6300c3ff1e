//! Who writes: a bounded queue, batches, commits, and then the answers and announcements.
//!
//! SQLite has one writer at a time, which has a thread of its own: it goes on with what waits as soon as a commit is made,
//! and never queues behind requests for a thread of the runtime. Of what waits, the appends are one transaction and the
//! other writes the next. A write that fails takes only itself back (a savepoint).
//!
//! PostgreSQL commits several batches of appends at once, and runs every other write in a transaction of its own; the row
//! locks of `user_position` keep each user's order.

use std::{sync::Arc, thread, time::Duration};

use futures_util::future::BoxFuture;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, Semaphore, mpsc, oneshot},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::domain::{Clock, Epoch, Error, Event, Result};

use super::{
    Announce, Tuning,
    append::{Append, Appender},
    checkpoint::Checkpoints,
    connect::in_time,
    error::{domain_error, is_conflict},
    file::DatabaseFile,
    write::{Done, Tx, Write, end},
    write_check::WriteStatus,
};

/// Batches of appends that PostgreSQL commits at the same time.
const POSTGRES_BATCHES: usize = 4;
/// Writes other than appends that may be open or wait for PostgreSQL.
const POSTGRES_WRITES: usize = 1_024;
/// How often a transaction is run again that lost against another one.
const CONFLICT_RETRIES: u32 = 5;

/// The handle of the writing side. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Command>,
    context: Context,
    /// Where writes run that have a transaction of their own; none on SQLite.
    direct: Option<Arc<Semaphore>>,
    closed: CancellationToken,
    tasks: TaskTracker,
}

/// What a batch needs.
#[derive(Clone)]
struct Context {
    connection: DatabaseConnection,
    appender: Appender,
    epoch: Epoch,
    clock: Clock,
    announce: Announce,
    /// The files of SQLite.
    file: Option<DatabaseFile>,
    status: WriteStatus,
}

enum Command {
    Append(Append),
    Write(Box<dyn Job>),
}

impl Writer {
    pub(super) fn start(
        connection: DatabaseConnection,
        file: Option<DatabaseFile>,
        status: WriteStatus,
        epoch: Epoch,
        clock: Clock,
        announce: Announce,
        tuning: Tuning,
    ) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(tuning.queue);
        let appender = match &file {
            Some(file) => Appender::sqlite(file.path())?,
            None => Appender::Postgres(connection.clone()),
        };
        let context = Context { connection, appender, epoch, clock, announce, file: file.clone(), status };
        let (closed, tasks) = (CancellationToken::new(), TaskTracker::new());
        let waiting = Arc::new(Mutex::new(waiting));
        let commit = |checkpoints| {
            commit_batches(context.clone(), waiting.clone(), closed.clone(), tuning.batch, checkpoints)
        };
        let direct = match file {
            Some(file) => {
                let writing = commit(Some(Checkpoints::start(file.path(), tasks.token())?));
                let (runtime, token) = (Handle::current(), tasks.token());
                let run = move || {
                    runtime.block_on(writing);
                    drop(token);
                };
                thread::Builder::new().name("writer".into()).spawn(run).map_err(Error::internal)?;
                None
            }
            None => {
                (0..POSTGRES_BATCHES).for_each(|_| drop(tasks.spawn(commit(None))));
                Some(Arc::new(Semaphore::new(POSTGRES_WRITES)))
            }
        };
        Ok(Self { queue, context, direct, closed, tasks })
    }

    /// Puts an append into the queue.
    pub(super) fn append(&self, append: Append) -> Result<()> {
        self.enqueue(Command::Append(append))
    }

    /// Starts a write; it goes on when the caller no longer waits.
    pub(super) fn write<W: Write>(&self, write: W) -> Result<oneshot::Receiver<Result<W::Output>>> {
        let (done, outcome) = oneshot::channel();
        let job = Box::new(Pending { write, made: None, done });
        match &self.direct {
            None => self.enqueue(Command::Write(job))?,
            Some(permits) => {
                let permit = permits.clone().try_acquire_owned().map_err(|_| full())?;
                if self.closed.is_cancelled() {
                    return Err(Error::unavailable("the store is closed"));
                }
                let context = self.context.clone();
                self.tasks.spawn(async move {
                    context.commit(Batch::Writes(vec![job])).await;
                    drop(permit);
                });
            }
        }
        Ok(outcome)
    }

    fn enqueue(&self, command: Command) -> Result<()> {
        if self.closed.is_cancelled() {
            return Err(Error::unavailable("the store is closed"));
        }
        self.queue.try_send(command).map_err(|_| full())
    }

    pub(super) fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Takes no more and finishes what was taken.
    pub(super) async fn finish(&self) {
        self.closed.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.context.appender.close();
    }

    pub(super) fn connection(&self) -> &DatabaseConnection {
        &self.context.connection
    }
}

fn full() -> Error {
    Error::unavailable("the queue of writes is full")
}

/// Takes whatever waits and commits it, until the store is closed and the queue is empty.
async fn commit_batches(
    context: Context,
    waiting: Arc<Mutex<mpsc::Receiver<Command>>>,
    closed: CancellationToken,
    most: usize,
    checkpoints: Option<Checkpoints>,
) {
    let mut batch = Vec::with_capacity(most);
    loop {
        {
            let mut waiting = waiting.lock().await;
            tokio::select! {
                biased;
                count = waiting.recv_many(&mut batch, most) => if count == 0 { return },
                () = closed.cancelled() => waiting.close(),
            }
        }
        for part in Batch::parts(batch.drain(..)) {
            context.commit(part).await;
        }
        if let Some(checkpoints) = &checkpoints {
            checkpoints.committed();
        }
    }
}

/// What is committed together.
enum Batch {
    Appends(Vec<Append>),
    Writes(Vec<Box<dyn Job>>),
}

impl Batch {
    /// The appends of `commands` and the other writes, where there are any.
    fn parts(commands: impl Iterator<Item = Command>) -> impl Iterator<Item = Self> {
        let (mut appends, mut writes) = (Vec::new(), Vec::new());
        for command in commands {
            match command {
                Command::Append(append) => appends.push(append),
                Command::Write(job) => writes.push(job),
            }
        }
        [Self::Appends(appends), Self::Writes(writes)].into_iter().filter(|part| part.len() > 0)
    }

    fn len(&self) -> usize {
        match self {
            Self::Appends(appends) => appends.len(),
            Self::Writes(jobs) => jobs.len(),
        }
    }

    /// Answers everyone: with the events of the appends, in their order, or with what went wrong.
    fn answer(self, outcome: Result<Vec<Arc<Event>>>) {
        match (self, outcome) {
            (Self::Appends(appends), Ok(events)) => {
                for (append, event) in appends.into_iter().zip(events) {
                    // Who no longer waits needs no answer; the write stands.
                    let _ = append.done.send(Ok(event));
                }
            }
            (Self::Appends(appends), Err(error)) => {
                for append in appends {
                    let _ = append.done.send(Err(error.clone()));
                }
            }
            (Self::Writes(jobs), outcome) => {
                let commit = outcome.map(drop);
                jobs.into_iter().for_each(|job| job.answer(commit.clone()));
            }
        }
    }

    /// Each member on its own.
    fn split(self) -> Vec<Self> {
        match self {
            Self::Appends(appends) => appends.into_iter().map(|append| Self::Appends(vec![append])).collect(),
            Self::Writes(jobs) => jobs.into_iter().map(|job| Self::Writes(vec![job])).collect(),
        }
    }
}

impl Context {
    /// Commits a batch, announces its events and answers everyone. Where it fails as a whole for a reason that may
    /// lie in one of its members, each member is committed alone.
    async fn commit(&self, mut batch: Batch) {
        let mut outcome = self.attempt(&mut batch).await;
        for retry in 1..=CONFLICT_RETRIES {
            if !outcome.as_ref().is_err_and(is_conflict) {
                break;
            }
            let pause = rand::random_range(1..=10) * retry;
            tokio::time::sleep(Duration::from_millis(pause.into())).await;
            outcome = self.attempt(&mut batch).await;
        }
        match &outcome {
            Ok(events) if events.is_empty() => {}
            Ok(_) => self.status.succeeded(),
            Err(error) => self.status.failed(error),
        }
        match outcome {
            Ok(events) => {
                (self.announce)(events.clone());
                batch.answer(Ok(events));
            }
            Err(error) if batch.len() == 1 || matches!(error, Error::Unavailable(_)) => {
                batch.answer(Err(error))
            }
            Err(error) => {
                tracing::warn!(cause = ?error.cause(), "a batch failed as a whole; its members are tried alone");
                for single in batch.split() {
                    Box::pin(self.commit(single)).await;
                }
            }
        }
    }

    /// One transaction, which ends in time; its events, those of appends in their order. It counts only where the
    /// database is the file at its path: another one would be lost with this process.
    async fn attempt(&self, batch: &mut Batch) -> Result<Vec<Arc<Event>>> {
        if let Some(file) = self.file.as_ref().filter(|file| file.is_replaced()) {
            file.check()?;
        }
        let events = match batch {
            Batch::Appends(appends) => self.appender.commit(appends, self.epoch, self.clock.now()).await,
            Batch::Writes(jobs) => in_time(self.connection.get_database_backend(), self.transact(jobs)).await,
        }?;
        self.file.as_ref().map_or(Ok(()), DatabaseFile::check)?;
        Ok(events)
    }

    async fn transact(&self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Arc<Event>>> {
        let transaction = self.begin().await?;
        let outcome = self.run(&transaction, jobs).await;
        end(transaction, outcome).await
    }

    async fn run(
        &self,
        transaction: &DatabaseTransaction,
        jobs: &mut [Box<dyn Job>],
    ) -> Result<Vec<Arc<Event>>> {
        let tx = Tx { connection: transaction, epoch: self.epoch, now: self.clock.now() };
        if let [job] = jobs {
            return Ok(job.run(tx).await?.into_iter().collect());
        }
        let mut events = Vec::new();
        for job in jobs {
            let savepoint = transaction.begin().await.map_err(domain_error)?;
            match job.run(Tx { connection: &savepoint, ..tx }).await {
                Ok(event) => {
                    savepoint.commit().await.map_err(domain_error)?;
                    events.extend(event);
                }
                // The job keeps its error for its caller.
                Err(error) => {
                    self.status.failed(&error);
                    savepoint.rollback().await.map_err(domain_error)?;
                }
            }
        }
        Ok(events)
    }

    async fn begin(&self) -> Result<DatabaseTransaction> {
        // A deferred transaction that reads first cannot become a writer while another one writes.
        let mode = (self.connection.get_database_backend() == DbBackend::Sqlite)
            .then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        self.connection.begin_with_options(options).await.map_err(domain_error)
    }
}

/// A [`Write`] of any kind, and who waits for it.
trait Job: Send {
    /// Runs the write and keeps its answer; an error must be followed by a rollback.
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Arc<Event>>>>;

    /// Answers the caller after the commit, or with what made the commit fail.
    fn answer(self: Box<Self>, commit: Result<()>);
}

struct Pending<W: Write> {
    write: W,
    made: Option<Result<W::Output>>,
    done: oneshot::Sender<Result<W::Output>>,
}

impl<W: Write> Job for Pending<W> {
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Arc<Event>>>> {
        Box::pin(async move {
            match self.write.run(tx).await {
                Ok(Done { output, event }) => {
                    self.made = Some(Ok(output));
                    Ok(event)
                }
                Err(error) => {
                    self.made = Some(Err(error.clone()));
                    Err(error)
                }
            }
        })
    }

    fn answer(self: Box<Self>, commit: Result<()>) {
        let made =
            self.made.unwrap_or_else(|| Err(Error::internal("a write was answered before it was run")));
        let _ = self.done.send(commit.and(made));
    }
}
