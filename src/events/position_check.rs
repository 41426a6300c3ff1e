//! The safety net under the bus: where the histories of followed users really stand.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    domain::{Epoch, Position, UserId},
    store::Store,
};

use super::Hub;

/// Users asked for in one statement.
const USERS: usize = 1_000;

/// Every `interval`, and when the database server was started anew, reads the epoch and the positions of the users that are
/// followed on this node, and wakes those followers that are behind; until the store is closed.
pub async fn check_positions_forever(hub: Hub, store: Store, interval: Duration) {
    let checks = async {
        loop {
            let _ = tokio::time::timeout(interval, store.server_restarted()).await;
            check(&hub, &store).await;
        }
    };
    store.closed().run_until_cancelled(checks).await;
}

/// One look at the epoch and at the positions of all who are followed here.
pub async fn check(hub: &Hub, store: &Store) {
    if let Err(error) = store.refresh_epoch().await {
        tracing::warn!(cause = ?error.cause(), "the epoch was not checked: {error}");
    }
    check_positions(hub, store, &hub.followed()).await;
}

/// Tells the hub of each epoch of the database, until the store is closed.
pub async fn follow_epochs(hub: Hub, store: Store) {
    let following = async {
        loop {
            let epoch = store.epoch();
            hub.begin_epoch(epoch);
            store.epoch_other_than(epoch).await;
        }
    };
    store.closed().run_until_cancelled(following).await;
}

/// Reads the positions of `users`, and wakes those followers that are behind. Where a history stands behind what is known
/// of it, the database went back to an earlier state, and gets a new epoch.
pub(super) async fn check_positions(hub: &Hub, store: &Store, users: &[UserId]) {
    for users in users.chunks(USERS) {
        let epoch = store.epoch();
        // Before the read: what is seen by then is committed, so the read finds it.
        let seen: Vec<_> = users.iter().map(|user| hub.seen(user, epoch)).collect();
        let heads: HashMap<_, _> = match store.positions(users).await {
            Ok(positions) => positions.into_iter().collect(),
            Err(error) => {
                tracing::warn!(cause = ?error.cause(), "positions were not checked: {error}");
                continue;
            }
        };
        let head = |user: &UserId| heads.get(user).copied().unwrap_or(Position::START);
        if users.iter().zip(seen).any(|(user, seen)| head(user) < seen) {
            return renew_epoch(store, epoch).await;
        }
        heads.iter().for_each(|(user, position)| hub.notify_position(user, *position, epoch));
    }
}

/// Writes a new epoch in place of `epoch`, in which a history went back.
pub(super) async fn renew_epoch(store: &Store, epoch: Epoch) {
    if let Err(error) = store.renew_epoch(epoch).await {
        tracing::error!(
            cause = ?error.cause(),
            "the database went back to an earlier state, and its epoch could not be renewed: {error}"
        );
    }
}

/// Whose positions are to be read soon, because something may have been missed or cannot be trusted.
#[derive(Debug, Default)]
pub(super) struct PendingChecks {
    wanted: Mutex<Wanted>,
    some: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    everyone: bool,
    users: HashSet<UserId>,
}

impl PendingChecks {
    /// Asks for everyone who is followed here.
    pub(super) fn everyone(&self) {
        self.wanted().everyone = true;
        self.some.notify_one();
    }

    /// Asks for one user. However often that happens, it costs one read.
    pub(super) fn user(&self, user: &UserId) {
        let mut wanted = self.wanted();
        if !wanted.everyone && !wanted.users.contains(user) {
            wanted.users.insert(user.clone());
            self.some.notify_one();
        }
    }

    /// Reads the positions that are asked for until the store is closed: one such read at a time, and at most one in
    /// `pause`.
    pub(super) async fn run(&self, hub: Hub, store: Store, pause: Duration) {
        let checks = async {
            loop {
                self.some.notified().await;
                tokio::time::sleep(pause).await;
                let Wanted { everyone, users } = std::mem::take(&mut *self.wanted());
                let users = if everyone { hub.followed() } else { users.into_iter().collect() };
                check_positions(&hub, &store, &users).await;
            }
        };
        store.closed().run_until_cancelled(checks).await;
    }

    /// A panic of another thread cannot leave it half changed.
    fn wanted(&self) -> std::sync::MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
