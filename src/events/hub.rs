//! The followers of this node: one broadcast channel per followed user, so that the cost of an event does not depend
//! on how many others are connected.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, broadcast};

use crate::domain::{Activity, Epoch, Event, Position, UserId};

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
    Position(Position),
    /// The epoch may be another one, or something was committed in another one: the tables say.
    Check,
}

/// Brings changes to the followers of this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shards: Box<[Mutex<HashMap<UserId, Channel>>]>,
    hasher: std::hash::RandomState,
    starts: Semaphore,
    /// The epoch of the positions in the channels; `None` where it never changes.
    epoch: RwLock<Option<Epoch>>,
    first_followers: OnceLock<FirstFollowers>,
    /// Activities that everyone is shown.
    public: broadcast::Sender<Arc<Activity>>,
}

/// Users who have a first follower, for a bus that listens for them.
#[derive(Debug, Default)]
struct FirstFollowers {
    users: Mutex<HashSet<UserId>>,
    some: Notify,
}

#[derive(Debug)]
struct Channel {
    sender: broadcast::Sender<Signal>,
    /// The newest position that was sent.
    newest: Position,
    /// The newest position that is known, also by reads. The history stands there or beyond, unless it went back.
    seen: Position,
}

impl Channel {
    fn send(&self, signal: Signal) {
        // Without a receiver there is nobody to tell.
        let _ = self.sender.send(signal);
    }
}

impl Default for Hub {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner {
            shards,
            hasher: std::hash::RandomState::new(),
            starts: Semaphore::new(STARTS),
            epoch: RwLock::default(),
            first_followers: OnceLock::new(),
            public: broadcast::Sender::new(PUBLIC_BUFFER),
        }))
    }
}

impl Hub {
    /// Follows `user` from now on, until the follower is dropped.
    pub fn join(&self, user: &UserId) -> Follower {
        let mut shard = self.shard(user);
        let channel = shard.entry(user.clone()).or_insert_with(|| {
            if let Some(first_followers) = self.0.first_followers.get() {
                lock(&first_followers.users).insert(user.clone());
                first_followers.some.notify_one();
            }
            let sender = broadcast::Sender::new(BUFFER);
            Channel { sender, newest: Position::START, seen: Position::START }
        });
        Follower { receiver: Some(channel.sender.subscribe()), user: user.clone(), hub: self.clone() }
    }

    /// Waits for the follower's turn to read the tables for its start.
    pub(super) async fn start_permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.starts.acquire().await.ok()
    }

    /// Tells the followers of the event's user. Never blocks; who is too far behind is told that they missed some.
    pub fn publish(&self, event: Arc<Event>) {
        if let Some(channel) = self.shard(&event.user).get_mut(&event.user) {
            // Positions of two epochs do not compare.
            let signal = if self.is_in(|epoch| event.counts.cursor.is_of(epoch)) {
                channel.newest = channel.newest.max(event.position);
                channel.seen = channel.seen.max(event.position);
                Signal::Event(event.clone(), Arc::default())
            } else {
                Signal::Check
            };
            channel.send(signal);
        }
    }

    /// Tells the followers of `user` where the history stands in `epoch`, unless they were sent an event as new as that.
    pub fn notify_position(&self, user: &UserId, position: Position, epoch: Epoch) {
        if let Some(channel) = self.shard(user).get_mut(user)
            && self.is_in(|current| current == epoch)
        {
            channel.seen = channel.seen.max(position);
            if channel.newest < position {
                channel.newest = position;
                channel.send(Signal::Position(position));
            }
        }
    }

    /// Keeps where a follower of `user` has come to in `epoch` by reading the tables.
    pub(super) fn saw(&self, user: &UserId, position: Position, epoch: Epoch) {
        if let Some(channel) = self.shard(user).get_mut(user)
            && self.is_in(|current| current == epoch)
        {
            channel.seen = channel.seen.max(position);
        }
    }

    /// The newest position of `user` that is known here in `epoch`.
    pub(super) fn seen(&self, user: &UserId, epoch: Epoch) -> Position {
        let shard = self.shard(user);
        let channel = shard.get(user).filter(|_| self.is_in(|current| current == epoch));
        channel.map_or(Position::START, |channel| channel.seen)
    }

    /// From now on positions are those of `epoch`: all that is known of earlier ones is dropped, and the followers look.
    pub fn begin_epoch(&self, epoch: Epoch) {
        // First the epoch, then the channels: whoever compares holds the lock of a channel's shard.
        let before = self.0.epoch.write().unwrap_or_else(PoisonError::into_inner).replace(epoch);
        if before == Some(epoch) {
            return;
        }
        for shard in &self.0.shards {
            for channel in lock(shard).values_mut() {
                (channel.newest, channel.seen) = (Position::START, Position::START);
                channel.send(Signal::Check);
            }
        }
    }

    fn is_in(&self, matches: impl FnOnce(Epoch) -> bool) -> bool {
        self.0.epoch.read().unwrap_or_else(PoisonError::into_inner).is_none_or(matches)
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
        let first_followers = self.0.first_followers.get_or_init(FirstFollowers::default);
        loop {
            let users = std::mem::take(&mut *lock(&first_followers.users));
            if !users.is_empty() {
                return users;
            }
            first_followers.some.notified().await;
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

    /// Keeps where the history is known to stand in `epoch`, by a read of the tables.
    pub(super) fn saw(&self, position: Position, epoch: Epoch) {
        self.hub.saw(&self.user, position, epoch);
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
        let epoch = Epoch::generate();
        hub.notify_position(&user, Position(2), epoch);
        hub.notify_position(&user, Position(2), epoch);
        assert!(matches!(follower.next().await, Some(Signal::Position(Position(2)))));
        assert!(follower.is_empty());
    }
}
