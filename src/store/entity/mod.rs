//! The tables: each sea-orm entity is the one place where its columns, their types and their meaning stand.
//!
//! The macro `entity!` makes of it what both drivers need. A test compares the entities with the migrated databases.

#![expect(unreachable_pub, reason = "an associated type of a public trait may name only public types")]

use crate::domain::{Epoch, Error, FeedItem, Result};

use super::row::Table;

/// Declares a sea-orm entity and makes its rows a [`Table`].
macro_rules! entity {
    ($(#[$doc:meta])* $table:literal { $($(#[$attribute:meta])* $column:ident: $type:ty,)+ }) => {
        use sea_orm::entity::prelude::*;

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
        #[sea_orm(table_name = $table)]
        pub struct Model { $($(#[$attribute])* pub $column: $type,)+ }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        impl $crate::store::row::Table for Model {
            fn sql() -> &'static $crate::store::row::TableSql {
                static SQL: std::sync::LazyLock<$crate::store::row::TableSql> = std::sync::LazyLock::new(|| {
                    let types = [$(<$type as $crate::store::row::ColumnType>::POSTGRES,)+];
                    let names: Vec<_> = <Column as sea_orm::Iterable>::iter().collect();
                    let names = names.iter().map(sea_orm::IdenStatic::as_str);
                    let columns: Vec<_> = names.zip(types).collect();
                    $crate::store::row::TableSql::new($table, &columns)
                });
                &SQL
            }

            fn read(columns: &mut $crate::store::row::Columns<'_>) -> $crate::domain::Result<Self> {
                Ok(Self { $($column: columns.take()?,)+ })
            }

            fn each_cell<'a>(&'a self, mut take: impl FnMut($crate::store::row::Cell<'a>)) {
                $(take($crate::store::row::ColumnType::cell(&self.$column));)+
            }
        }
    };
}

pub mod activity;
pub mod analytics;
pub mod analytics_day;
pub mod notification;

/// An item of a feed that the store keeps.
pub trait StoredItem: FeedItem {
    /// Its row.
    #[doc(hidden)]
    type Row: Table;

    /// The row, which is placed where the cursor of the item says.
    #[doc(hidden)]
    fn to_row(&self) -> Self::Row;
    /// The item of a row.
    #[doc(hidden)]
    fn from_row(row: Self::Row, epoch: Epoch) -> Result<Self>;

    /// The name of the table.
    #[doc(hidden)]
    fn table() -> &'static str {
        &Self::Row::sql().name
    }

    /// Whether items expire: such tables have a column `expires_at`.
    #[doc(hidden)]
    fn expires() -> bool {
        Self::Row::sql().columns.iter().any(|column| column == "expires_at")
    }
}

/// A value of a row, which was parsed before it was written: that it does not parse again is a defect, not bad input.
fn stored<T>(parsed: Result<T>) -> Result<T> {
    parsed.map_err(|error| Error::internal(format!("the database holds an invalid value: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::each_feed_item,
        store::{Store, row::TableSql},
    };

    /// The columns of a table of SQLite, with their types as PostgreSQL names them.
    fn columns(connection: &rusqlite::Connection, table: &TableSql) -> Vec<(String, String)> {
        let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info($1)").unwrap();
        let columns = statement.query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        columns
            .map(|column| column.map(|(name, kind): (_, String)| (name, kind.to_lowercase())).unwrap())
            .collect()
    }

    #[tokio::test]
    async fn entities_describe_the_migrated_tables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pulse.db");
        Store::migrate(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        let mut tables = vec![analytics::Model::sql(), analytics_day::Model::sql()];
        each_feed_item!(T => { tables.push(<T as StoredItem>::Row::sql()); });
        for table in tables {
            assert_eq!(columns(&connection, table), table.types, "{}", table.name);
        }
    }
}
