//! Many clients that are told what is new, each for as long as the server holds their socket.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use tokio::time::{sleep, timeout};

use crate::{
    drive::{Clock, histogram},
    follower::{Follower, number_of, source_of},
    requests::User,
    server::Server,
    system::Door,
};

/// Sockets that are opened at the same time.
const AT_ONCE: usize = 64;
/// The longest wait for an answer or for deliveries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all followers of a server were told.
pub(crate) struct Followers {
    heard: Arc<Heard>,
    opened: AtomicUsize,
}

#[derive(Default)]
struct Heard {
    deliveries: AtomicU64,
    closed: AtomicU64,
    timing: Mutex<Option<Timing>>,
}

struct Timing {
    clock: Clock,
    latency: Histogram<u64>,
}

impl Followers {
    pub(crate) fn none() -> Self {
        Self { heard: Arc::default(), opened: AtomicUsize::new(0) }
    }

    /// Each of `users` opens a socket and follows their own activities.
    pub(crate) async fn join(&self, server: &Server, door: Door, users: &[User]) -> Result<()> {
        let opening = stream::iter(users.iter().cloned()).map(|user| {
            let (address, heard) = (server.address, self.heard.clone());
            let source = source_of(self.opened.fetch_add(1, Ordering::Relaxed));
            async move {
                let opened = tokio::spawn(timeout(PATIENCE, Follower::open(address, source, door, user)));
                let follower = opened.await?.context("the server does not answer")??;
                tokio::spawn(listen(follower, heard));
                anyhow::Ok(())
            }
        });
        let opened: Result<()> = opening.buffer_unordered(AT_ONCE).try_collect().await;
        opened.with_context(|| server.log())
    }

    pub(crate) fn count(&self) -> u64 {
        self.heard.deliveries.load(Ordering::Relaxed)
    }

    /// Waits until `count` deliveries have come in all.
    pub(crate) async fn wait_for(&self, count: u64) -> Result<()> {
        let start = Instant::now();
        while self.count() < count {
            self.none_is_closed()?;
            ensure!(start.elapsed() < PATIENCE, "{} of {count} deliveries came", self.count());
            sleep(Duration::from_millis(1)).await;
        }
        self.none_is_closed()
    }

    /// From now on the delivery of events that `clock` counts is timed.
    pub(crate) fn time(&self, clock: Clock) -> Result<()> {
        let timing = Timing { clock, latency: histogram()? };
        *self.heard.timing() = Some(timing);
        Ok(())
    }

    /// The times since [`Followers::time`], in nanoseconds.
    pub(crate) fn times(&self) -> Result<Histogram<u64>> {
        Ok(self.heard.timing().take().context("nothing was timed")?.latency)
    }

    /// What is measured is not what is meant, where the server has closed sockets or refused subscriptions.
    pub(crate) fn none_is_closed(&self) -> Result<()> {
        let closed = self.heard.closed.load(Ordering::Relaxed);
        ensure!(closed == 0, "the server closed {closed} sockets or refused their subscriptions");
        Ok(())
    }
}

impl Heard {
    fn timing(&self) -> std::sync::MutexGuard<'_, Option<Timing>> {
        self.timing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn delivery(&self, text: &str) {
        if let Some(timing) = &mut *self.timing()
            && let Some(latency) = number_of(text).and_then(|number| timing.clock.latency(number))
        {
            timing.latency.saturating_record(latency);
        }
        self.deliveries.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts deliveries and answers pings, as long as the server holds the socket.
async fn listen(mut follower: Follower, heard: Arc<Heard>) {
    while let Some(text) = follower.next().await {
        if follower.is_delivery(&text) {
            heard.delivery(&text);
        } else if !follower.answer(&text).await.unwrap_or(false) && !text.contains("users:status") {
            eprintln!("unexpected: {text}");
            break;
        }
    }
    heard.closed.fetch_add(1, Ordering::Relaxed);
}
