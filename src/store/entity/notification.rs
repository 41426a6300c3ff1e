//! The table of notifications.

use crate::{
    domain::{
        ActionUrl, Epoch, ItemId, Notification, NotificationType, Result, Text, Timestamp, Title, UserId,
    },
    store::sql::{signed, unsigned},
};

use super::{StoredItem, stored};

entity! {
    /// A notification. It counts nowhere from the instant `expires_at` on.
    "notifications" {
        #[sea_orm(primary_key, auto_increment = false)]
        user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        position: i64,
        id: String,
        r#type: String,
        title: String,
        message: String,
        action_url: Option<String>,
        created_at: i64,
        expires_at: i64,
        read: bool,
    }
}

impl StoredItem for Notification {
    type Row = Model;

    fn to_row(&self) -> Model {
        Model {
            user_id: self.user.as_str().to_owned(),
            position: signed(self.cursor.position()),
            id: self.id.to_string(),
            r#type: self.kind.as_str().to_owned(),
            title: self.title.as_str().to_owned(),
            message: self.message.as_str().to_owned(),
            action_url: self.action_url.as_ref().map(|url| url.as_str().to_owned()),
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.millis(),
            read: self.read,
        }
    }

    fn from_row(row: Model, epoch: Epoch) -> Result<Self> {
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
}
