//! Activities and notifications: each keeps the position of its creation, so the tables are the log.

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
                // Not clustered by user on SQLite: rows are appended, so that a commit for many users writes few pages.
                // Times are milliseconds since 1970 in UTC; `data` is compact JSON text.
                "CREATE TABLE activities (
                    user_id {KEY} NOT NULL,
                    position BIGINT NOT NULL,
                    id {KEY} NOT NULL,
                    type TEXT NOT NULL,
                    title TEXT NOT NULL,
                    description TEXT,
                    data TEXT,
                    created_at BIGINT NOT NULL,
                    read BOOLEAN NOT NULL,
                    PRIMARY KEY (user_id, position)
                )",
                "CREATE UNIQUE INDEX activities_by_id ON activities (id)",
                "CREATE INDEX activities_by_type ON activities (user_id, type, position)",
                "CREATE INDEX activities_unread ON activities (user_id, position) WHERE read = FALSE",
                "CREATE TABLE notifications (
                    user_id {KEY} NOT NULL,
                    position BIGINT NOT NULL,
                    id {KEY} NOT NULL,
                    type TEXT NOT NULL,
                    title TEXT NOT NULL,
                    message TEXT NOT NULL,
                    action_url TEXT,
                    created_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL,
                    read BOOLEAN NOT NULL,
                    PRIMARY KEY (user_id, position)
                )",
                "CREATE UNIQUE INDEX notifications_by_id ON notifications (id)",
                "CREATE INDEX notifications_by_type ON notifications (user_id, type, position)",
                "CREATE INDEX notifications_unread ON notifications (user_id, position) WHERE read = FALSE",
                // What has expired and is not swept yet is left out of a user's counts.
                "CREATE INDEX notifications_expired ON notifications (user_id, expires_at, read)",
                "CREATE INDEX notifications_by_expiry ON notifications (expires_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, &["DROP TABLE notifications", "DROP TABLE activities"]).await
    }
}
