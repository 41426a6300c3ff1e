//! Whether the database is there, and who is followed: for those who run the server.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    domain::{Error, Result, Scope, Viewer},
    events::{Bus, Hub},
    store::Store,
};

/// How long the database may take to say that it is there.
const SOON: Duration = Duration::from_secs(2);

/// What those who run the server want to know of its inside. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StatusService {
    store: Store,
    hub: Hub,
    bus: Option<Bus>,
}

impl StatusService {
    pub(super) fn new(store: Store, hub: Hub, bus: Option<Bus>) -> Self {
        Self { store, hub, bus }
    }

    /// Whether the database answers and takes writes now, and soon enough for whoever has to choose between nodes.
    pub async fn database_answers(&self) -> bool {
        let read = async { timeout(SOON, self.store.ping()).await.is_ok_and(|answer| answer.is_ok()) };
        let (reads, writes) = tokio::join!(read, self.store.check_writes(SOON));
        reads && writes.is_ok()
    }

    /// Whether the bus between nodes answers; `None` where there is none.
    pub fn bus_answers(&self) -> Option<bool> {
        self.bus.as_ref().map(Bus::answers)
    }

    /// The name of the database system.
    pub fn database_name(&self) -> &'static str {
        self.store.backend()
    }

    /// How many users are followed on this node. It tells of everyone, so it takes a service or admin.
    ///
    /// # Errors
    /// FORBIDDEN for a user.
    pub fn followed_users(&self, viewer: &Viewer) -> Result<usize> {
        match viewer.scope() {
            Scope::Everyone => Ok(self.hub.followed_count()),
            Scope::Only(_) => Err(Error::Forbidden("Only a service or an admin may read metrics.".into())),
        }
    }
}
