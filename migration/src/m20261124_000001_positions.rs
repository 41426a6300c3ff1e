//! What the database is, and where each user's history stands.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(
            manager,
            &[
                // `epoch` is the random mark that cursors carry.
                "CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) {CLUSTERED}",
                // Changed in every write of a user: its lock puts the user's writers in a line, so that the order of
                // positions is the order of commits. Totals and unread counts are a look-up at any size.
                "CREATE TABLE user_position (
                    user_id {KEY} NOT NULL PRIMARY KEY,
                    position BIGINT NOT NULL,
                    activities_total BIGINT NOT NULL CHECK (activities_total >= 0),
                    activities_unread BIGINT NOT NULL CHECK (activities_unread BETWEEN 0 AND activities_total),
                    notifications_total BIGINT NOT NULL CHECK (notifications_total >= 0),
                    notifications_unread BIGINT NOT NULL CHECK (notifications_unread BETWEEN 0 AND notifications_total)
                ) {CLUSTERED}",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, &["DROP TABLE user_position", "DROP TABLE settings"]).await
    }
}
