//! The table of the days of analytics.

use crate::domain::{Day, DayEntry, Error, Hours, Result, UserId};

use super::analytics::counter;

entity! {
    /// A day of a user's analytics: every day, however old. Hours are nano-hours.
    "analytics_days" {
        #[sea_orm(primary_key, auto_increment = false)]
        user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        date: String,
        hours: i64,
        logs: i64,
    }
}

impl Model {
    /// The row of `day` of `user`.
    pub fn encode(user: &UserId, day: &DayEntry) -> Self {
        Self {
            user_id: user.as_str().to_owned(),
            date: day.date.to_string(),
            hours: day.hours.nanos(),
            logs: day.logs.get().into(),
        }
    }

    /// The day.
    ///
    /// # Errors
    /// INTERNAL where a value is invalid.
    pub fn decode(self) -> Result<DayEntry> {
        let date = Day::parse("date", &self.date).map_err(Error::internal)?;
        Ok(DayEntry { date, hours: Hours::from_nanos(self.hours), logs: counter(self.logs)? })
    }
}
