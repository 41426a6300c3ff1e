//! Analytics: one record a user, changed under the lock of the user's position.

use sea_orm::{
    ActiveModelTrait, EntityTrait, QueryTrait,
    sea_query::{Expr, OnConflict},
};

use crate::domain::{
    Analytics, AnalyticsChange, Change, Changed, Day, DayEntry, PerFeed, Ranking, Result, UserId, Window,
};

use super::{
    entity::{analytics, analytics_day},
    error::domain_error,
    handle::Store,
    position::UserPosition,
    row::{Row, Table},
    sql::count,
    write::{Done, Tx, Write},
};

impl Store {
    /// The record of `user`.
    pub async fn analytics(&self, user: &UserId) -> Result<Option<Analytics>> {
        let epoch = self.epoch();
        let sql = format!("SELECT {} FROM analytics WHERE user_id = $1", analytics::Model::sql().list);
        self.query_one(&sql, [user.as_str().into()], move |row| {
            analytics::Model::read(&mut row.columns(0))?.decode(epoch)
        })
        .await
    }

    /// The records by total hours, most first; ties by user.
    pub async fn leaderboard(&self, window: Window) -> Result<Ranking> {
        let epoch = self.epoch();
        let table = analytics::Model::sql();
        let sql = format!(
            "SELECT c.value, a.position, {} FROM counters c LEFT JOIN \
             (SELECT {} FROM analytics ORDER BY total_hours DESC, user_id LIMIT $1 OFFSET $2) a ON TRUE \
             WHERE c.name = 'analytics' ORDER BY a.total_hours DESC, a.user_id",
            table.list_of("a"),
            table.list,
        );
        let skip = i64::try_from(window.skip()).unwrap_or(i64::MAX);
        let values = vec![i64::from(window.limit()).into(), skip.into()];
        let read = move |row: &Row<'_>| {
            let record = match row.get::<Option<i64>>(1)? {
                Some(_) => Some(analytics::Model::read(&mut row.columns(2))?.decode(epoch)?),
                None => None,
            };
            Ok((count(row.get(0)?), record))
        };
        let rows = self.query_from(self.replica(None), &sql, values, read).await?;
        let total = rows.first().map_or(0, |(total, _)| *total);
        let items: Vec<Analytics> = rows.into_iter().filter_map(|(_, record)| record).collect();
        let has_more = window.skip().saturating_add(items.len() as u64) < total;
        Ok(Ranking { items, total, has_more })
    }

    /// Applies `change` to the record of `user`, which is created where it is missing.
    ///
    /// # Errors
    /// BAD_USER_INPUT where a sum would pass its bound.
    pub async fn change_analytics(&self, user: UserId, change: AnalyticsChange) -> Result<Changed> {
        self.write(ChangeAnalytics { user, change }).await
    }
}

struct ChangeAnalytics {
    user: UserId,
    change: AnalyticsChange,
}

impl Write for ChangeAnalytics {
    type Output = Changed;

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<Changed>> {
        let mut row = UserPosition::lock_or_create(&tx, &self.user).await?;
        let find = analytics::Entity::find_by_id(self.user.as_str()).build(tx.db.backend());
        let stored =
            tx.db.find::<analytics::Model>(find).await?.map(|row| row.decode(tx.epoch)).transpose()?;
        let created = stored.is_none();
        if let (Some(analytics), AnalyticsChange::Init) = (&stored, &self.change) {
            return Ok(Done::unchanged(Changed { analytics: analytics.clone(), created }));
        }
        let position = row.advance();
        let cursor = tx.epoch.at(position);
        let mut record = stored.unwrap_or_else(|| Analytics::empty(self.user.clone(), tx.now, cursor));
        let day = match self.change.day() {
            Some(day) => find_day(&tx, &self.user, day).await?,
            None => None,
        };
        if let Some(day) = record.apply(&self.change, day)? {
            save_day(&tx, &self.user, day).await?;
        }
        record.updated_at = tx.now;
        record.cursor = cursor;
        save(&tx, &record, created).await?;
        row.save(&tx).await?;
        let event = row.event(
            tx.epoch,
            position,
            PerFeed::default(),
            Change::AnalyticsUpdated(record.clone().into()),
        );
        Ok(Done::changed(Changed { analytics: record, created }, event))
    }
}

async fn save(tx: &Tx<'_>, record: &Analytics, created: bool) -> Result<()> {
    let row = analytics::Model::from(record);
    if created {
        tx.db.insert(&[row]).await?;
        return tx
            .db
            .execute("UPDATE counters SET value = value + 1 WHERE name = 'analytics'", [])
            .await
            .map(drop);
    }
    let row = analytics::ActiveModel::from(row).reset_all();
    let update = analytics::Entity::update(row).validate().map_err(domain_error)?;
    tx.db.run(update.build(tx.db.backend())).await.map(drop)
}

async fn find_day(tx: &Tx<'_>, user: &UserId, day: Day) -> Result<Option<DayEntry>> {
    let key = (user.as_str().to_owned(), day.to_string());
    let find = analytics_day::Entity::find_by_id(key).build(tx.db.backend());
    tx.db.find::<analytics_day::Model>(find).await?.map(analytics_day::Model::decode).transpose()
}

async fn save_day(tx: &Tx<'_>, user: &UserId, day: DayEntry) -> Result<()> {
    use analytics_day::Column;

    let row = analytics_day::ActiveModel::from(analytics_day::Model::encode(user, &day)).reset_all();
    let replace = |column: Column| (column, Expr::col(("excluded", column)));
    let replace = OnConflict::columns([Column::UserId, Column::Date])
        .values([replace(Column::Hours), replace(Column::Logs)])
        .to_owned();
    let insert = analytics_day::Entity::insert(row).on_conflict(replace);
    tx.db.run(insert.build(tx.db.backend())).await.map(drop)
}
