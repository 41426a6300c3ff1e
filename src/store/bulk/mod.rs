//! Whole collections at once: what an import writes, and what an export reads.
//!
//! An import has the database to itself. Its records wait in temporary tables, which lie in files beside the database
//! and are gone with the connection, however that ends. Then one transaction gives them their positions, in the
//! database, by window functions: memory does not grow with their number, and an import that is killed has done nothing.

mod session;
mod settle;
mod snapshot;
mod stage;

use crate::domain::{Activity, Analytics, DayEntry, Epoch, Error, Notification, Result, Timestamp, UserId};

use super::{error::domain_error, setup::stored_epoch};

use self::session::Session;

pub(super) use self::snapshot::read_only;
pub use self::{settle::Moved, snapshot::Snapshot};

/// A record that comes from elsewhere. Its cursor says nothing: positions are given when all are settled.
#[derive(Clone, Debug)]
pub enum Record {
    /// An activity.
    Activity {
        /// The item.
        item: Activity,
        /// Where in the user's history it belongs: positions are in this order, ties in order of arrival.
        ordered_at: Timestamp,
    },
    /// A notification.
    Notification {
        /// The item.
        item: Notification,
        /// Where in the user's history it belongs: positions are in this order, ties in order of arrival.
        ordered_at: Timestamp,
    },
    /// A user's analytics.
    Analytics {
        /// The record, with the newest days and months.
        record: Box<Analytics>,
        /// Every day, each once.
        days: Vec<DayEntry>,
    },
}

/// An import that is under way. Abandoned, or dropped before [`Bulk::settle`], it has done nothing.
#[derive(Debug)]
pub struct Bulk {
    session: Session,
    epoch: Epoch,
    /// How many records have arrived: the next one's place among them.
    arrived: i64,
}

impl Bulk {
    /// Takes the database at `url` for itself, creating it where it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// CONFLICT where a server, an import or an export uses it; UNAVAILABLE where it cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        let (mut session, epoch) = Session::open(url).await?;
        session.create_staging().await?;
        Ok(Self { session, epoch, arrived: 0 })
    }

    /// Gives the database at `url` a new mark, so that every cursor that was given out before is refused; returns the
    /// old one, where it had one, and the new one. To be done to each database that was restored otherwise than from a
    /// `pulse backup`: it gives out positions a second time.
    ///
    /// # Errors
    /// CONFLICT where a server, an import or an export uses it; UNAVAILABLE where it cannot be reached or is missing.
    pub async fn renew_epoch(url: &str) -> Result<(Option<Epoch>, Epoch)> {
        let old = Self::find_epoch(url).await?;
        let (mut session, _) = Session::open(url).await?;
        let new = Epoch::generate();
        session.execute(&format!("UPDATE settings SET value = '{new}' WHERE name = 'epoch'")).await?;
        session.close().await?;
        Ok((old, new))
    }

    /// The mark of the database at `url`; a backup that no server has opened yet has none. A server may run on it.
    ///
    /// # Errors
    /// CONFLICT for what is no database of Pulse; UNAVAILABLE where it cannot be reached or is missing.
    pub async fn find_epoch(url: &str) -> Result<Option<Epoch>> {
        let connection = read_only(url).await?;
        let found = stored_epoch(&connection).await;
        connection.close().await.map_err(domain_error)?;
        found.map_err(|error| match error {
            Error::Internal(_) => {
                Error::Conflict("The database is not one of Pulse: it has no settings.".into())
            }
            error => error,
        })
    }

    /// The mark that cursors of this database carry.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Takes in some records; they are visible to nobody yet.
    pub async fn stage(&mut self, records: Vec<Record>) -> Result<()> {
        let first = self.arrived;
        self.arrived += i64::try_from(records.len()).unwrap_or(0);
        self.session.stage(first, records).await
    }

    /// Whether `user` has a history in the database; what is staged does not count.
    pub async fn has_history(&mut self, user: &UserId) -> Result<bool> {
        self.session.has_history(user).await
    }

    /// Makes all that was staged part of the database, at once. Items whose id is there already, and analytics of
    /// users that have some, are left out; of those with the same id the first counts.
    pub async fn settle(mut self) -> Result<Moved> {
        let moved = self.session.settle().await?;
        self.session.close().await?;
        Ok(moved)
    }

    /// Gives the database back as it was.
    pub async fn abandon(self) -> Result<()> {
        self.session.close().await
    }
}
