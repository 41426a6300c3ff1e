//! Who is there: users with at least one open socket.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::Stream;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::domain::UserId;

/// Counts active users, by user and not by connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sockets: Mutex<HashMap<UserId, usize>>,
    count: watch::Sender<usize>,
}

impl Default for Presence {
    fn default() -> Self {
        Self(Arc::new(Inner { sockets: Mutex::default(), count: watch::Sender::new(0) }))
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

    /// How many users are active.
    pub fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    /// The count at once, then after every change; a slow reader gets the newest.
    pub fn follow(&self) -> impl Stream<Item = usize> + Send + use<> {
        WatchStream::new(self.0.count.subscribe())
    }

    fn change(&self, user: &UserId, change: impl FnOnce(&mut usize)) {
        let mut sockets = self.0.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sockets.entry(user.clone()).or_default();
        change(count);
        if *count == 0 {
            sockets.remove(user);
        }
        let active = sockets.len();
        self.0.count.send_if_modified(|count| std::mem::replace(count, active) != active);
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
