//! Analytics: one record a user, changed under the lock of the user's position.

use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, EntityTrait, FromQueryResult, Statement,
    sea_query::{Expr, OnConflict},
};

use crate::domain::{
    Analytics, AnalyticsChange, Change, Changed, Counter, Day, DayEntry, Epoch, Error, Hours, Month,
    MonthEntry, Ranking, Result, Timestamp, UserId, Window,
};

use super::{
    Store,
    entity::{analytics, analytics_day},
    error::domain_error,
    items::number,
    position::UserPosition,
    signed, unsigned,
    write::{Done, Tx, Write},
};

impl Store {
    /// The record of `user`.
    pub async fn analytics(&self, user: &UserId) -> Result<Option<Analytics>> {
        let epoch = self.epoch();
        let found = self.one("SELECT * FROM analytics WHERE user_id = $1", [user.as_str().into()]).await?;
        let row = found.map(|row| analytics::Model::from_query_result(&row, "")).transpose();
        row.map_err(domain_error)?.map(|row| decode(row, epoch)).transpose()
    }

    /// The records by total hours, most first; ties by user.
    pub async fn leaderboard(&self, window: Window) -> Result<Ranking> {
        let epoch = self.epoch();
        let sql = "SELECT c.value AS total, a.* FROM counters c LEFT JOIN \
                   (SELECT * FROM analytics ORDER BY total_hours DESC, user_id LIMIT $1 OFFSET $2) a ON TRUE \
                   WHERE c.name = 'analytics' ORDER BY a.total_hours DESC, a.user_id";
        let skip = i64::try_from(window.skip()).unwrap_or(i64::MAX);
        let values = vec![i64::from(window.limit()).into(), skip.into()];
        let rows = self.all_from(self.replica(None), sql, values).await?;
        let total = rows.first().map_or(Ok(None), |row| number(row, "total"))?.unwrap_or(0);
        let total = u64::try_from(total).unwrap_or(0);
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            if number(row, "position")?.is_some() {
                let row = analytics::Model::from_query_result(row, "").map_err(domain_error)?;
                items.push(decode(row, epoch)?);
            }
        }
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
        let stored = analytics::Entity::find_by_id(self.user.as_str())
            .one(tx.connection)
            .await
            .map_err(domain_error)?
            .map(|row| decode(row, tx.epoch))
            .transpose()?;
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
        let event = row.event(tx.epoch, position, (0, 0), Change::AnalyticsUpdated(record.clone().into()));
        Ok(Done::changed(Changed { analytics: record, created }, event))
    }
}

async fn save(tx: &Tx<'_>, record: &Analytics, created: bool) -> Result<()> {
    let model = encode(record);
    if created {
        analytics::Entity::insert(model).exec_without_returning(tx.connection).await.map_err(domain_error)?;
        let sql = "UPDATE counters SET value = value + 1 WHERE name = 'analytics'";
        let statement = Statement::from_string(tx.connection.get_database_backend(), sql);
        tx.connection.execute_raw(statement).await.map_err(domain_error)?;
    } else {
        analytics::Entity::update(model).exec(tx.connection).await.map_err(domain_error)?;
    }
    Ok(())
}

async fn find_day(tx: &Tx<'_>, user: &UserId, day: Day) -> Result<Option<DayEntry>> {
    let key = (user.as_str().to_owned(), day.to_string());
    let found = analytics_day::Entity::find_by_id(key).one(tx.connection).await.map_err(domain_error)?;
    found.map(decode_day).transpose()
}

pub(super) fn decode_day(row: analytics_day::Model) -> Result<DayEntry> {
    let date = Day::parse("date", &row.date).map_err(Error::internal)?;
    Ok(DayEntry { date, hours: Hours::from_nanos(row.hours), logs: counter(row.logs)? })
}

async fn save_day(tx: &Tx<'_>, user: &UserId, day: DayEntry) -> Result<()> {
    use analytics_day::Column;

    let model = analytics_day::ActiveModel {
        user_id: Set(user.as_str().to_owned()),
        date: Set(day.date.to_string()),
        hours: Set(day.hours.nanos()),
        logs: Set(day.logs.get().into()),
    };
    let replace = |column: Column| (column, Expr::col(("excluded", column)));
    analytics_day::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([Column::UserId, Column::Date])
                .values([replace(Column::Hours), replace(Column::Logs)])
                .to_owned(),
        )
        .exec_without_returning(tx.connection)
        .await
        .map_err(domain_error)?;
    Ok(())
}

/// A day or month in the JSON lists: its name, nano-hours, logs.
type Listed<T> = (T, i64, Counter);

/// The lists of a record as the columns `weekly` and `monthly` have them.
pub(super) fn encode_lists(record: &Analytics) -> [String; 2] {
    let weekly: Vec<Listed<Day>> =
        record.weekly.iter().map(|day| (day.date, day.hours.nanos(), day.logs)).collect();
    let monthly: Vec<Listed<Month>> =
        record.monthly.iter().map(|month| (month.month, month.hours.nanos(), month.logs)).collect();
    [serde_json::to_string(&weekly), serde_json::to_string(&monthly)].map(Result::unwrap_or_default)
}

fn encode(record: &Analytics) -> analytics::ActiveModel {
    let [weekly, monthly] = encode_lists(record);
    analytics::ActiveModel {
        user_id: Set(record.user.as_str().to_owned()),
        position: Set(signed(record.cursor.position())),
        total_hours: Set(record.total_learning_hours.nanos()),
        current_streak: Set(record.current_streak.get().into()),
        longest_streak: Set(record.longest_streak.get().into()),
        logs_created: Set(record.logs_created.get().into()),
        goals_completed: Set(record.goals_completed.get().into()),
        skills_added: Set(record.skills_added.get().into()),
        weekly: Set(weekly),
        monthly: Set(monthly),
        updated_at: Set(record.updated_at.millis()),
    }
}

pub(super) fn decode(row: analytics::Model, epoch: Epoch) -> Result<Analytics> {
    let weekly: Vec<Listed<Day>> = serde_json::from_str(&row.weekly).map_err(Error::internal)?;
    let monthly: Vec<Listed<Month>> = serde_json::from_str(&row.monthly).map_err(Error::internal)?;
    Ok(Analytics {
        user: UserId::trusted(row.user_id),
        total_learning_hours: Hours::from_nanos(row.total_hours),
        current_streak: counter(row.current_streak)?,
        longest_streak: counter(row.longest_streak)?,
        logs_created: counter(row.logs_created)?,
        goals_completed: counter(row.goals_completed)?,
        skills_added: counter(row.skills_added)?,
        weekly: weekly
            .into_iter()
            .map(|(date, hours, logs)| DayEntry { date, hours: Hours::from_nanos(hours), logs })
            .collect(),
        monthly: monthly
            .into_iter()
            .map(|(month, hours, logs)| MonthEntry { month, hours: Hours::from_nanos(hours), logs })
            .collect(),
        updated_at: Timestamp::from_millis(row.updated_at),
        cursor: epoch.at(unsigned(row.position)),
    })
}

fn counter(count: i64) -> Result<Counter> {
    Counter::parse("counter", count).map_err(Error::internal)
}
