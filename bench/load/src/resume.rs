//! Followers who lose their socket and go on behind the last cursor that they saw, and the proof that each of them had
//! every event exactly once. What they do only Pulse can.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use serde_json::Value;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use crate::{
    drive::{Clock, histogram},
    follower::{Follower, cursor_of, number_of, source_of},
    requests::{Connection, Task, User},
    server::Server,
    system::Door,
};

/// Between the first attempts of two followers.
const BETWEEN: Duration = Duration::from_micros(500);
/// How long an attempt to open a socket may take.
const OPENING: Duration = Duration::from_secs(20);
/// The longest wait between two attempts; the first is up to a tenth of a second, and each the double.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The longest time without one event while events are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which place an event has, by the number of its follower and its own.
pub(crate) type Place = Box<dyn Fn(usize, u64) -> usize + Send + Sync>;

/// Followers of one server.
pub(crate) struct Crowd {
    address: SocketAddr,
    /// Whether the event of a place has come.
    seen: Vec<AtomicBool>,
    place: Place,
    came: AtomicU64,
    doubled: AtomicU64,
    strange: AtomicU64,
    /// Followers whose subscription was asked for on an open socket.
    subscribed: AtomicUsize,
    /// Sockets that the server closed.
    lost: AtomicU64,
    /// Subscriptions that the server put off: there is more to read than it can at that moment.
    refused: AtomicU64,
    /// Attempts to open a socket that failed.
    failed: AtomicU64,
    kicks: Vec<Notify>,
    clock: Mutex<Option<Clock>>,
    resumed: Mutex<Histogram<u64>>,
    delivered: Mutex<Histogram<u64>>,
}

impl Crowd {
    /// Follower `n` follows user `n` modulo the number of users, from where their feed stands now. `places` is one more
    /// than the largest that `place` gives.
    pub(crate) async fn gather(
        server: &Server,
        users: &[User],
        followers: usize,
        places: usize,
        place: Place,
    ) -> Result<Arc<Self>> {
        let mut connection = Connection::open(server.address).await?;
        let mut cursors = Vec::with_capacity(users.len());
        for user in users {
            let page = connection.perform(Task::FirstPage, Door::Rest, user, 0).await?;
            let page: Value = serde_json::from_slice(&page)?;
            cursors.push(page["cursor"].as_str().context("a page without a cursor")?.to_owned());
        }
        let crowd = Arc::new(Self {
            address: server.address,
            seen: (0..places).map(|_| AtomicBool::new(false)).collect(),
            place,
            came: AtomicU64::new(0),
            doubled: AtomicU64::new(0),
            strange: AtomicU64::new(0),
            subscribed: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            kicks: (0..followers).map(|_| Notify::new()).collect(),
            clock: Mutex::default(),
            resumed: Mutex::new(histogram()?),
            delivered: Mutex::new(histogram()?),
        });
        for number in 0..followers {
            let (user, cursor) = (users[number % users.len()].clone(), cursors[number % users.len()].clone());
            tokio::spawn(Member { number, user, cursor, crowd: crowd.clone() }.follow());
        }
        Ok(crowd)
    }

    /// Waits until every follower has asked for its subscription.
    pub(crate) async fn all_subscribed(&self) -> Result<()> {
        let start = Instant::now();
        while self.subscribed.load(Ordering::Relaxed) < self.kicks.len() {
            let there = self.subscribed.load(Ordering::Relaxed);
            ensure!(start.elapsed() < PATIENCE, "{there} of {} are there", self.kicks.len());
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Waits until `count` events have come in all, each for the first time.
    pub(crate) async fn wait_for(&self, count: u64) -> Result<()> {
        let mut newest = (Instant::now(), self.came());
        while newest.1 < count {
            sleep(Duration::from_millis(1)).await;
            if self.came() > newest.1 {
                newest = (Instant::now(), self.came());
            }
            ensure!(
                newest.0.elapsed() < PATIENCE,
                "{} of {count} deliveries came: events are lost",
                newest.1
            );
        }
        self.check()
    }

    /// Whether nothing came twice, or to whom it was not for.
    pub(crate) fn check(&self) -> Result<()> {
        let (doubled, strange) = (self.doubled.load(Ordering::Relaxed), self.strange.load(Ordering::Relaxed));
        ensure!(doubled == 0, "{doubled} events came twice");
        ensure!(strange == 0, "{strange} messages were none of those that were written");
        Ok(())
    }

    /// Follower `number` loses its socket and comes back within a second.
    pub(crate) fn kick(&self, number: usize) {
        self.kicks[number].notify_one();
    }

    pub(crate) fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// From now on deliveries are timed, from when `clock` says that they were due.
    pub(crate) fn time(&self, clock: Clock) {
        *locked(&self.clock) = Some(clock);
    }

    /// The times from due to delivered since this was last called, in nanoseconds, of events that were due after their
    /// follower's newest subscription.
    pub(crate) fn take_deliveries(&self) -> Result<Histogram<u64>> {
        Ok(std::mem::replace(&mut *locked(&self.delivered), histogram()?))
    }

    /// The times from a subscription to its first event since this was last called, in nanoseconds.
    pub(crate) fn take_resumes(&self) -> Result<Histogram<u64>> {
        Ok(std::mem::replace(&mut *locked(&self.resumed), histogram()?))
    }

    fn note(&self, follower: usize, number: u64, subscribed: Instant, is_first: bool) {
        match self.seen.get((self.place)(follower, number)) {
            None => drop(self.strange.fetch_add(1, Ordering::Relaxed)),
            Some(seen) if seen.swap(true, Ordering::Relaxed) => {
                self.doubled.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => drop(self.came.fetch_add(1, Ordering::Relaxed)),
        }
        if is_first {
            locked(&self.resumed).saturating_record(nanoseconds(subscribed.elapsed()));
        }
        let clock = *locked(&self.clock);
        if let Some(clock) = clock.filter(|clock| clock.due(number) >= subscribed)
            && let Some(latency) = clock.latency(number)
        {
            locked(&self.delivered).saturating_record(latency);
        }
    }
}

/// One follower, for as long as the program runs.
struct Member {
    number: usize,
    user: User,
    cursor: String,
    crowd: Arc<Crowd>,
}

impl Member {
    async fn follow(mut self) {
        // At the very beginning they come one after the other: that is no part of what is measured.
        sleep(BETWEEN * u32::try_from(self.number).unwrap_or(u32::MAX)).await;
        let mut failures = 0;
        loop {
            match timeout(OPENING, self.open()).await {
                Ok(Ok(follower)) => {
                    self.crowd.subscribed.fetch_add(1, Ordering::Relaxed);
                    let end = self.listen(follower).await;
                    self.crowd.subscribed.fetch_sub(1, Ordering::Relaxed);
                    match end {
                        End::Refused => drop(self.crowd.refused.fetch_add(1, Ordering::Relaxed)),
                        End::Lost => {
                            self.crowd.lost.fetch_add(1, Ordering::Relaxed);
                            failures = 0;
                        }
                        End::Left => failures = 0,
                    }
                }
                Ok(Err(_)) | Err(_) => drop(self.crowd.failed.fetch_add(1, Ordering::Relaxed)),
            }
            // A random wait, so that those who lost their sockets together do not come back together.
            let longest = LONGEST_WAIT.min(Duration::from_millis(100) * 2_u32.pow(failures));
            sleep(longest.mul_f64(rand::random())).await;
            failures = (failures + 1).min(8);
        }
    }

    async fn open(&self) -> Result<(Follower, Instant)> {
        let source = source_of(self.number);
        let mut follower = Follower::connect(self.crowd.address, source, Door::Graphql).await?;
        follower.greet(&self.user).await?;
        let asked = Instant::now();
        follower.resume(&self.user, &self.cursor).await?;
        Ok((follower, asked))
    }

    /// Returns when the socket is gone.
    async fn listen(&mut self, (mut follower, asked): (Follower, Instant)) -> End {
        let crowd = self.crowd.clone();
        let mut is_first = true;
        loop {
            let text = tokio::select! {
                text = follower.next() => text,
                () = crowd.kicks[self.number].notified() => {
                    leave(follower).await;
                    return End::Left;
                }
            };
            let Some(text) = text else { return End::Lost };
            if text.contains(r#""type":"error""#) && text.contains(r#""code":"UNAVAILABLE""#) {
                return End::Refused;
            }
            if let Err(problem) = self.take(&mut follower, &text, asked, is_first).await {
                eprintln!("{problem:#}");
                return End::Lost;
            }
            is_first &= !follower.is_delivery(&text);
        }
    }

    async fn take(
        &mut self,
        follower: &mut Follower,
        text: &str,
        asked: Instant,
        is_first: bool,
    ) -> Result<()> {
        if !follower.is_delivery(text) {
            if follower.answer(text).await? {
                return Ok(());
            }
            self.crowd.strange.fetch_add(1, Ordering::Relaxed);
            bail!("unexpected: {text}");
        }
        let (number, cursor) = (number_of(text).context("a number")?, cursor_of(text).context("a cursor")?);
        self.crowd.note(self.number, number, asked, is_first);
        cursor.clone_into(&mut self.cursor);
        Ok(())
    }
}

/// How a socket ended.
enum End {
    /// The follower gave it up.
    Left,
    /// The server closed it, or said what it must not.
    Lost,
    /// The server asked to try again later.
    Refused,
}

/// Half of them say goodbye, the others are just gone; each is away for up to a second.
async fn leave(follower: Follower) {
    if rand::random() {
        follower.close().await;
    } else {
        drop(follower);
    }
    sleep(Duration::from_secs(1).mul_f64(rand::random())).await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
