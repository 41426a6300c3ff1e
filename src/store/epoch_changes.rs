//! Changes of the epoch while a store is open, and the key that its nodes share.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::{Epoch, Error, Result, UserId};

use super::{
    database::ReadLength,
    handle::Store,
    settings::{CREATE, EPOCH, FIND, find_epoch},
    write::{Done, Tx, Write},
};

/// The setting that holds the key.
const SHARED_KEY: &str = "shared_key";

impl Store {
    /// The secret that all nodes of this database share: made when it is first asked for.
    pub async fn shared_key(&self) -> Result<[u8; 32]> {
        let new: [u8; 32] = rand::random();
        self.write(CreateSetting { name: SHARED_KEY, value: URL_SAFE_NO_PAD.encode(new) }).await?;
        let values = vec![SHARED_KEY.into()];
        let found =
            self.0.database.query(ReadLength::Bounded, FIND, values, |row| row.get::<String>(0)).await?;
        let key = found.first().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let key = key.and_then(|key| key.try_into().ok());
        key.ok_or_else(|| Error::internal("the database's shared key is not one"))
    }

    /// Waits until the epoch is another one than `epoch`.
    pub async fn epoch_other_than(&self, epoch: Epoch) {
        self.0.epochs.other_than(epoch).await;
    }

    /// Waits until the database server was started anew.
    pub(crate) async fn server_restarted(&self) {
        self.0.epochs.server_restarted().await;
    }

    /// Reads the epoch, which another node may have renewed.
    pub async fn refresh_epoch(&self) -> Result<()> {
        let before = self.epoch();
        let text = self.query_one(FIND, [EPOCH.into()], |row| row.get::<String>(0)).await?;
        if let Some(epoch) = text.as_deref().and_then(Epoch::parse) {
            self.0.epochs.replace(before, epoch);
        }
        Ok(())
    }

    /// Gives the database a new epoch in place of `old`, because a history stands behind what was seen of it. Where
    /// another node has done so, that one's stands.
    pub async fn renew_epoch(&self, old: Epoch) -> Result<()> {
        let epoch = self.write(RenewEpoch { old }).await?;
        self.0.epochs.replace(old, epoch);
        Ok(())
    }
}

struct CreateSetting {
    name: &'static str,
    value: String,
}

impl Write for CreateSetting {
    type Output = ();

    fn user(&self) -> Option<&UserId> {
        None
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<()>> {
        tx.db.execute(CREATE, [self.name.into(), self.value.as_str().into()]).await?;
        Ok(Done::unchanged(()))
    }
}

struct RenewEpoch {
    old: Epoch,
}

impl Write for RenewEpoch {
    type Output = Epoch;

    fn user(&self) -> Option<&UserId> {
        None
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<Epoch>> {
        let sql = "UPDATE settings SET value = $1 WHERE name = 'epoch' AND value = $2";
        tx.db.execute(sql, [Epoch::generate().to_string().into(), self.old.to_string().into()]).await?;
        find_epoch(tx.db).await.map(Done::unchanged)
    }
}
