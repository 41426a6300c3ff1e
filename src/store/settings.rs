//! The table `settings`: the epoch of the database and the key that its nodes share.

use crate::domain::{Epoch, Error, Result};

use super::database::Executor;

/// Finds the value of the setting `$1`.
pub(super) const FIND: &str = "SELECT value FROM settings WHERE name = $1";
/// Creates the setting `$1` with the value `$2`; one that is there stays.
pub(super) const CREATE: &str =
    "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
/// The setting that holds the epoch.
pub(super) const EPOCH: &str = "epoch";

/// The epoch of a database; a new one gets its epoch here.
pub(super) async fn create_epoch(db: Executor<'_>) -> Result<Epoch> {
    db.execute(CREATE, [EPOCH.into(), Epoch::generate().to_string().into()]).await?;
    find_epoch(db).await
}

/// The epoch of a database that was set up.
pub(super) async fn find_epoch(db: Executor<'_>) -> Result<Epoch> {
    stored_epoch(db).await?.ok_or_else(|| Error::internal("the database has no epoch"))
}

/// The epoch of a database; a backup that no server has opened yet has none.
pub(super) async fn stored_epoch(db: Executor<'_>) -> Result<Option<Epoch>> {
    let Some(text) = db.query_one(FIND, [EPOCH.into()], |row| row.get::<String>(0)).await? else {
        return Ok(None);
    };
    let epoch = Epoch::parse(&text);
    epoch.map(Some).ok_or_else(|| Error::internal(format!("the database's epoch is {text:?}")))
}
