//! The epoch of the database, and how a node notices that it is another one.
//!
//! A PostgreSQL that fails over to an asynchronous standby, or is restored, goes back: it gives out positions a second time,
//! and a cursor of the lost history would skip events of the new one. So the epoch belongs to a server and its timeline
//! (`settings`, `epoch` and `epoch_server`), and each new connection compares them before its first use: whoever finds
//! another server writes a new epoch (one compare-and-set, so all nodes get the same one). A connection that is older than
//! the node's epoch is not used again. Where the server is the same and a history stands behind what was seen of it, the
//! node that sees it writes a new epoch too (`Store::renew_epoch`), and the others read it with their check of positions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};

use crate::domain::Epoch;

/// A connection that was made so shortly after a change of the epoch is not trusted either: it may have been on its way.
const MARGIN: Duration = Duration::from_secs(1);

/// The epoch that this node works in. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Epochs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: watch::Sender<Known>,
    restarted: Notify,
}

#[derive(Clone, Debug)]
struct Known {
    epoch: Epoch,
    /// Connections that were made earlier are not used any more; `None` until the database was read for the first time.
    trusted_from: Option<Instant>,
    /// When the server was started.
    postmaster: Option<String>,
}

impl Default for Epochs {
    fn default() -> Self {
        // Until it is known, cursors are of a database that does not exist.
        let known = Known { epoch: Epoch::generate(), trusted_from: None, postmaster: None };
        Self(Arc::new(Inner { known: watch::Sender::new(known), restarted: Notify::new() }))
    }
}

impl Epochs {
    /// What cursors carry now. Whoever reads takes it before the read: then it is never newer than what was read.
    pub(super) fn current(&self) -> Epoch {
        self.0.known.borrow().epoch
    }

    /// Whether a connection of this `age` may be used: not where it may lead to the server of an earlier epoch.
    pub(super) fn trusts(&self, age: Duration) -> bool {
        self.0.known.borrow().trusted_from.is_none_or(|from| age <= from.elapsed())
    }

    /// Waits until the epoch is another one than `epoch`.
    pub(super) async fn other_than(&self, epoch: Epoch) {
        // The sender lives as long as this.
        let _ = self.0.known.subscribe().wait_for(|known| known.epoch != epoch).await;
    }

    /// Waits until the server was started anew: it may have lost what was seen of it.
    pub(super) async fn server_restarted(&self) {
        self.0.restarted.notified().await;
    }

    /// Whether the database was read for the first time.
    pub(super) fn is_established(&self) -> bool {
        self.0.known.borrow().trusted_from.is_some()
    }

    /// Takes up what a new connection says.
    pub(super) fn set(&self, epoch: Epoch, postmaster: Option<String>) {
        let mut restarted = false;
        self.0.known.send_if_modified(|known| {
            if postmaster.is_some() && postmaster != known.postmaster {
                restarted = known.postmaster.is_some();
                known.postmaster = postmaster;
            }
            known.take(epoch)
        });
        if restarted {
            self.0.restarted.notify_one();
        }
    }

    /// Takes up `epoch`, which was read while `before` held; not where it does not hold any more.
    pub(super) fn replace(&self, before: Epoch, epoch: Epoch) {
        self.0.known.send_if_modified(|known| known.epoch == before && known.take(epoch));
    }
}

impl Known {
    /// Whether this changed anything.
    fn take(&mut self, epoch: Epoch) -> bool {
        let now = Instant::now();
        match self.trusted_from {
            Some(_) if self.epoch == epoch => return false,
            Some(_) => {
                tracing::warn!(
                    before = %self.epoch, now = %epoch,
                    "the database is another server or went back to an earlier state (failover, restore): cursors from \
                     before are refused, and subscriptions end with CURSOR_EXPIRED"
                );
                self.trusted_from = Some(now + MARGIN);
            }
            None => self.trusted_from = Some(now),
        }
        self.epoch = epoch;
        true
    }
}
