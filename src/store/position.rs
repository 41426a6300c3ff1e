//! `user_position`: where a user's history stands, and how much of it is unread.

use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement, Value,
    sea_query::OnConflict,
};

use crate::domain::{
    Change, Epoch, Error, Event, FeedKind, Notification, Position, Result, UnreadCounts, UserId,
};

use super::{
    Store,
    entity::user_position,
    error::domain_error,
    expired::{self, Uncounted},
    sql, unsigned,
    write::Tx,
};

/// The row of one user, as a transaction that holds its lock sees and changes it.
#[derive(Clone, Debug)]
pub(super) struct UserPosition {
    row: user_position::Model,
    user: UserId,
    /// Unread notifications that have expired and are not swept yet.
    expired_unread: i64,
}

impl UserPosition {
    /// Locks the user's row; `None` where the user has no history.
    ///
    /// # Errors
    /// [`Uncounted`] where too many notifications have expired to be counted here.
    pub(super) async fn lock(tx: &Tx<'_>, user: &UserId) -> Result<Option<Self>> {
        match lock_row(tx, user).await? {
            Some(row) => Self::from_row(tx, row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Locks the user's row; returns where the history stands.
    pub(super) async fn lock_position(tx: &Tx<'_>, user: &UserId) -> Result<Option<Position>> {
        Ok(lock_row(tx, user).await?.map(|row| unsigned(row.position)))
    }

    /// Locks the user's row; a user without a history gets an empty one.
    pub(super) async fn lock_or_create(tx: &Tx<'_>, user: &UserId) -> Result<Self> {
        if let Some(found) = Self::lock(tx, user).await? {
            return Ok(found);
        }
        create(tx, user).await?;
        let created = Self::lock(tx, user).await?;
        created.ok_or_else(|| Error::internal("a user's row was not created"))
    }

    async fn from_row(tx: &Tx<'_>, row: user_position::Model) -> Result<Self> {
        let user = UserId::trusted(row.user_id.as_str());
        // Most have none, and then there is nothing to ask for.
        let expired_unread = match row.notifications_unread {
            0 => 0,
            _ => expired_unread(tx, &user).await?,
        };
        Ok(Self::new(row, user, expired_unread))
    }

    /// The row of `user`, `expired_unread` of whose unread notifications have expired and are not swept yet.
    pub(super) fn new(row: user_position::Model, user: UserId, expired_unread: i64) -> Self {
        Self { row, user, expired_unread }
    }

    pub(super) fn position(&self) -> Position {
        unsigned(self.row.position)
    }

    /// How many items a feed has, and how many of them are unread, with those that have expired and are not swept yet.
    pub(super) fn counts(&self, feed: FeedKind) -> (i64, i64) {
        match feed {
            FeedKind::Activities => (self.row.activities_total, self.row.activities_unread),
            FeedKind::Notifications => (self.row.notifications_total, self.row.notifications_unread),
        }
    }

    /// Takes `count` items, `unread` of which were not read, out of a feed's counts.
    pub(super) fn remove(&mut self, feed: FeedKind, count: i64, unread: i64) {
        let (total, feed_unread) = match feed {
            FeedKind::Activities => (&mut self.row.activities_total, &mut self.row.activities_unread),
            FeedKind::Notifications => {
                (&mut self.row.notifications_total, &mut self.row.notifications_unread)
            }
        };
        *total -= count;
        *feed_unread -= unread;
    }

    /// Takes what the sweeper deleted, all of which had expired.
    pub(super) fn remove_expired(&mut self, count: i64, unread: i64) {
        self.remove(FeedKind::Notifications, count, unread);
        self.expired_unread -= unread;
    }

    /// The position of the change that is being made.
    pub(super) fn advance(&mut self) -> Position {
        self.row.position += 1;
        self.position()
    }

    /// Writes the row back; the lock is held until the commit.
    pub(super) async fn save(&self, tx: &Tx<'_>) -> Result<()> {
        let row = self.row.clone();
        let model = user_position::ActiveModel {
            user_id: Unchanged(row.user_id),
            position: Set(row.position),
            activities_total: Set(row.activities_total),
            activities_unread: Set(row.activities_unread),
            notifications_total: Set(row.notifications_total),
            notifications_unread: Set(row.notifications_unread),
        };
        user_position::Entity::update_many()
            .set(model)
            .filter(user_position::Column::UserId.eq(self.user.as_str()))
            .exec(tx.connection)
            .await
            .map_err(domain_error)?;
        Ok(())
    }

    /// The event of a change at `position`, with the counts of this row less `pending` items that come after it in
    /// the same commit, as (activities, notifications).
    pub(super) fn event(
        &self,
        epoch: Epoch,
        position: Position,
        pending: (i64, i64),
        change: Change,
    ) -> Event {
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let counts = UnreadCounts {
            activities: count(self.row.activities_unread - pending.0),
            notifications: count(self.row.notifications_unread - self.expired_unread - pending.1),
            cursor: epoch.at(position),
        };
        Event { user: self.user.clone(), position, counts, change }
    }
}

/// Creates the empty row of a user who has none.
async fn create(tx: &Tx<'_>, user: &UserId) -> Result<()> {
    let model = user_position::ActiveModel {
        user_id: Set(user.as_str().to_owned()),
        position: Set(0),
        activities_total: Set(0),
        activities_unread: Set(0),
        notifications_total: Set(0),
        notifications_unread: Set(0),
    };
    let untouched = OnConflict::column(user_position::Column::UserId).do_nothing().to_owned();
    user_position::Entity::insert(model)
        .on_conflict(untouched)
        .exec_without_returning(tx.connection)
        .await
        .map(drop)
        .map_err(domain_error)
}

/// How many unread notifications of one user have expired and are not swept yet.
async fn expired_unread(tx: &Tx<'_>, user: &UserId) -> Result<i64> {
    let values: [Value; 2] = [user.as_str().into(), tx.now.millis().into()];
    let statement =
        Statement::from_sql_and_values(tx.connection.get_database_backend(), expired::UNREAD, values);
    let Some(row) = tx.connection.query_one_raw(statement).await.map_err(domain_error)? else { return Ok(0) };
    let walked: i64 = row.try_get("", "walked").map_err(domain_error)?;
    if walked > expired::MOST {
        return Err(Uncounted::error(vec![user.clone()]));
    }
    row.try_get("", "unread").map_err(domain_error)
}

async fn lock_row(tx: &Tx<'_>, user: &UserId) -> Result<Option<user_position::Model>> {
    let find = user_position::Entity::find_by_id(user.as_str()).lock_exclusive();
    find.one(tx.connection).await.map_err(domain_error)
}

impl Store {
    /// The unread counts of `user` and where the user's history stands; zeros for a user without one.
    pub async fn counts(&self, user: &UserId) -> Result<UnreadCounts> {
        let expired = expired::taken_off::<Notification>(2, "unread", " AND read = FALSE");
        let sql = format!(
            "SELECT position, activities_unread AS activities, notifications_unread - {expired} AS notifications \
             FROM user_position WHERE user_id = $1"
        );
        let epoch = self.epoch();
        let values = [user.as_str().into(), self.clock().now().millis().into()];
        let names = ["position", "activities", "notifications"];
        let [position, activities, notifications] = self.numbers(&sql, values, names).await?;
        Ok(UnreadCounts {
            activities: u64::try_from(activities).unwrap_or(0),
            notifications: u64::try_from(notifications).unwrap_or(0),
            cursor: epoch.at(unsigned(position)),
        })
    }

    /// Where the history of `user` stands; at its start where there is none.
    pub async fn head(&self, user: &UserId) -> Result<Position> {
        if let Some(heads) = self.0.reader.heads() {
            return heads.find(user).await;
        }
        let sql = "SELECT position FROM user_position WHERE user_id = $1";
        let [position] = self.numbers(sql, [user.as_str().into()], ["position"]).await?;
        Ok(unsigned(position))
    }

    /// Numbers of the one row of a short read; zeros where there is none.
    async fn numbers<const V: usize, const N: usize>(
        &self,
        sql: &str,
        values: [Value; V],
        names: [&str; N],
    ) -> Result<[i64; N]> {
        let (mut numbers, mut is_long) = ([0; N], false);
        if let Some(direct) = &self.0.direct {
            let read = |mut rows: rusqlite::Rows<'_>| {
                if let Some(row) = rows.next()? {
                    for (number, name) in numbers.iter_mut().zip(names) {
                        *number = row.get(name)?;
                    }
                }
                Ok(())
            };
            match direct.read(sql, &values, read) {
                Ok(()) => return Ok(numbers),
                Err(failed) => is_long = failed.into_long()?,
            }
        }
        let rows =
            if is_long { self.long(sql, values.to_vec()).await? } else { self.all(sql, values).await? };
        if let Some(row) = rows.into_iter().next() {
            for (number, name) in numbers.iter_mut().zip(names) {
                *number = row.try_get("", name).map_err(domain_error)?;
            }
        }
        Ok(numbers)
    }

    /// The text in the first column of the one row of a short read.
    pub(super) async fn text<const V: usize>(&self, sql: &str, values: [Value; V]) -> Result<Option<String>> {
        if let Some(direct) = &self.0.direct {
            let read = |mut rows: rusqlite::Rows<'_>| rows.next()?.map(|row| row.get(0)).transpose();
            match direct.read(sql, &values, read) {
                Ok(text) => return Ok(text),
                Err(failed) => drop(failed.into_long()?),
            }
        }
        let row = self.one(sql, values).await?;
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(domain_error)
    }

    /// The first users that have a history, in order of their ids; at most `limit`.
    pub async fn some_users(&self, limit: u32) -> Result<Vec<UserId>> {
        let sql = "SELECT user_id FROM user_position WHERE user_id > '' ORDER BY user_id LIMIT $1";
        let rows = self.all(sql, [i64::from(limit).into()]).await?;
        rows.iter()
            .map(|row| Ok(UserId::trusted(row.try_get::<String>("", "user_id")?)))
            .collect::<Result<_, sea_orm::DbErr>>()
            .map_err(domain_error)
    }

    /// Where the histories of `users` stand; users without one are left out. At most 1,000 at a time.
    pub async fn positions(&self, users: &[UserId]) -> Result<Vec<(UserId, Position)>> {
        let statement = sql::positions(self.0.backend, &users.iter().collect::<Vec<_>>());
        let rows = self.0.reader.all(statement).await?;
        let found = rows.iter().map(|row| sql::position(row).map(|(user, at)| (UserId::trusted(user), at)));
        found.collect::<Result<_, sea_orm::DbErr>>().map_err(domain_error)
    }
}
