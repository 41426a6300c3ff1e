//! Who writes: a bounded queue, batches, commits, and then the answers and announcements.
//!
//! SQLite has one writer at a time, which has a thread of its own: it goes on with what waits as soon as a commit is made,
//! and never queues behind requests for a thread of the runtime. Of what waits, the appends are one transaction and the
//! other writes the next. A write that fails takes only itself back (a savepoint).
//!
//! PostgreSQL commits several batches of appends at once, and runs every other write in a transaction of its own; the row
//! locks of `user_position` keep each user's order, and [`super::lanes`] keeps users from waiting for each other's.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, thread, time::Duration};

use futures_util::FutureExt;
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::domain::{Clock, Epoch, Error, Event, Result, UserId};

use super::{
    Announce, Tuning,
    append::{Append, Appender, Patience},
    batch::{Batch, Command, Job, Pending},
    checkpoint::Checkpoints,
    connect::in_time,
    epoch::{Epochs, begin},
    error::{domain_error, is_conflict, is_lock_timeout},
    expired::Uncounted,
    file::DatabaseFile,
    lanes::{Group, Lanes, Single},
    write::{Tx, Write, end},
    write_check::WriteStatus,
};

/// Batches of appends that PostgreSQL commits at the same time.
const POSTGRES_BATCHES: usize = 4;
/// Connections of PostgreSQL's pool that other writes leave to reads and batches.
const POSTGRES_LEFT: u32 = 2;
/// Slices of long writes that may wait; each of these writes has one at a time.
const SLICES: usize = 1_024;
/// How often a transaction is run again that lost against another one.
const CONFLICT_RETRIES: u32 = 5;

/// The handle of the writing side. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: Queue,
    context: Context,
    closed: CancellationToken,
    tasks: TaskTracker,
}

/// Where writes wait.
#[derive(Clone)]
enum Queue {
    Sqlite {
        commands: mpsc::Sender<Command>,
        /// Slices of long writes, of which one at most goes between two batches.
        slices: mpsc::Sender<Box<dyn Job>>,
    },
    Postgres(Arc<PostgresLanes>),
}

type PostgresLanes = Lanes<Append, Box<dyn Job>>;

/// What a batch needs.
#[derive(Clone)]
struct Context {
    connection: DatabaseConnection,
    appender: Appender,
    epochs: Epochs,
    clock: Clock,
    announce: Announce,
    /// The files of SQLite.
    file: Option<DatabaseFile>,
    status: WriteStatus,
}

impl Writer {
    pub(super) fn start(
        connection: DatabaseConnection,
        file: Option<DatabaseFile>,
        status: WriteStatus,
        epochs: Epochs,
        clock: Clock,
        announce: Announce,
        tuning: Tuning,
    ) -> Result<Self> {
        let appender = match &file {
            Some(file) => Appender::sqlite(file.path())?,
            None => Appender::Postgres(connection.clone()),
        };
        let path = file.as_ref().map(|file| file.path().to_owned());
        let context = Context { connection, appender, epochs, clock, announce, file, status };
        let (closed, tasks) = (CancellationToken::new(), TaskTracker::new());
        let queue = match path {
            Some(path) => {
                let (commands, waiting) = mpsc::channel(tuning.queue);
                let (slices, waiting_slices) = mpsc::channel(SLICES);
                let waiting = Waiting { commands: waiting, slices: waiting_slices };
                let checkpoints = Checkpoints::start(&path, tasks.token())?;
                let writing =
                    commit_batches(context.clone(), waiting, closed.clone(), tuning.batch, checkpoints);
                let (runtime, token) = (Handle::current(), tasks.token());
                let run = move || {
                    runtime.block_on(writing);
                    drop(token);
                };
                thread::Builder::new().name("writer".into()).spawn(run).map_err(Error::internal)?;
                Queue::Sqlite { commands, slices }
            }
            None => {
                let lanes = Arc::new(PostgresLanes::new(tuning.queue));
                for _ in 0..POSTGRES_BATCHES {
                    tasks.spawn(commit_appends(context.clone(), lanes.clone(), tuning.batch));
                }
                // What the database allows may be few.
                let pool = context.connection.get_postgres_connection_pool();
                let connections = pool.options().get_max_connections();
                for _ in 0..connections.saturating_sub(POSTGRES_LEFT).max(1) {
                    tasks.spawn(commit_singles(context.clone(), lanes.clone(), tuning.batch));
                }
                Queue::Postgres(lanes)
            }
        };
        Ok(Self { queue, context, closed, tasks })
    }

    /// Puts an append into the queue.
    pub(super) fn append(&self, append: Append) -> Result<()> {
        match &self.queue {
            Queue::Sqlite { commands, .. } => self.enqueue(commands, Command::Append(append)),
            Queue::Postgres(lanes) => lanes.append(append.user.clone(), append),
        }
    }

    /// Starts a write; it goes on when the caller no longer waits.
    pub(super) fn write<W: Write>(&self, write: Arc<W>) -> Result<oneshot::Receiver<Result<W::Output>>> {
        let (done, outcome) = oneshot::channel();
        let (is_slice, user) = (write.is_slice(), write.user().cloned());
        let job = Box::new(Pending::new(write, done));
        match &self.queue {
            Queue::Sqlite { slices, .. } if is_slice => self.enqueue(slices, job)?,
            Queue::Sqlite { commands, .. } => self.enqueue(commands, Command::Write(job))?,
            Queue::Postgres(lanes) => lanes.job(user, job)?,
        }
        Ok(outcome)
    }

    fn enqueue<T>(&self, queue: &mpsc::Sender<T>, write: T) -> Result<()> {
        if self.closed.is_cancelled() {
            return Err(Error::unavailable("the store is closed"));
        }
        queue.try_send(write).map_err(|_| Error::unavailable("the queue of writes is full"))
    }

    pub(super) fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Takes no more and finishes what was taken.
    pub(super) async fn finish(&self) {
        self.closed.cancel();
        if let Queue::Postgres(lanes) = &self.queue {
            lanes.close();
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.context.appender.close();
    }

    pub(super) fn connection(&self) -> &DatabaseConnection {
        &self.context.connection
    }
}

/// What waits to be committed.
struct Waiting {
    commands: mpsc::Receiver<Command>,
    slices: mpsc::Receiver<Box<dyn Job>>,
}

/// Takes whatever waits for SQLite and commits it, until the store is closed and the queue is empty. What is left of long
/// writes then is not done.
async fn commit_batches(
    context: Context,
    waiting: Waiting,
    closed: CancellationToken,
    most: usize,
    checkpoints: Checkpoints,
) {
    let Waiting { mut commands, mut slices } = waiting;
    let mut batch = Vec::with_capacity(most);
    loop {
        let mut slice = None;
        tokio::select! {
            biased;
            count = commands.recv_many(&mut batch, most) => if count == 0 { return },
            Some(job) = slices.recv() => slice = Some(job),
            () = closed.cancelled() => {
                commands.close();
                slices.close();
                while slices.try_recv().is_ok() {}
            }
        }
        // Between any two batches, so that neither waits for long.
        slice = slice.or_else(|| slices.try_recv().ok());
        for part in Batch::parts(batch.drain(..)) {
            survive(context.commit(part)).await;
        }
        if let Some(job) = slice {
            survive(context.commit(Batch::Writes(vec![job]))).await;
        }
        checkpoints.committed();
    }
}

/// Waits for `work`. A panic in it is logged and ends only what is in it: the next ones need somebody who writes.
async fn survive<T>(work: impl Future<Output = T>) -> Option<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.inspect_err(|_| tracing::error!("a write panicked; it is rolled back")).ok()
}

/// Commits batches of appends in PostgreSQL, until the store is closed and none waits.
async fn commit_appends(context: Context, lanes: Arc<PostgresLanes>, most: usize) {
    while let Some(Group { users, appends }) = lanes.next_batch(most).await {
        let mut locked = survive(context.commit_unlocked(appends)).await.unwrap_or_default();
        for user in &users {
            match locked.remove(user) {
                Some(appends) => lanes.put_back(user, appends),
                None => lanes.done(user),
            }
        }
    }
}

/// Commits in PostgreSQL what goes on its own, until the store is closed and none waits.
async fn commit_singles(context: Context, lanes: Arc<PostgresLanes>, most: usize) {
    while let Some(single) = lanes.next_single(most).await {
        let (user, batch) = match single {
            Single::Appends(user, appends) => (Some(user), Batch::Appends(appends)),
            Single::Job(user, job) => (user, Batch::Writes(vec![job])),
        };
        let outcome = survive(context.commit(batch)).await;
        let Some(user) = user else { continue };
        if let Some(Err(error)) = outcome
            && is_lock_timeout(&error)
        {
            // What waits behind the same lock would wait as long, one after the other.
            let (appends, jobs) = lanes.take_all(&user);
            appends.into_iter().for_each(|append| append.fail(error.clone()));
            jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
        }
        lanes.done(&user);
    }
}

impl Context {
    /// Commits a batch, announces its events and answers everyone. Where it fails as a whole for a reason that may
    /// lie in one of its members, each member is committed alone. Returns how the first attempt ended; all were answered.
    async fn commit(&self, mut batch: Batch) -> Result<()> {
        let outcome = self.try_commit(&mut batch, Patience::Long).await;
        let made = outcome.as_ref().map(drop).map_err(Clone::clone);
        self.conclude(batch, outcome).await;
        made
    }

    /// Commits a batch, again where it lost against others.
    async fn try_commit(&self, batch: &mut Batch, patience: Patience) -> Result<Vec<Arc<Event>>> {
        let mut outcome = self.attempt(batch, patience).await;
        for retry in 1..=CONFLICT_RETRIES {
            if !outcome.as_ref().is_err_and(is_conflict) {
                break;
            }
            let pause = rand::random_range(1..=10) * retry;
            tokio::time::sleep(Duration::from_millis(pause.into())).await;
            outcome = self.attempt(batch, patience).await;
        }
        outcome
    }

    /// Announces and answers what became of a batch.
    async fn conclude(&self, mut batch: Batch, outcome: Result<Vec<Arc<Event>>>) {
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
            Err(error) if batch.len() > 1 && Uncounted::users(&error).is_some() => {
                let users = Uncounted::users(&error).unwrap_or_default();
                batch.take_appends_of(users).answer(Err(error.clone()));
                if batch.len() > 0 {
                    let _ = Box::pin(self.commit(batch)).await;
                }
            }
            Err(error) if batch.len() == 1 || matches!(error, Error::Unavailable(_)) => {
                batch.answer(Err(error))
            }
            Err(error) => {
                tracing::warn!(cause = ?error.cause(), "a batch failed as a whole; its members are tried alone");
                for single in batch.split() {
                    let _ = Box::pin(self.commit(single)).await;
                }
            }
        }
    }

    /// Commits appends of several users in PostgreSQL, but for those of users whose rows others hold locked: they are returned,
    /// and nobody waits for them for long.
    async fn commit_unlocked(&self, mut appends: Vec<Append>) -> HashMap<UserId, Vec<Append>> {
        let mut locked: HashMap<UserId, Vec<Append>> = HashMap::new();
        while !appends.is_empty() {
            let mut batch = Batch::Appends(appends);
            let outcome = self.try_commit(&mut batch, Patience::Short).await;
            if let Err(error) = &outcome
                && batch.len() > 1
                && let Some(users) = Uncounted::users(error)
            {
                batch.take_appends_of(users).answer(Err(error.clone()));
                let Batch::Appends(rest) = batch else { break };
                appends = rest;
                continue;
            }
            let Batch::Appends(waiting) = &batch else { break };
            if !outcome.as_ref().is_err_and(is_lock_timeout) {
                self.conclude(batch, outcome).await;
                break;
            }
            let users = match self.appender.find_locked(waiting).await {
                Ok(users) => users,
                Err(error) => {
                    self.conclude(batch, Err(error)).await;
                    break;
                }
            };
            // Where none is locked any more, or one is that is just created: each on its own.
            let is_locked = |append: &mut Append| users.is_empty() || users.contains(append.user.as_str());
            let Batch::Appends(mut waiting) = batch else { break };
            for append in waiting.extract_if(.., is_locked) {
                locked.entry(append.user.clone()).or_default().push(append);
            }
            appends = waiting;
        }
        locked
    }

    /// One transaction, which ends in time; its events, those of appends in their order. It counts only where the
    /// database is the file at its path: another one would be lost with this process.
    async fn attempt(&self, batch: &mut Batch, patience: Patience) -> Result<Vec<Arc<Event>>> {
        if let Some(file) = self.file.as_ref().filter(|file| file.is_replaced()) {
            file.check()?;
        }
        let events = match batch {
            Batch::Appends(appends) => {
                self.appender.commit(appends, &self.epochs, self.clock.now(), patience).await
            }
            Batch::Writes(jobs) => in_time(self.connection.get_database_backend(), self.transact(jobs)).await,
        }?;
        self.file.as_ref().map_or(Ok(()), DatabaseFile::check)?;
        Ok(events)
    }

    async fn transact(&self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Arc<Event>>> {
        let (transaction, epoch) = begin(&self.epochs, &self.connection).await?;
        let outcome = self.run(&transaction, epoch, jobs).await;
        end(transaction, outcome).await
    }

    async fn run(
        &self,
        transaction: &DatabaseTransaction,
        epoch: Epoch,
        jobs: &mut [Box<dyn Job>],
    ) -> Result<Vec<Arc<Event>>> {
        let tx = Tx { connection: transaction, epoch, now: self.clock.now() };
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
}
