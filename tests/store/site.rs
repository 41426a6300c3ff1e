//! A store with a clock that is set by hand, and what it announced.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use pulse::{
    domain::{
        Activity, ActivityType, Clock, Event, NewActivity, NewNotification, Notification, NotificationType,
        Timestamp, UserId,
    },
    store::{Announce, Store, StoredItem},
};

use crate::database::{Backend, fresh_database};

pub fn user(name: &str) -> UserId {
    UserId::parse("userId", name).unwrap()
}

/// An item of a feed as stories need it.
pub trait Story: StoredItem {
    fn new_item(title: &str) -> Self::New;
    /// A type that no item of [`Story::new_item`] has.
    fn other_kind() -> Self::Kind;
    fn is_read(&self) -> bool;
}

impl Story for Activity {
    fn new_item(title: &str) -> NewActivity {
        let data = serde_json::json!({"of": title});
        NewActivity::parse(ActivityType::Login, title.to_owned(), None, Some(&data)).unwrap()
    }

    fn other_kind() -> ActivityType {
        ActivityType::GoalCompleted
    }

    fn is_read(&self) -> bool {
        self.read
    }
}

impl Story for Notification {
    fn new_item(title: &str) -> NewNotification {
        let now = Timestamp::from_millis(0);
        NewNotification::parse(NotificationType::System, title.to_owned(), "m".to_owned(), None, None, now)
            .unwrap()
    }

    fn other_kind() -> NotificationType {
        NotificationType::Social
    }

    fn is_read(&self) -> bool {
        self.read
    }
}

/// A store on a fresh database.
pub struct Site {
    pub store: Store,
    clock: Clock,
    events: Arc<Mutex<Vec<Arc<Event>>>>,
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Site {
    pub async fn open(backend: Backend) -> Self {
        let (url, folder) = fresh_database(backend).await;
        let clock = Clock::standing_at(Timestamp::parse("now", "2026-06-01T12:00:00Z").unwrap());
        Self::open_at(url, folder, clock).await
    }

    async fn open_at(url: String, folder: Option<tempfile::TempDir>, clock: Clock) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = events.clone();
        let announce: Announce = Arc::new(move |new| seen.lock().unwrap().extend(new));
        let store = Store::open(&url, clock.clone(), announce).await.unwrap();
        Self { store, clock, events, url, _folder: folder }
    }

    /// Closes the store, and opens its database again.
    pub async fn reopen(self) -> Self {
        self.store.close().await;
        Self::open_at(self.url, self._folder, self.clock).await
    }

    /// What was announced so far.
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.events.lock().unwrap().clone()
    }

    /// Sets the clock forward.
    pub fn advance(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    /// A notification that expires `millis` from now.
    pub fn expiring(&self, title: &str, millis: i64) -> NewNotification {
        let now = self.clock.now();
        let end = Timestamp::from_millis(now.millis() + millis).to_string();
        let title = title.to_owned();
        NewNotification::parse(NotificationType::System, title, "m".to_owned(), None, Some(&end), now)
            .unwrap()
    }
}
