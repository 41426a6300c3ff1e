//! The receiving side of the bus: passes on what other nodes commit to the followers of this node.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::{Client, Subscriber};
use futures_util::StreamExt;
use moka::sync::Cache;
use tokio::{sync::watch, task::AbortHandle};

use crate::{
    domain::{ItemId, UserId},
    events::{
        Hub,
        position_check::{PendingChecks, check_positions},
        wire,
    },
    store::Store,
};

use super::topics::{RETRY_PAUSE_MAX, SUBSCRIPTION_DELAY, Topics};

/// How long a user whom nobody follows any more is listened for: once to twice this. Those who come back find it there.
const GRACE: Duration = Duration::from_secs(15);
/// How long a public activity may be on its way; an older one is a repetition. Clocks of nodes differ by less.
const PUBLIC_AGE: Duration = Duration::from_secs(300);
/// Public activities that are remembered, so that a repetition is not shown.
const PUBLIC_REMEMBERED: u64 = 10_000;
/// How often it is logged, at most, that messages were dropped.
const FORGED_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The receiving side: what its tasks share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) client: Client,
    pub(super) hub: Hub,
    pub(super) store: Store,
    pub(super) checks: Arc<PendingChecks>,
    pub(super) forged: Arc<Forged>,
}

impl Receiver {
    /// Receives until the store is closed; under other subjects from each new epoch on.
    pub(super) async fn run(self, topics: watch::Sender<Topics>) {
        let closed = self.store.closed();
        let receiving = async {
            loop {
                let now = topics.borrow().clone();
                let listening = Listener::new(self.clone(), now.clone()).run();
                tokio::select! {
                    () = self.store.epoch_other_than(now.epoch) => {}
                    _ = async { tokio::join!(listening, self.forward_public(&now)) } => return,
                }
                topics.send_replace(self.next_topics().await);
                self.checks.everyone();
            }
        };
        closed.run_until_cancelled(receiving).await;
    }

    async fn next_topics(&self) -> Topics {
        loop {
            match Topics::of(&self.store).await {
                Ok(topics) => return topics,
                Err(error) => {
                    tracing::warn!(cause = ?error.cause(), "the bus waits for the database: {error}")
                }
            }
            tokio::time::sleep(RETRY_PAUSE_MAX).await;
        }
    }

    /// Passes on what other nodes show to everyone. A repetition is not shown again.
    async fn forward_public(&self, topics: &Topics) {
        let subject = topics.public();
        let shown: Cache<ItemId, ()> =
            Cache::builder().max_capacity(PUBLIC_REMEMBERED).time_to_live(PUBLIC_AGE * 2).build();
        let Ok(mut messages) = self.client.subscribe(subject.clone()).await else { return };
        while let Some(message) = messages.next().await {
            let Some(payload) = topics.key.verify(&subject, &message.payload) else {
                self.forged.count();
                continue;
            };
            match wire::decode_public(topics.epoch, payload) {
                Ok(activity) => {
                    let age = self.store.clock().now().millis().abs_diff(activity.timestamp.millis());
                    let new = u128::from(age) <= PUBLIC_AGE.as_millis() && !shown.contains_key(&activity.id);
                    if new {
                        shown.insert(activity.id, ());
                        self.hub.publish_publicly(activity);
                    }
                }
                Err(error) => {
                    tracing::debug!(cause = ?error.cause(), "a message of another version was left out")
                }
            }
        }
    }

    /// Passes what other nodes tell of `user` on to the followers here. What cannot be trusted or read may have come in
    /// the place of an event: the tables say.
    async fn forward(self, user: UserId, topics: Topics, mut messages: Subscriber) {
        let subject = topics.user(&user);
        while let Some(message) = messages.next().await {
            let event = match topics.key.verify(&subject, &message.payload) {
                Some(payload) => wire::decode(&user, topics.epoch, payload),
                None => {
                    self.forged.count();
                    self.checks.user(&user);
                    continue;
                }
            };
            match event {
                Ok(event) => self.hub.publish(Arc::new(event)),
                Err(error) => {
                    tracing::debug!(cause = ?error.cause(), "a message of another version was left out");
                    self.checks.user(&user);
                }
            }
        }
    }
}

/// Messages that were dropped, because no node of this database sent them.
#[derive(Default)]
pub(super) struct Forged {
    count: AtomicU64,
    logged: Mutex<Option<Instant>>,
}

impl Forged {
    /// Counts one. Who floods the bus does not flood the log.
    fn count(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= FORGED_LOG_INTERVAL) {
            *logged = Some(Instant::now());
            tracing::warn!(
                count,
                "messages on the bus are dropped: no node of this database and version sent them"
            );
        }
    }
}

/// Listens for those who are followed here, and for nobody else.
struct Listener {
    receiver: Receiver,
    topics: Topics,
    listening: HashMap<UserId, Listening>,
}

struct Listening {
    task: AbortHandle,
    /// Whether nobody followed the user when it was last looked.
    idle: bool,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    fn new(receiver: Receiver, topics: Topics) -> Self {
        Self { receiver, topics, listening: HashMap::new() }
    }

    /// One task adds and removes, so that a user who gets a follower while their subscription ends is not forgotten.
    async fn run(mut self) {
        let hub = self.receiver.hub.clone();
        let mut prune = tokio::time::interval(GRACE);
        prune.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                users = hub.newly_followed() => self.listen(users.into_iter().collect()).await,
                _ = prune.tick() => self.prune().await,
            }
        }
    }

    async fn listen(&mut self, users: Vec<UserId>) {
        let receiver = &self.receiver;
        for user in &users {
            if self.listening.contains_key(user) {
                continue;
            }
            match receiver.client.subscribe(self.topics.user(user)).await {
                Ok(subscriber) => {
                    let forward = receiver.clone().forward(user.clone(), self.topics.clone(), subscriber);
                    let task = tokio::spawn(forward).abort_handle();
                    self.listening.insert(user.clone(), Listening { task, idle: false });
                }
                Err(error) => tracing::warn!(%error, "a user is not listened for"),
            }
        }
        let (hub, store) = (receiver.hub.clone(), receiver.store.clone());
        tokio::spawn(async move {
            tokio::time::sleep(SUBSCRIPTION_DELAY).await;
            check_positions(&hub, &store, &users).await;
        });
    }

    /// Ends the subscriptions of users whom nobody has followed for a while, and makes up for any that is missing.
    async fn prune(&mut self) {
        let hub = &self.receiver.hub;
        self.listening.retain(|user, listening| {
            let was_idle = std::mem::replace(&mut listening.idle, !hub.follows(user));
            !(was_idle && listening.idle)
        });
        let mut missing = hub.followed();
        missing.retain(|user| !self.listening.contains_key(user));
        if !missing.is_empty() {
            self.listen(missing).await;
        }
    }
}
