//! The state that the sockets of this door share.

use std::{sync::Arc, time::Duration};

use crate::{
    config::{Limits, Timing},
    domain::{Error, Result, UserId},
    service::{Authenticator, Presence, Present, Services},
    telemetry::Metrics,
};

/// When a client that has too many sockets or waiting events may retry.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Shared by the sockets. Cheap to clone.
#[derive(Clone)]
pub(super) struct Door(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) services: Services,
    pub(super) auth: Authenticator,
    pub(super) limits: Limits,
    pub(super) timing: Timing,
    pub(super) public_feed: bool,
    pub(super) metrics: Metrics,
    /// The sockets of this door alone, by user: for the bound on them.
    pub(super) connection_slots: Presence,
}

impl Door {
    /// Takes a slot among the sockets of `user`.
    ///
    /// # Errors
    /// RATE_LIMITED where the user has as many as allowed.
    pub(super) fn connection_slot(&self, user: &UserId) -> Result<Present> {
        let slot = self.0.connection_slots.enter_within(user.clone(), self.0.limits.sockets_per_user);
        slot.ok_or(Error::RateLimited { retry_after: RETRY_AFTER })
    }
}
