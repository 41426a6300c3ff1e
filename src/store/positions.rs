//! Reads of positions and counts.

use std::sync::LazyLock;

use sea_orm::Value;

use crate::domain::{FeedKind, Notification, PerFeed, Position, Result, UnreadCounts, UserId};

use super::{
    database::Database,
    expiry::{self, Count},
    handle::Store,
    row::Row,
    sql::{any_of, count, json_list, unsigned},
};

impl Store {
    /// The unread counts of `user` and the position of the user's history; zeros for a user without one.
    pub async fn counts(&self, user: &UserId) -> Result<UnreadCounts> {
        static SQL: LazyLock<String> = LazyLock::new(|| {
            let unread = FeedKind::ALL.map(|feed| {
                let expired = match feed {
                    expiry::FEED => expiry::minus_expired::<Notification>("$2", Count::Unread),
                    _ => String::new(),
                };
                format!("{}_unread{expired}", feed.as_str())
            });
            format!("SELECT position, {} FROM user_position WHERE user_id = $1", unread.join(", "))
        });
        let epoch = self.epoch();
        let values: [Value; 2] = [user.as_str().into(), self.clock().now().millis().into()];
        let read = move |row: &Row<'_>| {
            let mut columns = row.columns(0);
            let cursor = epoch.at(unsigned(columns.take()?));
            let mut unread = PerFeed::default();
            for feed in FeedKind::ALL {
                unread[feed] = count(columns.take()?);
            }
            Ok(UnreadCounts { unread, cursor })
        };
        let found = self.query_one(&SQL, values, read).await?;
        Ok(found.unwrap_or(UnreadCounts { unread: PerFeed::default(), cursor: epoch.at(Position::START) }))
    }

    /// The position of the history of `user`; the start where there is none.
    pub async fn head(&self, user: &UserId) -> Result<Position> {
        if let Database::Postgres(postgres) = &self.0.database {
            return postgres.positions.find(user).await;
        }
        let sql = "SELECT position FROM user_position WHERE user_id = $1";
        let position = self.query_one(sql, [user.as_str().into()], |row| row.get(0)).await?;
        Ok(position.map_or(Position::START, unsigned))
    }

    /// The first users that have a history, in order of their ids; at most `limit`.
    pub async fn some_users(&self, limit: u32) -> Result<Vec<UserId>> {
        let sql = "SELECT user_id FROM user_position WHERE user_id > '' ORDER BY user_id LIMIT $1";
        self.query(sql, [i64::from(limit).into()], |row| row.get::<String>(0).map(UserId::trusted)).await
    }

    /// The positions of the histories of `users`; users without one are left out. At most 1,000 at a time.
    pub async fn positions(&self, users: &[UserId]) -> Result<Vec<(UserId, Position)>> {
        let users_of = any_of(self.0.database.backend(), "$1");
        let sql = format!("SELECT user_id, position FROM user_position WHERE user_id IN {users_of}");
        let values = [json_list(&users.iter().collect::<Vec<_>>())];
        let read = |row: &Row<'_>| Ok((UserId::trusted(row.get::<String>(0)?), unsigned(row.get(1)?)));
        self.query(&sql, values, read).await
    }
}
