//! The table of analytics.

use crate::{
    domain::{
        Analytics, Counter, Day, DayEntry, Epoch, Error, Hours, Month, MonthEntry, Result, Timestamp, UserId,
    },
    store::sql::{signed, unsigned},
};

entity! {
    /// The analytics of a user. Hours are nano-hours; `weekly` and `monthly` are JSON lists of (name, nano-hours, logs).
    "analytics" {
        #[sea_orm(primary_key, auto_increment = false)]
        user_id: String,
        position: i64,
        total_hours: i64,
        current_streak: i64,
        longest_streak: i64,
        logs_created: i64,
        goals_completed: i64,
        skills_added: i64,
        weekly: String,
        monthly: String,
        updated_at: i64,
    }
}

/// A day or month in the lists.
type Listed<T> = (T, i64, Counter);

impl From<&Analytics> for Model {
    fn from(record: &Analytics) -> Self {
        let weekly: Vec<Listed<Day>> =
            record.weekly.iter().map(|day| (day.date, day.hours.nanos(), day.logs)).collect();
        let monthly: Vec<Listed<Month>> =
            record.monthly.iter().map(|month| (month.month, month.hours.nanos(), month.logs)).collect();
        Self {
            user_id: record.user.as_str().to_owned(),
            position: signed(record.cursor.position()),
            total_hours: record.total_learning_hours.nanos(),
            current_streak: record.current_streak.get().into(),
            longest_streak: record.longest_streak.get().into(),
            logs_created: record.logs_created.get().into(),
            goals_completed: record.goals_completed.get().into(),
            skills_added: record.skills_added.get().into(),
            weekly: serde_json::to_string(&weekly).unwrap_or_default(),
            monthly: serde_json::to_string(&monthly).unwrap_or_default(),
            updated_at: record.updated_at.millis(),
        }
    }
}

impl Model {
    /// The record, whose cursor is of `epoch`.
    ///
    /// # Errors
    /// INTERNAL where a value is invalid.
    pub fn decode(self, epoch: Epoch) -> Result<Analytics> {
        let weekly: Vec<Listed<Day>> = serde_json::from_str(&self.weekly).map_err(Error::internal)?;
        let monthly: Vec<Listed<Month>> = serde_json::from_str(&self.monthly).map_err(Error::internal)?;
        Ok(Analytics {
            user: UserId::trusted(self.user_id),
            total_learning_hours: Hours::from_nanos(self.total_hours),
            current_streak: counter(self.current_streak)?,
            longest_streak: counter(self.longest_streak)?,
            logs_created: counter(self.logs_created)?,
            goals_completed: counter(self.goals_completed)?,
            skills_added: counter(self.skills_added)?,
            weekly: weekly
                .into_iter()
                .map(|(date, hours, logs)| DayEntry { date, hours: Hours::from_nanos(hours), logs })
                .collect(),
            monthly: monthly
                .into_iter()
                .map(|(month, hours, logs)| MonthEntry { month, hours: Hours::from_nanos(hours), logs })
                .collect(),
            updated_at: Timestamp::from_millis(self.updated_at),
            cursor: epoch.at(unsigned(self.position)),
        })
    }
}

pub(super) fn counter(count: i64) -> Result<Counter> {
    Counter::parse("counter", count).map_err(Error::internal)
}
