//! The events that a client sends.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    domain::{
        self, Error, Result, UserId, Window,
        words::{proposal, unknown},
    },
    json::{Activity, ActivityPage, Analytics, FeedJson, Fields, NotificationPage},
};

use super::{client_event::emit, session::Session};

/// How many items the first page of each feed has, as with REST.
const FIRST_PAGE_ACTIVITIES: i64 = 20;
const FIRST_PAGE_NOTIFICATIONS: i64 = 50;

/// The events that a client may send.
const CLIENT_EVENTS: &[&str] = &["user:login", "activity:create", "data:request"];
/// The names that `data:request` takes.
const DATA_NAMES: &[&str] = &["activities", "notifications", "analytics", "all"];

impl Session {
    /// Handles `event`; returns the payload of its acknowledgement.
    pub(super) async fn perform(&mut self, event: &str, payload: Value) -> Result<Value> {
        match event {
            "user:login" => self.login_event(&payload).await,
            "activity:create" => self.create_activity(payload).await,
            "data:request" => self.request_data(&payload).await,
            _ => Err(unknown_event(event)),
        }
    }

    async fn login_event(&mut self, payload: &Value) -> Result<Value> {
        let user = payload.as_str().ok_or_else(|| Error::field("userId", "userId must be a string."))?;
        let user = UserId::parse("userId", user)?;
        let cursor = self.log_in(user.clone()).await?;
        let active_users = self.door.0.services.presence.count();
        Ok(json!({ "userId": user, "activeUsers": active_users, "cursor": cursor }))
    }

    async fn create_activity(&mut self, payload: Value) -> Result<Value> {
        let Value::Object(fields) = payload else {
            return Err(Error::bad_input("The payload of activity:create must be an object."));
        };
        let activities = &self.door.0.services.activities;
        let (user, new) = domain::Activity::from_fields(&mut Fields::from(fields), || activities.now())?;
        let user = user.or_else(|| self.user().cloned());
        let created = activities.create(&self.viewer, user, new).await?;
        if self.door.0.public_feed {
            self.door.0.services.public_feed.show(&created);
        }
        value(&Activity::from(&*created))
    }

    async fn request_data(&mut self, payload: &Value) -> Result<Value> {
        let name = payload.as_str().unwrap_or_default();
        let data = match name {
            "activities" => self.activities().await?,
            "notifications" => self.notifications().await?,
            "analytics" => self.analytics().await?,
            "all" => json!({
                "activities": self.activities().await?,
                "notifications": self.notifications().await?,
                "analytics": self.analytics().await?,
            }),
            _ => {
                let shown = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
                return Err(unknown("name", &shown, DATA_NAMES));
            }
        };
        // Where the socket has ended, the answer does not arrive either.
        let _ = emit(&self.socket, &format!("data:{name}"), &data).await;
        Ok(data)
    }

    async fn activities(&self) -> Result<Value> {
        let window = Window::parse(FIRST_PAGE_ACTIVITIES, 0)?;
        let page =
            self.door.0.services.activities.page(&self.viewer, self.user().cloned(), window).await?.page;
        value(&ActivityPage::from(page))
    }

    async fn notifications(&self) -> Result<Value> {
        let window = Window::parse(FIRST_PAGE_NOTIFICATIONS, 0)?;
        let page =
            self.door.0.services.notifications.page(&self.viewer, self.user().cloned(), window).await?.page;
        value(&NotificationPage::from(page))
    }

    /// The user's analytics; null where there are none yet.
    async fn analytics(&self) -> Result<Value> {
        let found = self.door.0.services.analytics.get(&self.viewer, self.user().cloned()).await?;
        value(&found.as_ref().map(Analytics::from))
    }
}

fn unknown_event(event: &str) -> Error {
    let shown: String = event.chars().take(40).collect();
    let mut message = format!("Event {shown:?} is unknown. Events: {}.", CLIENT_EVENTS.join(", "));
    message.extend(proposal(event, CLIENT_EVENTS));
    Error::NotFound(message.into())
}

fn value<T: Serialize>(data: &T) -> Result<Value> {
    serde_json::to_value(data).map_err(Error::internal)
}
