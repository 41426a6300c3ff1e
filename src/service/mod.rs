//! What may be done, by whom, and what is written together. Every door calls these and nothing below.
//!
//! Who calls is an argument (`viewer: &Viewer`) of each operation, so no door can forget to ask.

mod analytics;
mod auth;
mod claims;
mod development;
mod feed;
mod presence;
mod public_feed;
mod roster;
mod status;
mod updates;

use crate::{
    domain::{Activity, Notification},
    events::{Bus, Hub},
    store::Store,
};

pub use self::{
    analytics::AnalyticsService,
    auth::{Authenticator, issue, random_secret},
    development::{Development, DevelopmentToken},
    feed::FeedService,
    presence::{Presence, Present},
    public_feed::PublicFeed,
    roster::Roster,
    status::StatusService,
    updates::{UpdateService, Updates},
};
// What the streams of `follow` are made of, so that doors need not look further down.
pub use crate::{
    events::{CurrentAnalytics, Delivery, Encodings},
    store::{EncodeOnce, StoredItem, StoredPage},
};

/// Activities and what may be done with them.
pub type Activities = FeedService<Activity>;
/// Notifications and what may be done with them.
pub type Notifications = FeedService<Notification>;

/// The services, as the doors are given them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Services {
    /// Activities.
    pub activities: Activities,
    /// Notifications.
    pub notifications: Notifications,
    /// Analytics, the leaderboard and unread counts.
    pub analytics: AnalyticsService,
    /// All that a user's app is told, in one stream.
    pub updates: UpdateService,
    /// What everyone is shown.
    pub public_feed: PublicFeed,
    /// Who is there.
    pub presence: Presence,
    /// What those who run the server want to know.
    pub status: StatusService,
    store: Store,
    hub: Hub,
}

impl Services {
    /// The services on a store, the hub that hears of its commits, and the bus that other nodes hear of them by.
    pub fn new(store: Store, hub: Hub, bus: Option<Bus>) -> Self {
        Self {
            activities: FeedService::new(store.clone(), hub.clone()),
            notifications: FeedService::new(store.clone(), hub.clone()),
            analytics: AnalyticsService::new(store.clone(), hub.clone()),
            updates: UpdateService::new(store.clone(), hub.clone()),
            public_feed: PublicFeed::new(hub.clone(), bus.clone()),
            status: StatusService::new(store.clone(), hub.clone(), bus),
            presence: Presence::default(),
            store,
            hub,
        }
    }

    /// The feed of `T`, and what may be done with its items.
    pub fn feed<T: StoredItem>(&self) -> FeedService<T> {
        FeedService::new(self.store.clone(), self.hub.clone())
    }
}
