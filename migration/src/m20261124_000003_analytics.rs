//! Analytics: one row a user, and one a day that has an entry.

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
                // Hours are whole nano-hours. `weekly` and `monthly` are the lists that clients are shown, so that a
                // page of the leaderboard is one read.
                "CREATE TABLE analytics (
                    user_id {KEY} NOT NULL PRIMARY KEY,
                    position BIGINT NOT NULL,
                    total_hours BIGINT NOT NULL CHECK (total_hours >= 0),
                    current_streak BIGINT NOT NULL,
                    longest_streak BIGINT NOT NULL,
                    logs_created BIGINT NOT NULL,
                    goals_completed BIGINT NOT NULL,
                    skills_added BIGINT NOT NULL,
                    weekly TEXT NOT NULL,
                    monthly TEXT NOT NULL,
                    updated_at BIGINT NOT NULL
                ) {CLUSTERED}",
                "CREATE INDEX analytics_leaderboard ON analytics (total_hours DESC, user_id)",
                // Every day ever, because a day takes at most 24 hours however old it is.
                "CREATE TABLE analytics_days (
                    user_id {KEY} NOT NULL,
                    date TEXT NOT NULL,
                    hours BIGINT NOT NULL CHECK (hours BETWEEN 0 AND 24000000000),
                    logs BIGINT NOT NULL,
                    PRIMARY KEY (user_id, date)
                ) {CLUSTERED}",
                // How many records there are: the leaderboard's total, at any size.
                "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL) {CLUSTERED}",
                "INSERT INTO counters (name, value) VALUES ('analytics', 0)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, &["DROP TABLE counters", "DROP TABLE analytics_days", "DROP TABLE analytics"])
            .await
    }
}
