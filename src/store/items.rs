//! How activities and notifications lie in their tables: all in which the two feeds differ.

use std::sync::Arc;

use sea_orm::{DbErr, FromQueryResult};

use crate::domain::{
    ActionUrl, Activity, ActivityType, Change, Cursor, Epoch, Error, FeedItem, ItemId, JsonData, NewActivity,
    NewNotification, Notification, NotificationType, Result, Text, Timestamp, Title, UserId,
};

use super::{
    append::Draft,
    entity,
    error::domain_error,
    pages::{Kept, Pages},
    unsigned,
};

/// An item of a feed that the store keeps.
pub trait StoredItem: FeedItem + Table {}

impl<T: FeedItem + Table> StoredItem for T {}

/// How an item lies in its table. Sealed by its private parts: the store decides what it keeps.
pub trait Table: FeedItem {
    #[doc(hidden)]
    type Row: FromQueryResult + Send + Sync;

    /// The table.
    #[doc(hidden)]
    const TABLE: &'static str;
    /// Whether items end by themselves at `expires_at`.
    #[doc(hidden)]
    const EXPIRES: bool;

    /// The value of the column `type`.
    #[doc(hidden)]
    fn kind_word(kind: Self::Kind) -> &'static str;
    /// A row of SQLite, read directly.
    #[doc(hidden)]
    fn row(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Self::Row>;
    /// The row as a domain type.
    #[doc(hidden)]
    fn decode(row: Self::Row, epoch: Epoch) -> Result<Self>;
    /// The item that a client's fields become.
    #[doc(hidden)]
    fn create(user: UserId, new: Self::New, now: Timestamp, cursor: Cursor) -> Self;
    /// What waits in the queue.
    #[doc(hidden)]
    fn draft(new: Self::New) -> Draft;
    /// The item that `change` created, where it created one of these.
    #[doc(hidden)]
    fn created_in(change: &Change) -> Option<&Arc<Self>>;
    /// Where pages of this feed are kept; nowhere if they change by themselves.
    #[doc(hidden)]
    fn kept(pages: &Pages) -> Option<&Kept<Self>>;
}

impl Table for Activity {
    type Row = entity::activity::Model;

    const TABLE: &'static str = "activities";
    const EXPIRES: bool = false;

    fn kind_word(kind: ActivityType) -> &'static str {
        kind.as_str()
    }

    fn row(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Self::Row> {
        Ok(entity::activity::Model {
            user_id: columns.get("user_id")?,
            position: columns.get("position")?,
            id: columns.get("id")?,
            r#type: columns.get("type")?,
            title: columns.get("title")?,
            description: columns.get("description")?,
            data: columns.get("data")?,
            created_at: columns.get("created_at")?,
            read: columns.get("read")?,
        })
    }

    fn decode(row: Self::Row, epoch: Epoch) -> Result<Self> {
        Ok(Self {
            id: stored(ItemId::parse("id", &row.id))?,
            user: UserId::trusted(row.user_id),
            kind: stored(ActivityType::parse("type", &row.r#type))?,
            title: Title::trusted(row.title),
            description: row.description.map(Text::trusted),
            data: row.data.map(JsonData::trusted).transpose()?,
            timestamp: Timestamp::from_millis(row.created_at),
            read: row.read,
            cursor: epoch.at(unsigned(row.position)),
        })
    }

    fn create(user: UserId, new: NewActivity, now: Timestamp, cursor: Cursor) -> Self {
        Self {
            id: ItemId::generate(now),
            user,
            kind: new.kind,
            title: new.title,
            description: new.description,
            data: new.data,
            timestamp: now,
            read: false,
            cursor,
        }
    }

    fn draft(new: NewActivity) -> Draft {
        Draft::Activity(new)
    }

    fn created_in(change: &Change) -> Option<&Arc<Self>> {
        match change {
            Change::ActivityCreated(activity) => Some(activity),
            _ => None,
        }
    }

    fn kept(pages: &Pages) -> Option<&Kept<Self>> {
        Some(&pages.activities)
    }
}

impl Table for Notification {
    type Row = entity::notification::Model;

    const TABLE: &'static str = "notifications";
    const EXPIRES: bool = true;

    fn kind_word(kind: NotificationType) -> &'static str {
        kind.as_str()
    }

    fn row(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Self::Row> {
        Ok(entity::notification::Model {
            user_id: columns.get("user_id")?,
            position: columns.get("position")?,
            id: columns.get("id")?,
            r#type: columns.get("type")?,
            title: columns.get("title")?,
            message: columns.get("message")?,
            action_url: columns.get("action_url")?,
            created_at: columns.get("created_at")?,
            expires_at: columns.get("expires_at")?,
            read: columns.get("read")?,
        })
    }

    fn decode(row: Self::Row, epoch: Epoch) -> Result<Self> {
        Ok(Self {
            id: stored(ItemId::parse("id", &row.id))?,
            user: UserId::trusted(row.user_id),
            kind: stored(NotificationType::parse("type", &row.r#type))?,
            title: Title::trusted(row.title),
            message: Text::trusted(row.message),
            read: row.read,
            action_url: row.action_url.map(ActionUrl::trusted),
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            cursor: epoch.at(unsigned(row.position)),
        })
    }

    fn create(user: UserId, new: NewNotification, now: Timestamp, cursor: Cursor) -> Self {
        Self {
            id: ItemId::generate(now),
            user,
            kind: new.kind,
            title: new.title,
            message: new.message,
            read: false,
            action_url: new.action_url,
            created_at: now,
            expires_at: new.expires_at.unwrap_or(now.plus_days(NewNotification::LIFETIME_DAYS)),
            cursor,
        }
    }

    fn draft(new: NewNotification) -> Draft {
        Draft::Notification(new)
    }

    fn created_in(change: &Change) -> Option<&Arc<Self>> {
        match change {
            Change::NotificationCreated(notification) => Some(notification),
            _ => None,
        }
    }

    fn kept(_: &Pages) -> Option<&Kept<Self>> {
        None
    }
}

/// What the database holds was parsed once; that it does not parse again is a defect, not bad input.
fn stored<T>(parsed: Result<T>) -> Result<T> {
    parsed.map_err(|error| Error::internal(format!("the database holds what was never written: {error}")))
}

/// A row of a statement as an item.
pub(super) fn decode_row<T: StoredItem>(row: &sea_orm::QueryResult, epoch: Epoch) -> Result<T> {
    T::decode(T::Row::from_query_result(row, "").map_err(domain_error)?, epoch)
}

/// The column `name` of a row as a number; NULL is `None`.
pub(super) fn number(row: &sea_orm::QueryResult, name: &str) -> Result<Option<i64>, Error> {
    row.try_get::<Option<i64>>("", name).map_err(|error: DbErr| domain_error(error))
}
