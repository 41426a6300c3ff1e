//! The subjects of one epoch, and how messages are authenticated.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::{Epoch, Result, UserId},
    events::mac::MessageKey,
    store::Store,
};

/// The first pause before the bus is tried again.
pub(super) const RETRY_PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest.
pub(super) const RETRY_PAUSE_MAX: Duration = Duration::from_secs(4);
/// When the positions of users are read who are listened for since then: what was committed before the bus had taken up
/// the subscription everywhere was not heard.
pub(super) const SUBSCRIPTION_DELAY: Duration = Duration::from_millis(500);

/// The subjects of one epoch, one per user, and the key of their messages. Ids are encoded, because a subject has no room
/// for any text. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Topics {
    pub(super) epoch: Epoch,
    prefix: Arc<str>,
    pub(super) key: MessageKey,
}

impl Topics {
    pub(super) async fn of(store: &Store) -> Result<Self> {
        let epoch = store.epoch();
        Ok(Self::new(epoch, MessageKey::new(&store.shared_key().await?)?))
    }

    pub(super) fn new(epoch: Epoch, key: MessageKey) -> Self {
        Self { epoch, prefix: format!("pulse.{epoch}").into(), key }
    }

    pub(super) fn user(&self, user: &UserId) -> String {
        format!("{}.user.{}", self.prefix, URL_SAFE_NO_PAD.encode(user.as_str()))
    }

    pub(super) fn public(&self) -> String {
        format!("{}.public", self.prefix)
    }
}
