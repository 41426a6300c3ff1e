//! Changes as rows of their tables, as nodes send them to each other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::{Change, Epoch, Error, FeedItem, Result, each_feed_item};

use super::{
    entity::{StoredItem, analytics},
    row::Table,
};

/// A change as the row that it wrote.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The table of the row; none where only counts changed.
    table: Option<String>,
    row: Option<Box<RawValue>>,
}

impl ChangeRow {
    /// The row of `change`.
    ///
    /// # Errors
    /// INTERNAL where it cannot be encoded.
    pub fn encode(change: &Change) -> Result<Self> {
        match change {
            Change::Created(item) => {
                each_feed_item!(T => {
                    if let Some(item) = T::from_item(item) {
                        return Self::of(&item.to_row());
                    }
                });
                Err(Error::internal("an item of no table"))
            }
            Change::AnalyticsUpdated(record) => Self::of(&analytics::Model::from(&**record)),
            Change::FeedChanged => Ok(Self { table: None, row: None }),
        }
    }

    fn of<M: Table>(row: &M) -> Result<Self> {
        let row = to_raw_value(row).map_err(Error::internal)?;
        Ok(Self { table: Some(M::sql().name.clone()), row: Some(row) })
    }

    /// The change in `epoch`.
    ///
    /// # Errors
    /// INTERNAL for the row of a table that this version does not know.
    pub fn decode(&self, epoch: Epoch) -> Result<Change> {
        let (Some(table), Some(row)) = (self.table.as_deref(), self.row.as_deref()) else {
            return match (&self.table, &self.row) {
                (None, None) => Ok(Change::FeedChanged),
                _ => Err(Error::internal("a table without a row")),
            };
        };
        each_feed_item!(T => {
            if table == T::table() {
                let row = serde_json::from_str(row.get()).map_err(Error::internal)?;
                return Ok(Change::Created(T::into_item(Arc::new(T::from_row(row, epoch)?))));
            }
        });
        if table == analytics::Model::sql().name {
            let row: analytics::Model = serde_json::from_str(row.get()).map_err(Error::internal)?;
            return Ok(Change::AnalyticsUpdated(Arc::new(row.decode(epoch)?)));
        }
        Err(Error::internal(format!("a row of an unknown table {table:?}")))
    }
}
