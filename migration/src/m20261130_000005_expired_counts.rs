//! How many notifications of a user have expired and are not swept yet, for users of whom they are many.

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
                // A row is there only while many are being swept: `total` rows that are still there, `unread` of them not read, had
                // expired by `until`. Without it they are counted one by one, so it may be taken away at any time.
                "CREATE TABLE expired_counts (
                    user_id {KEY} NOT NULL PRIMARY KEY,
                    until BIGINT NOT NULL,
                    total BIGINT NOT NULL,
                    unread BIGINT NOT NULL
                ) {CLUSTERED}",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, &["DROP TABLE expired_counts"]).await
    }
}
