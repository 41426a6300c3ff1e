//! Who is active on which node, for several nodes on one PostgreSQL. A node on SQLite is alone and keeps it in memory.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        // Unlogged: it is of this moment only. After a crash of the database the tables are empty, and each node notices
        // and tells everything anew.
        crate::run(
            manager,
            &[
                "CREATE UNLOGGED TABLE nodes (
                    node {KEY} NOT NULL PRIMARY KEY,
                    seen_at TIMESTAMPTZ NOT NULL
                )",
                "CREATE UNLOGGED TABLE presence (
                    user_id {KEY} NOT NULL,
                    node {KEY} NOT NULL,
                    PRIMARY KEY (user_id, node)
                )",
                "CREATE INDEX presence_by_node ON presence (node)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        crate::run(manager, &["DROP TABLE presence", "DROP TABLE nodes"]).await
    }
}
