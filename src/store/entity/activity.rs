//! The table of activities.

use crate::{
    domain::{Activity, ActivityType, Epoch, ItemId, JsonData, Result, Text, Timestamp, Title, UserId},
    store::sql::{signed, unsigned},
};

use super::{StoredItem, stored};

entity! {
    /// An activity. `data` is compact JSON text.
    "activities" {
        #[sea_orm(primary_key, auto_increment = false)]
        user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        position: i64,
        id: String,
        r#type: String,
        title: String,
        description: Option<String>,
        data: Option<String>,
        created_at: i64,
        read: bool,
    }
}

impl StoredItem for Activity {
    type Row = Model;

    fn to_row(&self) -> Model {
        Model {
            user_id: self.user.as_str().to_owned(),
            position: signed(self.cursor.position()),
            id: self.id.to_string(),
            r#type: self.kind.as_str().to_owned(),
            title: self.title.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            data: self.data.as_ref().map(|data| data.as_str().to_owned()),
            created_at: self.timestamp.millis(),
            read: self.read,
        }
    }

    fn from_row(row: Model, epoch: Epoch) -> Result<Self> {
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
}
