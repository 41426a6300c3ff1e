//! Instants, days and months, all in UTC.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, Timelike, Utc};

use super::{Error, Result};

/// An instant in whole milliseconds since 1970, written as RFC 3339 in UTC (`2026-01-31T09:30:00.000Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last instant that is taken: the end of the year 9999, the last one that RFC 3339 can write.
    const MAX: i64 = 253_402_300_799_999;

    /// Now, by the system's clock.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// The instant `millis` milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `seconds` after 1970; the nearest one of the years 1970 to 9999 where it lies outside of them.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1_000.0).clamp(0.0, Self::MAX as f64) as i64)
    }

    /// This instant `days` days later.
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * 86_400_000)
    }

    /// The day in UTC.
    pub fn day(self) -> Day {
        Day(DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default().date_naive())
    }

    /// Takes milliseconds since 1970 from outside; `field` names the argument in the error.
    pub fn parse_millis(field: &'static str, millis: i64) -> Result<Self> {
        if (0..=Self::MAX).contains(&millis) {
            return Ok(Self(millis));
        }
        let message = format!(
            "{field} must be a time of the years 1970 to 9999, but is {millis} milliseconds since 1970."
        );
        Err(Error::field(field, message))
    }

    /// Reads an RFC 3339 time with any offset; `field` names the argument in the error.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp_millis())
            .filter(|millis| (0..=Self::MAX).contains(millis))
            .map(Self)
            .ok_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                let message =
                    format!("{field} must be a time like 2026-01-31T09:30:00.000Z, but is {shown:?}.");
                Error::field(field, message)
            })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        let year = u32::try_from(time.year()).ok().filter(|year| *year < 10_000);
        let Some(year) = year else {
            return f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
        };
        // Every item has one or two, so it is written by hand, which takes a fifth of the general way.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (end, number) in [
            (4, year),
            (7, time.month()),
            (10, time.day()),
            (13, time.hour()),
            (16, time.minute()),
            (19, time.second()),
            (23, time.timestamp_subsec_millis()),
        ] {
            let mut rest = number;
            for digit in text[..end].iter_mut().rev() {
                if rest == 0 {
                    break;
                }
                *digit += (rest % 10) as u8;
                rest /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the time is: the system's, or one that a test moves. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// A clock that stands still until it is moved; clones move with it.
    pub fn standing_at(now: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now.millis()))))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(millis) => Timestamp(millis.load(Ordering::SeqCst)),
            None => Timestamp::now(),
        }
    }

    /// Moves a standing clock forward; the system's clock does not move.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(millis) = &self.0 {
            millis.fetch_add(by.as_millis() as i64, Ordering::SeqCst);
        }
    }
}

/// A calendar day in UTC, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Day(NaiveDate);

impl Day {
    /// Reads `YYYY-MM-DD`, or a full RFC 3339 time, which is taken by its day in UTC. The year has four digits.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let day = match text.len() {
            10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
            _ => DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc).date_naive()),
        };
        day.filter(|day| (1..=9999).contains(&day.year())).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::field(field, format!("{field} must be a day like 2026-01-31, but is {shown:?}."))
        })
    }

    /// The month that the day lies in.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }

    /// The day in UTC of an instant from outside, in milliseconds since 1970; `field` names the argument in the error.
    pub fn parse_millis(field: &'static str, millis: i64) -> Result<Self> {
        DateTime::<Utc>::from_timestamp_millis(millis)
            .map(|time| time.date_naive())
            .filter(|day| (1..=9999).contains(&day.year()))
            .map(Self)
            .ok_or_else(|| {
                let message = format!(
                    "{field} must be a day like 2026-01-31, but is {millis} milliseconds since 1970."
                );
                Error::field(field, message)
            })
    }

    /// The midnight in UTC with which the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp(self.0.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
    }

    /// The day `days` days earlier; the same day at the start of the calendar.
    pub fn minus_days(self, days: u64) -> Self {
        Self(self.0.checked_sub_days(Days::new(days)).unwrap_or(self.0))
    }

    /// The day of the week, 0 for Monday.
    pub fn weekday(self) -> u32 {
        self.0.weekday().num_days_from_monday()
    }

    /// The day `days` days later; the same day at the end of the calendar.
    pub fn plus_days(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

/// A calendar month in UTC, written `YYYY-MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// Reads `YYYY-MM`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let first = if text.len() == 7 { Day::parse(field, &format!("{text}-01")).ok() } else { None };
        first.map(Day::month).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::field(field, format!("{field} must be a month like 2026-01, but is {shown:?}."))
        })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse("month", &text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        let time = Timestamp::parse("expiresAt", "2026-01-31T10:30:00+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-01-31T09:30:00.000Z");
    }

    proptest::proptest! {
        #[test]
        fn times_are_written_as_chrono_writes_them(millis in -100_000_000_000_000_i64..400_000_000_000_000) {
            let time = DateTime::<Utc>::from_timestamp_millis(millis).unwrap();
            let text = time.to_rfc3339_opts(SecondsFormat::Millis, true);
            proptest::prop_assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn seconds_outside_of_the_calendar_are_its_first_or_last_instant() {
        for (seconds, text) in [
            (0.001, "1970-01-01T00:00:00.001Z"),
            (-1.0, "1970-01-01T00:00:00.000Z"),
            (f64::NEG_INFINITY, "1970-01-01T00:00:00.000Z"),
            (f64::MAX, "9999-12-31T23:59:59.999Z"),
            (f64::INFINITY, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_seconds(seconds).to_string(), text, "{seconds}");
        }
    }

    #[test]
    fn a_full_time_is_taken_by_its_day_in_utc() {
        assert_eq!(Day::parse("date", "2026-01-31T23:30:00-02:00").unwrap().to_string(), "2026-02-01");
        assert_eq!(Day::parse("date", "2026-02-01").unwrap().month().to_string(), "2026-02");
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "2026-02-30", "2026-1-1", "01-02-2026", "+12345-01-1", "yesterday", "2026-01-01T25:00:00Z"]
        {
            assert_eq!(Day::parse("date", text).unwrap_err().at_field(), Some("date"), "{text}");
        }
    }
}
