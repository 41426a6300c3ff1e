//! Who is there: users with at least one open socket.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::Stream;
use tokio::sync::{Notify, watch};
use tokio_stream::wrappers::WatchStream;

use crate::domain::UserId;

/// Counts active users, by user and not by connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    here: Mutex<Here>,
    count: watch::Sender<usize>,
    /// Told when a user enters or leaves this node.
    changed: Notify,
}

/// Who is there on this node.
#[derive(Debug, Default)]
struct Here {
    sockets: HashMap<UserId, usize>,
    /// Who entered or left since the other nodes were told; none where there are no others to tell.
    untold: Option<HashSet<UserId>>,
    /// The users of all nodes, each once; none while this node is alone.
    everywhere: Option<usize>,
}

/// Who entered a node and who left it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) entered: Vec<UserId>,
    pub(super) left: Vec<UserId>,
}

impl Default for Presence {
    fn default() -> Self {
        let (here, changed) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inner { here, count: watch::Sender::new(0), changed }))
    }
}

impl Presence {
    /// Counts `user` as active until the guard is dropped; a second socket of the same user changes nothing.
    pub fn enter(&self, user: UserId) -> Present {
        self.change(&user, |sockets| *sockets += 1);
        Present { presence: self.clone(), user }
    }

    /// [`Presence::enter`], unless `user` has `most` open sockets already.
    pub fn enter_within(&self, user: UserId, most: usize) -> Option<Present> {
        let mut entered = false;
        self.change(&user, |sockets| {
            entered = *sockets < most;
            *sockets += usize::from(entered);
        });
        entered.then(|| Present { presence: self.clone(), user })
    }

    /// How many users are active, on all nodes.
    pub fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    /// The count at once, then after every change; a slow reader gets the newest.
    pub fn follow(&self) -> impl Stream<Item = usize> + Send + use<> {
        WatchStream::new(self.0.count.subscribe())
    }

    /// Everyone who is here. From now on changes are kept for [`Presence::take_changes`].
    pub(super) fn take_all(&self) -> Changes {
        let mut here = self.here();
        here.untold = Some(HashSet::new());
        Changes { entered: here.sockets.keys().cloned().collect(), left: Vec::new() }
    }

    /// Who entered or left since these were taken last, each once and as it is now.
    pub(super) fn take_changes(&self) -> Changes {
        let mut here = self.here();
        let untold = here.untold.replace(HashSet::new()).unwrap_or_default();
        let (entered, left) = untold.into_iter().partition(|user| here.sockets.contains_key(user));
        Changes { entered, left }
    }

    /// Waits until somebody enters or leaves this node.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Takes up how many users all nodes have together; `None` where this node is alone.
    pub(super) fn counted(&self, everywhere: Option<usize>) {
        let mut here = self.here();
        here.everywhere = everywhere;
        self.tell(&here);
    }

    fn change(&self, user: &UserId, change: impl FnOnce(&mut usize)) {
        let mut here = self.here();
        let sockets = here.sockets.entry(user.clone()).or_default();
        let before = *sockets;
        change(sockets);
        let after = *sockets;
        if after == 0 {
            here.sockets.remove(user);
        }
        if (before == 0) != (after == 0) {
            if let Some(untold) = &mut here.untold {
                untold.insert(user.clone());
                self.0.changed.notify_one();
            }
            self.tell(&here);
        }
    }

    fn tell(&self, here: &Here) {
        let active = here.everywhere.unwrap_or(here.sockets.len());
        self.0.count.send_if_modified(|count| std::mem::replace(count, active) != active);
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.0.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A user's open socket.
#[derive(Debug)]
pub struct Present {
    presence: Presence,
    user: UserId,
}

impl Present {
    /// Whose socket it is.
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.presence.change(&self.user, |sockets| *sockets -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sockets_count_once() {
        let presence = Presence::default();
        let ada = UserId::parse("userId", "ada").unwrap();
        let first = presence.enter(ada.clone());
        let second = presence.enter(ada);
        assert_eq!(presence.count(), 1);
        drop(first);
        assert_eq!(presence.count(), 1);
        drop(second);
        assert_eq!(presence.count(), 0);
    }

    #[test]
    fn changes_are_told_once_and_as_they_are_now() {
        let presence = Presence::default();
        let user = |text| UserId::parse("userId", text).unwrap();
        let ada = presence.enter(user("ada"));
        assert_eq!(presence.take_all(), Changes { entered: vec![user("ada")], left: vec![] });
        assert_eq!(presence.take_changes(), Changes::default());
        let bob = presence.enter(user("bob"));
        drop(presence.enter(user("cleo")));
        drop(ada);
        let mut changes = presence.take_changes();
        changes.left.sort();
        assert_eq!(changes, Changes { entered: vec![user("bob")], left: vec![user("ada"), user("cleo")] });
        drop(bob);
    }

    #[test]
    fn with_other_nodes_their_count_is_the_one_that_is_told() {
        let presence = Presence::default();
        let _ada = presence.enter(UserId::parse("userId", "ada").unwrap());
        presence.counted(Some(7));
        let _bob = presence.enter(UserId::parse("userId", "bob").unwrap());
        assert_eq!(presence.count(), 7);
        presence.counted(None);
        assert_eq!(presence.count(), 2);
    }

    #[test]
    fn a_bound_holds_until_a_socket_ends() {
        let presence = Presence::default();
        let ada = UserId::parse("userId", "ada").unwrap();
        let first = presence.enter_within(ada.clone(), 1);
        assert!(first.is_some() && presence.enter_within(ada.clone(), 1).is_none());
        drop(first);
        assert_eq!(presence.count(), 0);
        assert!(presence.enter_within(ada, 1).is_some());
    }
}
