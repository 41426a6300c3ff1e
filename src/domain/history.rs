//! Days and months that were kept elsewhere, and what a record shows of them.

use std::collections::BTreeMap;

use super::{Analytics, Counter, Day, DayEntry, Error, Hours, Month, MonthEntry, Result, WeeklyEntry};

/// The days and months of one user, gathered before there is a record of them.
#[derive(Clone, Debug, Default)]
pub struct History {
    days: BTreeMap<Day, DayEntry>,
    months: BTreeMap<Month, MonthEntry>,
}

impl History {
    /// Adds to a day; several entries of one day are summed.
    ///
    /// # Errors
    /// BAD_USER_INPUT at `hoursLogged` where the day would have more than 24 hours.
    pub fn add_day(&mut self, entry: WeeklyEntry) -> Result<()> {
        let date = entry.date;
        let day =
            self.days.entry(date).or_insert(DayEntry { date, hours: Hours::ZERO, logs: Counter::default() });
        let sum = day.hours.checked_add(entry.hours).filter(|sum| *sum <= Hours::DAY);
        day.hours = sum.ok_or_else(|| {
            let message =
                format!("hoursLogged must not bring {date} above 24 hours, but is {} more.", entry.hours);
            Error::field("hoursLogged", message)
        })?;
        day.logs = day.logs.add("logsCount", entry.logs.get().into())?;
        Ok(())
    }

    /// Adds to what is known of a month as a whole. It is kept, whatever the sum of its days.
    ///
    /// # Errors
    /// BAD_USER_INPUT where a sum would pass its bound.
    pub fn add_month(&mut self, entry: MonthEntry) -> Result<()> {
        let sum = self.months.entry(entry.month).or_insert(MonthEntry {
            month: entry.month,
            hours: Hours::ZERO,
            logs: Counter::default(),
        });
        sum.hours = sum.hours.checked_add(entry.hours).ok_or_else(|| {
            Error::field(
                "hoursLogged",
                format!(
                    "hoursLogged must not bring the month above {} hours, but is {}.",
                    Hours::MAX_TOTAL,
                    entry.hours
                ),
            )
        })?;
        sum.logs = sum.logs.add("logsCount", entry.logs.get().into())?;
        Ok(())
    }

    /// Gives `record` the newest days and months, and returns every day, ascending. A month that was not named as a
    /// whole is the sum of its days.
    ///
    /// # Errors
    /// BAD_USER_INPUT where the logs of a month pass the bound of a counter.
    pub fn show_in(self, record: &mut Analytics) -> Result<Vec<DayEntry>> {
        let mut sums = Self::default();
        for day in self.days.values() {
            let month = day.date.month();
            if !self.months.contains_key(&month) {
                sums.add_month(MonthEntry { month, hours: day.hours, logs: day.logs })?;
            }
        }
        sums.months.extend(self.months);
        record.monthly = newest(sums.months.into_values(), Analytics::MONTHS);
        record.weekly = newest(self.days.values().copied(), Analytics::DAYS);
        Ok(self.days.into_values().collect())
    }
}

/// The last `most`, in the same order.
fn newest<T>(entries: impl DoubleEndedIterator<Item = T>, most: usize) -> Vec<T> {
    let mut newest: Vec<T> = entries.rev().take(most).collect();
    newest.reverse();
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Epoch, Position, Timestamp, UserId};

    fn day(date: &str, hours: f64, logs: i64) -> WeeklyEntry {
        WeeklyEntry::parse(date, hours, logs).unwrap()
    }

    fn shown(history: History) -> (Analytics, Vec<DayEntry>) {
        let user = UserId::parse("userId", "ada").unwrap();
        let mut record = Analytics::empty(user, Timestamp::now(), Epoch::generate().at(Position(1)));
        let days = history.show_in(&mut record).unwrap();
        (record, days)
    }

    #[test]
    fn a_day_is_the_sum_of_its_entries_and_has_24_hours() {
        let mut history = History::default();
        history.add_day(day("2026-01-31", 20.0, 1)).unwrap();
        history.add_day(day("2026-01-31", 4.0, 2)).unwrap();
        assert_eq!(history.add_day(day("2026-01-31", 0.5, 0)).unwrap_err().at_field(), Some("hoursLogged"));
        let (record, days) = shown(history);
        assert_eq!(record.weekly, days);
        assert_eq!((days[0].hours, days[0].logs.get()), (Hours::DAY, 3));
    }

    #[test]
    fn a_named_month_is_kept_and_the_others_are_sums() {
        let mut history = History::default();
        history.add_day(day("2026-01-31", 2.0, 1)).unwrap();
        history.add_day(day("2026-02-01", 3.0, 1)).unwrap();
        history.add_day(day("2026-02-02", 0.5, 1)).unwrap();
        let month = Month::parse("month", "2026-01").unwrap();
        let hours = Hours::parse_total("hoursLogged", 40.0).unwrap();
        history.add_month(MonthEntry { month, hours, logs: Counter::default() }).unwrap();
        let months: Vec<_> = shown(history).0.monthly.iter().map(|month| month.hours.as_f64()).collect();
        assert_eq!(months, [40.0, 3.5]);
    }

    #[test]
    fn a_record_shows_the_newest_and_every_day_is_kept() {
        let mut history = History::default();
        let first = Day::parse("date", "2020-01-01").unwrap();
        for offset in 0..1_000 {
            history.add_day(day(&first.plus_days(offset).to_string(), 1.0, 1)).unwrap();
        }
        let (record, days) = shown(history);
        assert_eq!((record.weekly.len(), record.monthly.len(), days.len()), (84, 24, 1_000));
        assert_eq!((record.weekly[83], record.monthly[23].month), (days[999], days[999].date.month()));
    }
}
