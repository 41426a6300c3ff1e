//! The writer: a bounded queue, batches, commits, and then the answers and announcements.
//!
//! SQLite has one writer at a time, which has a thread of its own: it goes on with what waits as soon as a commit is made,
//! and never queues behind requests for a thread of the runtime. Everything that waits is one transaction. The appends and each
//! other write run in a savepoint, so one that fails takes only itself back.
//!
//! PostgreSQL commits several batches of appends at once, and runs every other write in a transaction of its own; the row
//! locks of `user_position` keep each user's order, and [`Lanes`] keeps users from waiting for each other's.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, thread, time::Duration};

use futures_util::FutureExt;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::domain::{Clock, Error, Event, Result, UserId};

use super::{
    batch::{Batch, Command, Committed, Job, Pending, answer_appends},
    database::Database,
    epoch::Epochs,
    error::{Uncounted, is_conflict, is_lock_timeout},
    group_commit::{Append, LockTimeout, append_all, find_locked},
    postgres::{Group, Lanes, Single, with_timeout},
    sqlite::Checkpoints,
    write::{Tx, Write},
    write_status::WriteStatus,
};

/// Takes the events of each commit, in order, after it is durable. It must not block.
pub type Announce = Arc<dyn Fn(Vec<Arc<Event>>) + Send + Sync>;

/// Bounds of the writing side.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Writes that may wait; one more is answered UNAVAILABLE.
    pub queue: usize,
    /// The most writes of one commit. No write waits for a batch to fill.
    pub batch: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { queue: 8_192, batch: 256 }
    }
}

/// Batches of appends that PostgreSQL commits at the same time.
const POSTGRES_BATCHES: usize = 4;
/// Connections of PostgreSQL's pool that other writes leave to reads and batches.
const POSTGRES_RESERVED_CONNECTIONS: u32 = 2;
/// Slices of long writes that may wait; each of these writes has one at a time.
const SLICE_QUEUE_SIZE: usize = 1_024;
/// How often a transaction is run again that lost against another one.
const CONFLICT_RETRIES: u32 = 5;

/// The handle of the writing side. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: Queue,
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
    database: Database,
    epochs: Epochs,
    clock: Clock,
    announce: Announce,
    status: WriteStatus,
}

impl Writer {
    pub(super) fn start(
        database: Database,
        status: WriteStatus,
        epochs: Epochs,
        clock: Clock,
        announce: Announce,
        tuning: Tuning,
    ) -> Result<Self> {
        let context = Context { database, epochs, clock, announce, status };
        let (closed, tasks) = (CancellationToken::new(), TaskTracker::new());
        let queue = match &context.database {
            Database::Sqlite(sqlite) => {
                let (commands, waiting) = mpsc::channel(tuning.queue);
                let (slices, waiting_slices) = mpsc::channel(SLICE_QUEUE_SIZE);
                let waiting = Waiting { commands: waiting, slices: waiting_slices };
                let checkpoints = Checkpoints::start(sqlite.file.path(), tasks.token())?;
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
            Database::Postgres(postgres) => {
                let lanes = Arc::new(PostgresLanes::new(tuning.queue));
                for _ in 0..POSTGRES_BATCHES {
                    tasks.spawn(commit_appends(context.clone(), lanes.clone(), tuning.batch));
                }
                // What the database allows may be few.
                let pool = postgres.pool.get_postgres_connection_pool();
                let connections = pool.options().get_max_connections();
                for _ in 0..connections.saturating_sub(POSTGRES_RESERVED_CONNECTIONS).max(1) {
                    tasks.spawn(commit_singles(context.clone(), lanes.clone(), tuning.batch));
                }
                Queue::Postgres(lanes)
            }
        };
        Ok(Self { queue, closed, tasks })
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
        if !batch.is_empty() {
            let _ = survive(context.commit(batch.drain(..).collect())).await;
        }
        if let Some(job) = slice {
            let _ = survive(context.commit(Batch::of_job(job))).await;
        }
        checkpoints.committed();
    }
}

/// Commits batches of appends in PostgreSQL, until the store is closed and none waits.
async fn commit_appends(context: Context, lanes: Arc<PostgresLanes>, most: usize) {
    while let Some(Group { users, appends }) = lanes.next_batch(most).await {
        let mut locked = context.commit_unlocked(appends).await;
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
            Single::Appends(user, appends) => (Some(user), Batch::of_appends(appends)),
            Single::Job(user, job) => (user, Batch::of_job(job)),
        };
        let outcome = survive(context.commit(batch)).await;
        let Some(user) = user else { continue };
        if let Err(error) = outcome
            && is_lock_timeout(&error)
        {
            // What waits behind the same lock would wait as long, one after the other.
            let (appends, jobs) = lanes.take_all(&user);
            Batch { appends, jobs }.fail(&error);
        }
        lanes.done(&user);
    }
}

impl Context {
    /// Commits a batch, announces its events and answers every caller. Where it fails as a whole for a reason that may lie in
    /// one of its members, each member is committed alone. Returns how the first attempt ended; all were answered.
    async fn commit(&self, mut batch: Batch) -> Result<()> {
        let outcome = self.try_commit(&mut batch, LockTimeout::Session).await;
        let failed = match &outcome {
            Ok(committed) => committed.appended.as_ref().err(),
            Err(error) => Some(error),
        };
        let made = failed.cloned().map_or(Ok(()), Err);
        self.conclude(batch, outcome).await;
        made
    }

    /// Commits a batch, again where it lost against others.
    async fn try_commit(&self, batch: &mut Batch, lock_timeout: LockTimeout) -> Result<Committed> {
        let mut outcome = self.attempt(batch, lock_timeout).await;
        for retry in 1..=CONFLICT_RETRIES {
            if !outcome.as_ref().is_err_and(is_conflict) {
                break;
            }
            let pause = rand::random_range(1..=10) * retry;
            tokio::time::sleep(Duration::from_millis(pause.into())).await;
            outcome = self.attempt(batch, lock_timeout).await;
        }
        outcome
    }

    /// Announces a commit, and answers the callers of its batch.
    async fn conclude(&self, batch: Batch, outcome: Result<Committed>) {
        let Committed { appended, written } = match outcome {
            Ok(committed) => committed,
            Err(error) => return self.conclude_failed(batch, error).await,
        };
        let Batch { appends, jobs } = batch;
        let appended_events = appended.as_ref().map_or(&[][..], Vec::as_slice);
        let events: Vec<_> = appended_events.iter().chain(&written).cloned().collect();
        if !events.is_empty() {
            self.status.succeeded();
        }
        (self.announce)(events);
        jobs.into_iter().for_each(|job| job.answer(Ok(())));
        match appended {
            Ok(events) => answer_appends(appends, events),
            Err(error) => Box::pin(self.conclude_failed(Batch::of_appends(appends), error)).await,
        }
    }

    /// Answers the callers of a batch of which nothing was committed, or commits its members alone.
    async fn conclude_failed(&self, mut batch: Batch, error: Error) {
        self.status.failed(&error);
        if batch.len() > 1
            && let Some(users) = Uncounted::users(&error)
        {
            batch.take_appends_of(users).fail(&error);
            if batch.len() > 0 {
                let _ = Box::pin(self.commit(batch)).await;
            }
        } else if batch.len() <= 1 || matches!(error, Error::Unavailable(_)) {
            batch.fail(&error);
        } else {
            tracing::warn!(cause = ?error.cause(), "a batch failed; each of its writes is committed alone");
            for single in batch.split() {
                let _ = Box::pin(self.commit(single)).await;
            }
        }
    }

    /// Commits appends of several users in PostgreSQL, but for those of users whose rows others hold locked: they are returned,
    /// and nobody waits for them for long.
    async fn commit_unlocked(&self, mut appends: Vec<Append>) -> HashMap<UserId, Vec<Append>> {
        let mut locked: HashMap<UserId, Vec<Append>> = HashMap::new();
        while !appends.is_empty() {
            let mut batch = Batch::of_appends(appends);
            let outcome = self.try_commit(&mut batch, LockTimeout::Short).await;
            let error = match outcome {
                Ok(Committed { appended: Err(error), .. }) | Err(error) => error,
                Ok(committed) => {
                    self.conclude(batch, Ok(committed)).await;
                    break;
                }
            };
            if batch.len() > 1
                && let Some(users) = Uncounted::users(&error)
            {
                batch.take_appends_of(users).fail(&error);
                appends = batch.appends;
                continue;
            }
            if !is_lock_timeout(&error) {
                self.conclude(batch, Err(error)).await;
                break;
            }
            let users = with_timeout(find_locked(self.database.executor(), &batch.appends)).await;
            let users = match users {
                Ok(users) => users,
                Err(error) => {
                    self.conclude(batch, Err(error)).await;
                    break;
                }
            };
            // Where none is locked any more, or one is just being created: each alone.
            let is_locked = |append: &mut Append| users.is_empty() || users.contains(append.user.as_str());
            for append in batch.appends.extract_if(.., is_locked) {
                locked.entry(append.user.clone()).or_default().push(append);
            }
            appends = batch.appends;
        }
        locked
    }

    /// One transaction, which ends in time. It counts only where the database is the file at its path: another one would be
    /// lost with this process.
    async fn attempt(&self, batch: &mut Batch, lock_timeout: LockTimeout) -> Result<Committed> {
        match &self.database {
            Database::Sqlite(sqlite) => {
                if sqlite.file.is_replaced() {
                    sqlite.file.check()?;
                }
                let committed = self.transact(batch, lock_timeout).await?;
                sqlite.file.check()?;
                Ok(committed)
            }
            Database::Postgres(_) => with_timeout(self.transact(batch, lock_timeout)).await,
        }
    }

    async fn transact(&self, batch: &mut Batch, lock_timeout: LockTimeout) -> Result<Committed> {
        let (transaction, epoch) = self.database.begin(&self.epochs).await?;
        let tx = Tx { db: transaction.executor(), epoch, now: self.clock.now() };
        let outcome = self.run(tx, batch, lock_timeout).await;
        transaction.finish(outcome).await
    }

    async fn run(&self, tx: Tx<'_>, batch: &mut Batch, lock_timeout: LockTimeout) -> Result<Committed> {
        let Batch { appends, jobs } = batch;
        let mut written = Vec::new();
        match (appends.as_slice(), jobs.as_mut_slice()) {
            (appends, []) => {
                let appended = survive(append_all(tx, appends, lock_timeout)).await?;
                return Ok(Committed { appended: Ok(appended), written });
            }
            ([], [job]) => {
                written.extend(survive(job.run(tx)).await?);
                return Ok(Committed { appended: Ok(Vec::new()), written });
            }
            _ => {}
        }
        let appended = match appends.is_empty() {
            true => Ok(Vec::new()),
            false => nested(tx, append_all(tx, appends, lock_timeout)).await?,
        };
        for job in jobs {
            match nested(tx, job.run(tx)).await? {
                Ok(event) => written.extend(event),
                // The job keeps its error for its caller.
                Err(error) => self.status.failed(&error),
            }
        }
        Ok(Committed { appended, written })
    }
}

/// Runs a part of a transaction in a savepoint: where it fails, only it is taken back. The outer error is one of the transaction.
async fn nested<T>(tx: Tx<'_>, work: impl Future<Output = Result<T>>) -> Result<Result<T>> {
    tx.db.savepoint().await?;
    match survive(work).await {
        Ok(done) => tx.db.end_savepoint(true).await.map(|()| Ok(done)),
        // Some errors roll the whole transaction back, and the savepoint with it.
        Err(error) => match tx.db.end_savepoint(false).await {
            Ok(()) => Ok(Err(error)),
            Err(_) => Err(error),
        },
    }
}

/// Waits for `work`. A panic in it is logged and ends only what is in it: the writer goes on.
async fn survive<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        tracing::error!("a write panicked; it is rolled back");
        Err(Error::internal("a write panicked"))
    })
}
