//! Staged records: rows of temporary tables, one for each table that an import fills.

use crate::{
    domain::{FeedItem, Result, each_feed_item},
    store::{
        entity::{StoredItem, analytics, analytics_day},
        row::Table,
    },
};

use super::{
    Record,
    session::{Session, Staged},
};

impl Session {
    /// Creates the temporary tables, empty.
    pub(super) async fn create_staging(&self) -> Result<()> {
        each_feed_item!(T => { self.create_staged::<<T as StoredItem>::Row>(true).await?; });
        self.create_staged::<analytics::Model>(true).await?;
        self.create_staged::<analytics_day::Model>(false).await
    }

    /// `seq` is the order of arrival, `ordered_at` the time of the place in the history. The rest is the table itself.
    async fn create_staged<M: Table>(&self, is_unique: bool) -> Result<()> {
        let table = M::sql();
        let name = &table.name;
        let sql = match self {
            Self::Sqlite(_) => {
                let seq = if is_unique { "INTEGER PRIMARY KEY" } else { "BIGINT" };
                format!("CREATE TEMPORARY TABLE staged_{name} (seq {seq}, ordered_at BIGINT, {})", table.list)
            }
            Self::Postgres(_) => {
                format!("CREATE TEMPORARY TABLE staged_{name} (seq BIGINT, ordered_at BIGINT, LIKE {name})")
            }
        };
        self.execute(&sql).await.map(drop)
    }

    /// Stages `records`, the first of which is the `first` to arrive.
    pub(super) async fn stage(&self, first: i64, records: &[Record]) -> Result<()> {
        each_feed_item!(T => {
            let mut rows = Vec::new();
            for (seq, record) in (first..).zip(records) {
                let Record::Item { item, ordered_at } = record else { continue };
                if let Some(item) = T::from_item(item) {
                    rows.push(([seq, ordered_at.millis()], item.to_row()));
                }
            }
            let rows: Vec<Staged<'_, _>> = rows.iter().map(|(numbers, row)| (*numbers, row)).collect();
            self.insert_staged(&rows).await?;
        });
        let (mut analytics, mut days) = (Vec::new(), Vec::new());
        for (seq, record) in (first..).zip(records) {
            let Record::Analytics { record, days: own } = record else { continue };
            analytics.push(([seq, 0], analytics::Model::from(&**record)));
            days.extend(own.iter().map(|day| ([seq, 0], analytics_day::Model::encode(&record.user, day))));
        }
        let analytics: Vec<Staged<'_, _>> = analytics.iter().map(|(numbers, row)| (*numbers, row)).collect();
        self.insert_staged(&analytics).await?;
        let days: Vec<Staged<'_, _>> = days.iter().map(|(numbers, row)| (*numbers, row)).collect();
        self.insert_staged(&days).await
    }
}
