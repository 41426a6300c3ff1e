//! The database schema of Pulse, one file a step, for SQLite and PostgreSQL alike.
//!
//! Each step runs in a transaction on both databases: a step that fails leaves nothing behind. The statements are
//! written out, because what matters in them (clustered tables, partial indexes) has no common builder.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261124_000001_positions;
mod m20261124_000002_feeds;
mod m20261124_000003_analytics;
mod m20261125_000004_presence;
mod m20261130_000005_expired_counts;

/// All steps, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_positions::Migration),
            Box::new(m20261124_000002_feeds::Migration),
            Box::new(m20261124_000003_analytics::Migration),
            Box::new(m20261125_000004_presence::Migration),
            Box::new(m20261130_000005_expired_counts::Migration),
        ]
    }
}

/// Runs statements one by one, filling in where the two databases differ.
///
/// `{CLUSTERED}` makes SQLite keep a table in the order of its primary key; PostgreSQL has no such tables. `{KEY}` is
/// text that is compared byte by byte: in PostgreSQL the database's own collation would be slower and order ties in
/// another way.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let (clustered, key) = match manager.get_database_backend() {
        sea_orm_migration::sea_orm::DbBackend::Sqlite => ("WITHOUT ROWID", "TEXT"),
        _ => ("", "TEXT COLLATE \"C\""),
    };
    for statement in statements {
        let statement = statement.replace("{CLUSTERED}", clustered).replace("{KEY}", key);
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}
