//! A replica of PostgreSQL that pages are read from. It lags, and nobody is shown a hole for it:
//!
//! - A page and its cursor are of one instant of the replica, so a subscription from there brings the rest.
//! - A cursor that is newer than the replica is looked up on the primary.
//! - A user who wrote on this node a moment ago is shown the primary.
//! - What subscriptions, counts and changes read is always the primary.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use sea_orm::{QueryResult, Value};

use crate::domain::{Epoch, Error, Result, UserId};

use super::{Announce, Store, connect, error::domain_error, reader::Reader, setup};

/// For how long a user who wrote is shown the primary: longer than a replica that works lags.
const RECENT: Duration = Duration::from_secs(10);
/// Users of whom that is remembered; of more, who wrote longest ago is forgotten.
const WRITERS: u64 = 100_000;

/// A replica, and who is not to be shown it.
pub(super) struct Replica {
    reader: Reader,
    writers: Cache<UserId, ()>,
}

impl Replica {
    /// Opens the replica at `url` of the database with the mark `epoch`.
    pub(super) async fn open(url: &str, epoch: Epoch) -> Result<Self> {
        let connection = connect::connect(url).await.map_err(domain_error)?.reader;
        match setup::find_epoch(&connection).await {
            Ok(mark) if mark == epoch => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            _ => {
                let message = "DATABASE_READ_URL is not a replica of DATABASE_URL";
                return Err(Error::field("DATABASE_READ_URL", message));
            }
        }
        let writers = Cache::builder().time_to_live(RECENT).max_capacity(WRITERS).build();
        Ok(Self { reader: Reader::new(connection), writers })
    }

    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// `announce`, and a note of who wrote.
    pub(super) fn note_writers(&self, announce: Announce) -> Announce {
        let writers = self.writers.clone();
        Arc::new(move |events| {
            for event in &events {
                writers.insert(event.user.clone(), ());
            }
            announce(events);
        })
    }
}

impl Store {
    /// Where pages of `user` may be read, or of everyone; `None` where only the primary serves.
    pub(super) fn replica(&self, user: Option<&UserId>) -> Option<&Reader> {
        let replica = self.0.replica.as_ref()?;
        let wrote = user.is_some_and(|user| replica.writers.contains_key(user));
        (!wrote).then_some(&replica.reader)
    }

    /// Reads from `replica` where there is one that answers, else from the primary.
    pub(super) async fn all_from(
        &self,
        replica: Option<&Reader>,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<QueryResult>> {
        if let Some(replica) = replica {
            match replica.all(self.statement(sql, values.iter().cloned())).await {
                Err(Error::Unavailable(cause)) => {
                    tracing::warn!(%cause, "the replica does not answer, the primary is read");
                }
                answer => return answer,
            }
        }
        self.all(sql, values).await
    }
}
