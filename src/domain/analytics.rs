//! What a user has reached, in numbers.

use super::{Cursor, Day, Error, Hours, Month, Result, Timestamp, UserId, words};

words! {
    /// A counter that `increment` changes.
    pub enum StatName {
        /// Learning logs written.
        LogsCreated = "logsCreated",
        /// Goals reached.
        GoalsCompleted = "goalsCompleted",
        /// Skills added.
        SkillsAdded = "skillsAdded",
    }
}

/// A whole number from 0 to 2,147,483,647, the most that GraphQL's Int holds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Counter(u32);

impl Counter {
    /// The largest count.
    pub const MAX: i64 = i32::MAX as i64;

    /// Takes a client's whole number of 0 or more.
    pub fn parse(field: &'static str, count: i64) -> Result<Self> {
        Self::within(count).ok_or_else(|| {
            Error::field(
                field,
                format!("{field} must be a whole number from 0 to {}, but is {count}.", Self::MAX),
            )
        })
    }

    /// The count, to be shown as GraphQL's Int.
    pub fn get(self) -> i32 {
        self.0 as i32
    }

    /// The sum: never below 0; refused at `field` where it is more than [`Counter::MAX`].
    pub(super) fn add(self, field: &'static str, by: i64) -> Result<Self> {
        let sum = i64::from(self.0).saturating_add(by).max(0);
        Self::within(sum).ok_or_else(|| {
            Error::field(field, format!("{field} must not bring the sum above {}, but is {by}.", Self::MAX))
        })
    }

    fn within(count: i64) -> Option<Self> {
        u32::try_from(count).ok().filter(|count| i64::from(*count) <= Self::MAX).map(Self)
    }
}

/// What was learned on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayEntry {
    /// The day.
    pub date: Day,
    /// 0 to 24 hours.
    pub hours: Hours,
    /// Learning logs.
    pub logs: Counter,
}

/// What was learned in one month: the sum of all entries of its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthEntry {
    /// The month.
    pub month: Month,
    /// The hours of all its days.
    pub hours: Hours,
    /// The learning logs of all its days.
    pub logs: Counter,
}

/// An entry that a client adds to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeeklyEntry {
    /// The day.
    pub date: Day,
    /// What to add to the day's hours.
    pub hours: Hours,
    /// What to add to the day's logs.
    pub logs: Counter,
}

impl WeeklyEntry {
    /// Takes a client's fields.
    pub fn parse(date: &str, hours_logged: f64, logs_count: i64) -> Result<Self> {
        Ok(Self {
            date: Day::parse("date", date)?,
            hours: Hours::parse_of_day("hoursLogged", hours_logged)?,
            logs: Counter::parse("logsCount", logs_count)?,
        })
    }
}

/// A change of a user's analytics. Every one of them creates the record where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalyticsChange {
    /// Creates the record, or leaves it as it stands.
    Init,
    /// Adds to the learning hours; the total never falls below 0.
    AddHours(Hours),
    /// Sets the streaks; the longest one never falls.
    SetStreak {
        /// The streak that runs.
        current: Counter,
        /// The longest one the client knows of.
        longest: Counter,
    },
    /// Adds to a counter; it never falls below 0.
    Increment {
        /// Which counter.
        stat: StatName,
        /// What to add; not 0.
        by: i64,
    },
    /// Adds to a day.
    AddWeekly(WeeklyEntry),
}

impl AnalyticsChange {
    /// Takes a client's hours.
    pub fn add_hours(hours: f64) -> Result<Self> {
        Hours::parse_change("hours", hours).map(Self::AddHours)
    }

    /// Takes a client's streaks.
    pub fn set_streak(current: i64, longest: i64) -> Result<Self> {
        Ok(Self::SetStreak {
            current: Counter::parse("currentStreak", current)?,
            longest: Counter::parse("longestStreak", longest)?,
        })
    }

    /// Takes a client's step of a counter.
    pub fn increment(stat: StatName, by: i64) -> Result<Self> {
        if by == 0 || by.unsigned_abs() > Counter::MAX.unsigned_abs() {
            let max = Counter::MAX;
            let message = format!("incrementBy must be from -{max} to {max} and not 0, but is {by}.");
            return Err(Error::field("incrementBy", message));
        }
        Ok(Self::Increment { stat, by })
    }

    /// The day whose entry must be known before the change can be applied.
    pub fn day(&self) -> Option<Day> {
        match self {
            Self::AddWeekly(entry) => Some(entry.date),
            _ => None,
        }
    }
}

/// What a user has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analytics {
    /// Whose numbers they are.
    pub user: UserId,
    /// All hours of learning.
    pub total_learning_hours: Hours,
    /// Days in a row until now.
    pub current_streak: Counter,
    /// The most days in a row ever.
    pub longest_streak: Counter,
    /// Learning logs written.
    pub logs_created: Counter,
    /// Goals reached.
    pub goals_completed: Counter,
    /// Skills added.
    pub skills_added: Counter,
    /// The newest [`Analytics::DAYS`] days with an entry, ascending.
    pub weekly: Vec<DayEntry>,
    /// The newest [`Analytics::MONTHS`] months with an entry, ascending.
    pub monthly: Vec<MonthEntry>,
    /// When they last changed.
    pub updated_at: Timestamp,
    /// The change that made them.
    pub cursor: Cursor,
}

impl Analytics {
    /// How many days `weekly` holds.
    pub const DAYS: usize = 84;
    /// How many months `monthly` holds.
    pub const MONTHS: usize = 24;

    /// The record of a user who has reached nothing yet.
    pub fn empty(user: UserId, now: Timestamp, cursor: Cursor) -> Self {
        Self {
            user,
            total_learning_hours: Hours::ZERO,
            current_streak: Counter::default(),
            longest_streak: Counter::default(),
            logs_created: Counter::default(),
            goals_completed: Counter::default(),
            skills_added: Counter::default(),
            weekly: Vec::new(),
            monthly: Vec::new(),
            updated_at: now,
            cursor,
        }
    }

    /// Applies `change` and returns the entry of the day that it changed, if one.
    ///
    /// `day` is the stored entry of [`AnalyticsChange::day`]: days older than `weekly` reaches back have one too.
    ///
    /// # Errors
    /// BAD_USER_INPUT where a sum would pass its bound; the record is then as it was.
    pub fn apply(&mut self, change: &AnalyticsChange, day: Option<DayEntry>) -> Result<Option<DayEntry>> {
        match *change {
            AnalyticsChange::Init => Ok(None),
            AnalyticsChange::AddHours(hours) => {
                let sum = self.total_learning_hours.checked_add(hours);
                let sum = sum.ok_or_else(|| {
                    Error::field(
                        "hours",
                        format!("hours must not bring the total above {}, but is {hours}.", Hours::MAX_TOTAL),
                    )
                })?;
                self.total_learning_hours = sum.max(Hours::ZERO);
                Ok(None)
            }
            AnalyticsChange::SetStreak { current, longest } => {
                self.current_streak = current;
                self.longest_streak = self.longest_streak.max(current).max(longest);
                Ok(None)
            }
            AnalyticsChange::Increment { stat, by } => {
                let counter = match stat {
                    StatName::LogsCreated => &mut self.logs_created,
                    StatName::GoalsCompleted => &mut self.goals_completed,
                    StatName::SkillsAdded => &mut self.skills_added,
                };
                *counter = counter.add("incrementBy", by)?;
                Ok(None)
            }
            AnalyticsChange::AddWeekly(entry) => self.add_to_day(entry, day).map(Some),
        }
    }

    fn add_to_day(&mut self, entry: WeeklyEntry, stored: Option<DayEntry>) -> Result<DayEntry> {
        let before =
            stored.unwrap_or(DayEntry { date: entry.date, hours: Hours::ZERO, logs: Counter::default() });
        let hours =
            before.hours.checked_add(entry.hours).filter(|sum| *sum <= Hours::DAY).ok_or_else(|| {
                let message = format!(
                    "hoursLogged must not bring {} above 24 hours, but is {} on top of {}.",
                    entry.date, entry.hours, before.hours
                );
                Error::field("hoursLogged", message)
            })?;
        let more_logs = i64::from(entry.logs.get());
        let day = DayEntry { date: entry.date, hours, logs: before.logs.add("logsCount", more_logs)? };

        let month = entry.date.month();
        let place = self.monthly.binary_search_by_key(&month, |entry| entry.month);
        let sum = place.ok().map(|index| self.monthly[index]);
        let sum = MonthEntry {
            month,
            hours: sum
                .map_or(Hours::ZERO, |sum| sum.hours)
                .checked_add(entry.hours)
                .unwrap_or(Hours::MAX_TOTAL),
            logs: sum.map_or(Counter::default(), |sum| sum.logs).add("logsCount", more_logs)?,
        };
        // A month or day that fell out of these lists never comes back: the set of those with an entry only grows.
        put(&mut self.monthly, place, sum, Self::MONTHS);
        let place = self.weekly.binary_search_by_key(&day.date, |entry| entry.date);
        put(&mut self.weekly, place, day, Self::DAYS);
        Ok(day)
    }
}

/// A page of the leaderboard.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The records, most hours first.
    pub items: Vec<Analytics>,
    /// How many records there are.
    pub total: u64,
    /// Whether more follow.
    pub has_more: bool,
}

/// What a change left behind.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The record as it is now.
    pub analytics: Analytics,
    /// Whether the change created it.
    pub created: bool,
}

/// Puts `entry` where a binary search said, then keeps the last `max`.
fn put<T>(list: &mut Vec<T>, place: Result<usize, usize>, entry: T, max: usize) {
    match place {
        Ok(index) => list[index] = entry,
        Err(index) => list.insert(index, entry),
    }
    if list.len() > max {
        list.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Epoch, Position};

    fn empty() -> Analytics {
        let user = UserId::parse("userId", "ada").unwrap();
        Analytics::empty(user, Timestamp::now(), Epoch::generate().at(Position(1)))
    }

    #[test]
    fn totals_and_counters_stop_at_zero() {
        let mut analytics = empty();
        analytics.apply(&AnalyticsChange::add_hours(1.5).unwrap(), None).unwrap();
        analytics.apply(&AnalyticsChange::add_hours(-9.0).unwrap(), None).unwrap();
        assert_eq!(analytics.total_learning_hours, Hours::ZERO);
        analytics.apply(&AnalyticsChange::increment(StatName::LogsCreated, -3).unwrap(), None).unwrap();
        assert_eq!(analytics.logs_created.get(), 0);
    }

    #[test]
    fn the_longest_streak_never_falls() {
        let mut analytics = empty();
        for (current, longest, expected) in [(5, 3, 5), (1, 9, 9), (0, 0, 9)] {
            analytics.apply(&AnalyticsChange::set_streak(current, longest).unwrap(), None).unwrap();
            assert_eq!(analytics.longest_streak.get(), expected);
        }
    }

    #[test]
    fn a_full_day_refuses_more_and_stays() {
        let mut analytics = empty();
        let entry = |hours| AnalyticsChange::AddWeekly(WeeklyEntry::parse("2026-01-31", hours, 1).unwrap());
        let day = analytics.apply(&entry(20.0), None).unwrap();
        let before = analytics.clone();
        let error = analytics.apply(&entry(4.5), day).unwrap_err();
        assert_eq!(error.at_field(), Some("hoursLogged"));
        assert_eq!(analytics, before);
    }

    proptest! {
        /// Whatever the order of entries, the lists are the newest days and months of all that was added.
        #[test]
        fn lists_equal_a_recount(entries in prop::collection::vec((0u64..900, 0u32..8, 0i64..4), 1..300)) {
            let start = Day::parse("date", "2024-01-01").unwrap();
            let mut analytics = empty();
            let mut days: BTreeMap<Day, DayEntry> = BTreeMap::new();
            let mut months: BTreeMap<Month, (i64, i64)> = BTreeMap::new();
            for (offset, quarters, logs) in entries {
                let date = start.plus_days(offset);
                let entry = WeeklyEntry::parse(&date.to_string(), f64::from(quarters) / 4.0, logs).unwrap();
                let change = AnalyticsChange::AddWeekly(entry);
                if let Ok(Some(day)) = analytics.apply(&change, days.get(&date).copied()) {
                    days.insert(date, day);
                    let month = months.entry(date.month()).or_default();
                    month.0 += entry.hours.nanos();
                    month.1 += logs;
                }
            }
            let newest: Vec<_> = days.into_values().rev().take(Analytics::DAYS).collect();
            prop_assert!(analytics.weekly.iter().rev().eq(newest.iter()));
            let shown = analytics.monthly.iter().rev().map(|m| (m.month, (m.hours.nanos(), i64::from(m.logs.get()))));
            prop_assert!(shown.eq(months.into_iter().rev().take(Analytics::MONTHS)));
        }
    }
}
