//! A replica of PostgreSQL that pages are read from. It lags, and nobody is shown a hole for it:
//!
//! - A page and its cursor are of one instant of the replica, so a subscription from there brings the rest.
//! - A cursor that is newer than the replica is looked up on the primary.
//! - A user who wrote on this node a moment ago is shown the primary.
//! - What subscriptions, counts and changes read is always the primary.
//! - After a failover it is not read until it has come to the new epoch.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::{Epoch, Error, Result, UserId};

use super::{
    database::Postgres,
    epoch::Epochs,
    error::domain_error,
    postgres::{Server, stored_epoch},
    writer::Announce,
};

/// For how long a user who wrote is shown the primary: longer than a replica that works lags.
const RECENT_WRITE: Duration = Duration::from_secs(10);
/// Users of whom that is remembered; of more, who wrote longest ago is forgotten.
const RECENT_WRITERS_MAX: u64 = 100_000;
/// How often it is asked whether the replica has come to a new epoch.
const EPOCH_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A replica, and who is not to be shown it.
pub(super) struct Replica {
    database: Postgres,
    writers: Cache<UserId, ()>,
    /// The epoch that the replica was seen to have.
    epoch: watch::Receiver<Epoch>,
    _following: AbortOnDropHandle<()>,
}

impl Replica {
    /// Opens the replica at `url` of a database.
    pub(super) async fn open(url: &str, epochs: &Epochs) -> Result<Self> {
        let epoch = epochs.current();
        if stored_epoch(url).await.map_err(domain_error)? != Some(epoch) {
            let message = "DATABASE_READ_URL is not a replica of DATABASE_URL.";
            return Err(Error::field("DATABASE_READ_URL", message));
        }
        let database = Postgres::connect(url, Server::Replica, epochs).await?;
        let writers = Cache::builder().time_to_live(RECENT_WRITE).max_capacity(RECENT_WRITERS_MAX).build();
        let (seen, epoch) = watch::channel(epoch);
        let following = tokio::spawn(follow_epochs(url.to_owned(), epochs.clone(), seen));
        let following = AbortOnDropHandle::new(following);
        Ok(Self { database, writers, epoch, _following: following })
    }

    /// The replica for pages of `user`, or of everyone; `None` where only the primary serves.
    pub(super) fn for_user(&self, user: Option<&UserId>, epoch: Epoch) -> Option<&Postgres> {
        let wrote = user.is_some_and(|user| self.writers.contains_key(user));
        // One of another epoch may still show a history that is lost.
        let follows = *self.epoch.borrow() == epoch;
        (follows && !wrote).then_some(&self.database)
    }

    /// Closes the connections.
    pub(super) async fn close(&self) {
        self.database.close().await;
    }

    /// `announce`, which also remembers the users who wrote.
    pub(super) fn track_recent_writers(&self, announce: Announce) -> Announce {
        let writers = self.writers.clone();
        Arc::new(move |events| {
            for event in &events {
                writers.insert(event.user.clone(), ());
            }
            announce(events);
        })
    }
}

/// Looks, after each change of the epoch, when the replica has come to it. Until then it may show the lost history.
async fn follow_epochs(url: String, epochs: Epochs, seen: watch::Sender<Epoch>) {
    loop {
        let before = *seen.borrow();
        epochs.other_than(before).await;
        let now = epochs.current();
        match stored_epoch(&url).await {
            Ok(Some(epoch)) if epoch == now => {
                tracing::info!("the replica has come to the new epoch");
                seen.send_replace(epoch);
            }
            answer => {
                tracing::debug!(?answer, "the replica has not come to the new epoch");
                tokio::time::sleep(EPOCH_CHECK_INTERVAL).await;
            }
        }
    }
}
