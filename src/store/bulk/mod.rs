//! Whole collections at once: what an import writes, and what an export reads.
//!
//! An import has the database to itself. Its records wait in temporary tables, which lie in files beside the database
//! and are gone with the connection, however that ends. Then one transaction gives them their positions, in the
//! database, by window functions: memory does not grow with their number, and an import that is killed has no effect.

mod apply;
mod session;
mod snapshot;
mod stage;

use crate::domain::{Analytics, DayEntry, Epoch, Error, Item, Result, Timestamp, UserId};

use super::settings::stored_epoch;

use self::session::Session;

pub(super) use self::snapshot::ReadOnly;
pub use self::{apply::ImportCounts, snapshot::Snapshot};

/// A record from a file. Its cursor says nothing: positions are given when all are applied.
#[derive(Clone, Debug)]
pub enum Record {
    /// An item of a feed.
    Item {
        /// The item.
        item: Item,
        /// The place in the user's history: positions are in this order, ties in order of arrival.
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

/// An import that is under way. Abandoned, or dropped before [`Bulk::apply`], it has no effect.
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
        let (session, epoch) = Session::open(url).await?;
        session.create_staging().await?;
        Ok(Self { session, epoch, arrived: 0 })
    }

    /// Gives the database at `url` a new epoch, so that every cursor that was given out before is refused; returns the
    /// old one, where it had one, and the new one. To be done to each database that was restored otherwise than from a
    /// `pulse backup`: it gives out positions a second time.
    ///
    /// # Errors
    /// CONFLICT where a server, an import or an export uses it; UNAVAILABLE where it cannot be reached or is missing.
    pub async fn renew_epoch(url: &str) -> Result<(Option<Epoch>, Epoch)> {
        let old = Self::find_epoch(url).await?;
        let (session, _) = Session::open(url).await?;
        let new = Epoch::generate();
        session.execute(&format!("UPDATE settings SET value = '{new}' WHERE name = 'epoch'")).await?;
        session.close().await?;
        Ok((old, new))
    }

    /// The epoch of the database at `url`; a backup that no server has opened yet has none. A server may run on it.
    ///
    /// # Errors
    /// CONFLICT for what is no database of Pulse; UNAVAILABLE where it cannot be reached or is missing.
    pub async fn find_epoch(url: &str) -> Result<Option<Epoch>> {
        let database = ReadOnly::open(url).await?;
        let found = stored_epoch(database.executor()).await;
        database.close().await?;
        found.map_err(|error| match error {
            Error::Internal(_) => {
                Error::Conflict("The database is not one of Pulse: it has no settings.".into())
            }
            error => error,
        })
    }

    /// The epoch that cursors of this database carry.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Takes in some records; they are visible to nobody yet.
    pub async fn stage(&mut self, records: Vec<Record>) -> Result<()> {
        let first = self.arrived;
        self.arrived += i64::try_from(records.len()).unwrap_or(0);
        self.session.stage(first, &records).await
    }

    /// Whether `user` has a history in the database; what is staged does not count.
    pub async fn has_history(&mut self, user: &UserId) -> Result<bool> {
        let sql = "SELECT position FROM user_position WHERE user_id = $1";
        let position =
            self.session.executor().query_one(sql, [user.as_str().into()], |row| row.get::<i64>(0));
        Ok(position.await?.is_some())
    }

    /// Makes all that was staged part of the database, at once. Items whose id is there already, and analytics of
    /// users that have some, are left out; of those with the same id the first counts.
    pub async fn apply(self) -> Result<ImportCounts> {
        let counts = self.session.apply().await?;
        self.session.close().await?;
        Ok(counts)
    }

    /// Gives the database back as it was.
    pub async fn abandon(self) -> Result<()> {
        self.session.close().await
    }
}
