//! New activities that everyone is shown, where the product wants that: a shop window, without promises.

use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use crate::{
    domain::Activity,
    events::{Bus, Hub},
};

/// What everyone is shown, on all nodes that share a bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PublicFeed {
    hub: Hub,
    bus: Option<Bus>,
}

impl PublicFeed {
    pub(super) fn new(hub: Hub, bus: Option<Bus>) -> Self {
        Self { hub, bus }
    }

    /// Shows an activity to everyone who is there.
    pub fn show(&self, activity: &Arc<Activity>) {
        if let Some(bus) = &self.bus {
            bus.publish_publicly(activity.clone());
        }
        self.hub.publish_publicly(activity.clone());
    }

    /// What is shown from now on; a reader that is too far behind misses some.
    pub fn follow(&self) -> impl Stream<Item = Arc<Activity>> + Send + use<> {
        BroadcastStream::new(self.hub.public()).filter_map(|shown| std::future::ready(shown.ok()))
    }
}
