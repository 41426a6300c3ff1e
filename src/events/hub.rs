//! The followers of this node: one broadcast channel per followed user, so that the cost of an event does not depend
//! on how many others are connected.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, broadcast};

use crate::domain::{Activity, Event, Position, UserId};

use super::Encodings;

/// Signals that wait for a follower that is behind. One that misses more reads the tables.
const BUFFER: usize = 16;
/// Public activities that wait for whoever shows them; of more, the oldest are left out.
const PUBLIC_BUFFER: usize = 256;
/// Parts of the map, each with a lock of its own.
const SHARDS: usize = 64;

/// Followers that may read the tables for their start at the same time. The others wait: when everyone comes back after
/// a restart, nobody is refused because the database has too much to answer at once.
const STARTS: usize = 16;

/// What a follower hears.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A change was committed; with it what doors have made of it already.
    Event(Arc<Event>, Arc<Encodings>),
    /// The user's history stands at this position: whoever is behind missed something.
    Moved(Position),
}

/// Brings changes to the followers of this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shards: Box<[Mutex<HashMap<UserId, Channel>>]>,
    hasher: std::hash::RandomState,
    starts: Semaphore,
    newcomers: OnceLock<Newcomers>,
    /// Activities that everyone is shown.
    public: broadcast::Sender<Arc<Activity>>,
}

/// Users who have a first follower, for a bus that listens for them.
#[derive(Debug, Default)]
struct Newcomers {
    users: Mutex<HashSet<UserId>>,
    some: Notify,
}

#[derive(Debug)]
struct Channel {
    sender: broadcast::Sender<Signal>,
    /// The newest position that was sent.
    newest: Position,
}

impl Default for Hub {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner {
            shards,
            hasher: std::hash::RandomState::new(),
            starts: Semaphore::new(STARTS),
            newcomers: OnceLock::new(),
            public: broadcast::Sender::new(PUBLIC_BUFFER),
        }))
    }
}

impl Hub {
    /// Follows `user` from now on, until the follower is dropped.
    pub fn join(&self, user: &UserId) -> Follower {
        let mut shard = self.shard(user);
        let channel = shard.entry(user.clone()).or_insert_with(|| {
            if let Some(newcomers) = self.0.newcomers.get() {
                lock(&newcomers.users).insert(user.clone());
                newcomers.some.notify_one();
            }
            Channel { sender: broadcast::Sender::new(BUFFER), newest: Position::START }
        });
        Follower { receiver: Some(channel.sender.subscribe()), user: user.clone(), hub: self.clone() }
    }

    /// Waits for the follower's turn to read the tables for its start.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.starts.acquire().await.ok()
    }

    /// Tells the followers of the event's user. Never blocks; who is too far behind is told that they missed some.
    pub fn publish(&self, event: Arc<Event>) {
        let signal = |event: &Arc<Event>| Signal::Event(event.clone(), Arc::default());
        self.send(&event.user, event.position, || signal(&event), |_| true);
    }

    /// Tells the followers of `user` where the history stands, unless they were sent an event as new as that.
    pub fn moved(&self, user: &UserId, position: Position) {
        self.send(user, position, || Signal::Moved(position), |newest| newest < position);
    }

    /// Shows an activity to everyone on this node. Nothing is promised of it: who is not there does not see it.
    pub fn publish_publicly(&self, activity: Arc<Activity>) {
        // Without a receiver there is nobody to tell.
        let _ = self.0.public.send(activity);
    }

    /// Activities that everyone is shown, from now on.
    pub fn public(&self) -> broadcast::Receiver<Arc<Activity>> {
        self.0.public.subscribe()
    }

    /// Waits for users who got a first follower; each such user is returned by one call. They are kept from the first call
    /// on: whoever calls looks at [`Hub::followed`] as well, for those who were followed before.
    pub(super) async fn newly_followed(&self) -> HashSet<UserId> {
        let newcomers = self.0.newcomers.get_or_init(Newcomers::default);
        loop {
            let users = std::mem::take(&mut *lock(&newcomers.users));
            if !users.is_empty() {
                return users;
            }
            newcomers.some.notified().await;
        }
    }

    /// Whether `user` is followed on this node.
    pub(super) fn follows(&self, user: &UserId) -> bool {
        self.shard(user).contains_key(user)
    }

    /// Everyone who is followed on this node.
    pub fn followed(&self) -> Vec<UserId> {
        self.0.shards.iter().flat_map(|shard| lock(shard).keys().cloned().collect::<Vec<_>>()).collect()
    }

    /// How many users are followed on this node.
    pub fn followed_count(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn send(
        &self,
        user: &UserId,
        position: Position,
        signal: impl FnOnce() -> Signal,
        wanted: impl Fn(Position) -> bool,
    ) {
        if let Some(channel) = self.shard(user).get_mut(user)
            && wanted(channel.newest)
        {
            channel.newest = channel.newest.max(position);
            // Without a receiver there is nobody to tell.
            let _ = channel.sender.send(signal());
        }
    }

    fn shard(&self, user: &UserId) -> MutexGuard<'_, HashMap<UserId, Channel>> {
        let hash = self.0.hasher.hash_one(user) as usize;
        lock(&self.0.shards[hash % SHARDS])
    }
}

/// A panic of another thread cannot leave a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears of a user's changes. The user's channel ends with the last follower.
#[derive(Debug)]
pub struct Follower {
    /// Taken only when the follower is dropped.
    receiver: Option<broadcast::Receiver<Signal>>,
    user: UserId,
    hub: Hub,
}

impl Follower {
    /// The next signal; `None` where some were missed.
    pub async fn next(&mut self) -> Option<Signal> {
        match &mut self.receiver {
            Some(receiver) => receiver.recv().await.ok(),
            None => None,
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.receiver.as_ref().is_none_or(broadcast::Receiver::is_empty)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut shard = self.hub.shard(&self.user);
        drop(self.receiver.take());
        if shard.get(&self.user).is_some_and(|channel| channel.sender.receiver_count() == 0) {
            shard.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_channel_lives_as_long_as_its_followers() {
        let hub = Hub::default();
        let user = UserId::parse("userId", "ada").unwrap();
        let (first, second) = (hub.join(&user), hub.join(&user));
        assert_eq!(hub.followed(), std::slice::from_ref(&user));
        drop(first);
        assert_eq!(hub.followed(), [user]);
        drop(second);
        assert!(hub.followed().is_empty());
    }

    #[tokio::test]
    async fn a_position_that_was_sent_already_wakes_nobody() {
        let hub = Hub::default();
        let user = UserId::parse("userId", "ada").unwrap();
        let mut follower = hub.join(&user);
        hub.moved(&user, Position(2));
        hub.moved(&user, Position(2));
        assert!(matches!(follower.next().await, Some(Signal::Moved(Position(2)))));
        assert!(follower.is_empty());
    }
}
