//! What the handlers of REST share.

use std::{sync::Arc, time::Instant};

use axum::extract::FromRef;
use tokio_util::sync::CancellationToken;

use crate::{
    service::{Authenticator, Services},
    telemetry::Metrics,
};

/// The state of the REST routes. Cheap to clone.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    services: Services,
    auth: Authenticator,
    body_bytes: usize,
    started: Instant,
    draining: CancellationToken,
    metrics: Metrics,
}

impl Rest {
    /// Serves `services` with bodies of at most `body_bytes`; not ready after `draining` is cancelled.
    pub fn new(
        services: Services,
        auth: Authenticator,
        body_bytes: usize,
        draining: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        Self(Arc::new(Inner { services, auth, body_bytes, started: Instant::now(), draining, metrics }))
    }

    pub(super) fn services(&self) -> &Services {
        &self.0.services
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The largest request body in bytes.
    pub(super) fn body_bytes(&self) -> usize {
        self.0.body_bytes
    }

    pub(super) fn uptime_seconds(&self) -> u64 {
        self.0.started.elapsed().as_secs()
    }

    pub(super) fn is_draining(&self) -> bool {
        self.0.draining.is_cancelled()
    }
}

impl FromRef<Rest> for Authenticator {
    fn from_ref(rest: &Rest) -> Self {
        rest.0.auth.clone()
    }
}
