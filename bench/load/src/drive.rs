//! Load on the HTTP doors: as fast as the server answers (closed loop), or at a fixed rate (open loop).

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use crate::{
    process::Processor,
    requests::{Connection, Task, User},
    server::Server,
    system::Door,
};

/// The longest latency that is told apart, in nanoseconds.
const LONGEST: u64 = 120_000_000_000;

/// An empty histogram of nanoseconds, exact to three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1_000, LONGEST, 3)?)
}

/// What a load brought.
pub(crate) struct Outcome {
    /// Answers a second.
    pub(crate) rate: f64,
    /// Processor time of the server for each.
    pub(crate) processor: Processor,
    /// From when a request was due to its answer, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
}

/// How long a load is put on: until caches and compilers are warm, and while it counts.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    pub(crate) warm_up: Duration,
    pub(crate) counted: Duration,
}

/// Each of `users` does `task` on a connection of their own, one after the other as fast as they are answered.
pub(crate) async fn closed_loop(
    server: &Server,
    task: Task,
    door: Door,
    users: &[User],
    phase: Phase,
) -> Result<Outcome> {
    let counting = Arc::new(AtomicBool::new(false));
    let ended = Arc::new(AtomicBool::new(false));
    let mut workers = JoinSet::new();
    for user in users {
        let user = user.clone();
        let mut connection = Connection::open(server.address).await?;
        let (counting, ended) = (counting.clone(), ended.clone());
        workers.spawn(async move {
            let mut latency = histogram()?;
            let mut number = 0;
            while !ended.load(Ordering::Relaxed) {
                let begun = Instant::now();
                connection.perform(task, door, &user, number).await?;
                if counting.load(Ordering::Relaxed) {
                    latency.saturating_record(nanoseconds(begun.elapsed()));
                }
                number += 1;
            }
            anyhow::Ok(latency)
        });
    }
    sleep(phase.warm_up).await;
    let (start, processor) = (Instant::now(), server.tree().processor()?);
    counting.store(true, Ordering::Relaxed);
    sleep(phase.counted).await;
    counting.store(false, Ordering::Relaxed);
    let (elapsed, processor) = (start.elapsed(), server.tree().processor()? - processor);
    ended.store(true, Ordering::Relaxed);
    let latency = merge(workers).await.with_context(|| server.log())?;
    ensure!(!latency.is_empty(), "nothing was answered");
    let count = latency.len() as f64;
    Ok(Outcome { rate: count / elapsed.as_secs_f64(), processor: processor.each(count), latency })
}

/// Writes `count` activities of `user` by many connections.
pub(crate) async fn fill(server: &Server, door: Door, user: &User, count: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..64 {
        let mut connection = Connection::open(server.address).await?;
        let (next, user) = (next.clone(), user.clone());
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return histogram();
                }
                connection.perform(Task::Create, door, &user, number).await?;
            }
        });
    }
    merge(workers).await.map(drop)
}

/// When each event of an open loop is due.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    per_second: f64,
    /// The first event that counts.
    pub(crate) first: u64,
    /// The end of events.
    pub(crate) end: u64,
}

impl Clock {
    pub(crate) fn new(per_second: f64, phase: Phase) -> Self {
        let first = (phase.warm_up.as_secs_f64() * per_second) as u64;
        let end = first + (phase.counted.as_secs_f64() * per_second) as u64;
        Self { start: Instant::now() + Duration::from_millis(100), per_second, first, end }
    }

    /// When event `number` is due.
    pub(crate) fn due(&self, number: u64) -> Instant {
        self.start + Duration::from_secs_f64(number as f64 / self.per_second)
    }

    /// How long after it was due event `number` has come; `None` where it does not count.
    pub(crate) fn latency(&self, number: u64) -> Option<u64> {
        (self.first..self.end)
            .contains(&number)
            .then(|| nanoseconds(Instant::now().saturating_duration_since(self.due(number))))
    }
}

/// Creates an activity of a random one of `users` each time that one is due.
pub(crate) async fn open_loop(
    server: &Server,
    door: Door,
    users: &Arc<[User]>,
    clock: Clock,
) -> Result<Outcome> {
    let latency = Arc::new(Mutex::new(histogram()?));
    let (count, recorded) = (users.len(), latency.clone());
    let pick = move |_| (Task::Create, door, rand::random_range(0..count));
    let note = move |number| {
        if let Some(nanoseconds) = clock.latency(number) {
            let mut latency = recorded.lock().unwrap_or_else(PoisonError::into_inner);
            latency.saturating_record(nanoseconds);
        }
    };
    let processor = open_loop_of(server, users, clock, 64, pick, note).await?.each(clock.end as f64);
    let elapsed = Instant::now().saturating_duration_since(clock.due(clock.first));
    let latency = latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Outcome { rate: latency.len() as f64 / elapsed.as_secs_f64(), processor, latency })
}

/// Does what `pick` says for each number that is due, for which one of `users`, over `connections`; `note` hears the
/// number when it is answered. Returns the processor time of the server meanwhile. A server that falls behind does not slow the load down: latencies count from when a
/// request was due, not from when a connection was free for it.
pub(crate) async fn open_loop_of<P, N>(
    server: &Server,
    users: &Arc<[User]>,
    clock: Clock,
    connections: usize,
    pick: P,
    note: N,
) -> Result<Processor>
where
    P: Fn(u64) -> (Task, Door, usize) + Clone + Send + 'static,
    N: Fn(u64) + Clone + Send + 'static,
{
    let due = Arc::new(Semaphore::new(0));
    let next = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(server.address).await?;
        let (due, next, users) = (due.clone(), next.clone(), users.clone());
        let (pick, note) = (pick.clone(), note.clone());
        workers.spawn(async move {
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                let number = next.fetch_add(1, Ordering::Relaxed);
                let (task, door, user) = pick(number);
                connection.perform(task, door, &users[user], number).await?;
                note(number);
                if number + 1 >= clock.end {
                    due.close();
                }
            }
            anyhow::Ok(())
        });
    }
    let processor = server.tree().processor()?;
    // A thread of its own: a runtime's timer has steps of a millisecond, which is much beside what is measured.
    std::thread::spawn(move || {
        for number in 0..clock.end {
            std::thread::sleep(clock.due(number).saturating_duration_since(Instant::now()));
            due.add_permits(1);
        }
    });
    while let Some(ended) = workers.join_next().await {
        ended?.with_context(|| server.log())?;
    }
    Ok(server.tree().processor()? - processor)
}

async fn merge(mut workers: JoinSet<Result<Histogram<u64>>>) -> Result<Histogram<u64>> {
    let mut all = histogram()?;
    while let Some(part) = workers.join_next().await {
        all.add(part??)?;
    }
    Ok(all)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(LONGEST)
}
