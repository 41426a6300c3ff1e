//! Hours that sum exactly.

use std::fmt;

use super::{Error, Result};

/// Hours as a whole number of nano-hours (3.6 microseconds), so that 0.1 + 0.2 is 0.3 and a sum does not depend on
/// its order. What a client sends is taken to the nearest nano-hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours(i64);

impl Hours {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// 24 hours.
    pub const DAY: Self = Self(24 * Self::PER_HOUR);
    /// The most that one change adds or takes away: a million hours, 114 years.
    pub const MAX_CHANGE: Self = Self(1_000_000 * Self::PER_HOUR);
    /// The most that a total holds: 9,000 million hours.
    pub const MAX_TOTAL: Self = Self(9_000_000_000 * Self::PER_HOUR);

    const PER_HOUR: i64 = 1_000_000_000;

    /// The hours of `nanos` nano-hours.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nano-hours.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Takes a client's change of a total: finite, not 0, at most [`Hours::MAX_CHANGE`] either way.
    pub fn parse_change(field: &'static str, hours: f64) -> Result<Self> {
        let nanos =
            Self::nearest(hours).filter(|nanos| nanos.unsigned_abs() <= Self::MAX_CHANGE.0.unsigned_abs());
        match nanos {
            Some(0) => Err(Error::field(field, format!("{field} must be a number other than 0."))),
            Some(nanos) => Ok(Self(nanos)),
            None => Err(Error::field(
                field,
                format!("{field} must be from -1000000 to 1000000, but is {hours:e}."),
            )),
        }
    }

    /// Takes the hours of one day: 0 to 24.
    pub fn parse_of_day(field: &'static str, hours: f64) -> Result<Self> {
        Self::nearest(hours)
            .filter(|nanos| (0..=Self::DAY.0).contains(nanos))
            .map(Self)
            .ok_or_else(|| Error::field(field, format!("{field} must be from 0 to 24, but is {hours}.")))
    }

    /// Takes a total: 0 to [`Hours::MAX_TOTAL`].
    pub fn parse_total(field: &'static str, hours: f64) -> Result<Self> {
        let nanos = (hours * Self::PER_HOUR as f64).round();
        // A conversion of a float saturates, and makes 0 of what is no number.
        Some(Self(nanos as i64))
            .filter(|hours| !nanos.is_nan() && (Self::ZERO..=Self::MAX_TOTAL).contains(hours))
            .ok_or_else(|| Self::no_total(field, &hours.to_string()))
    }

    /// Takes a total from a decimal text, to the last nano-hour where it is plain digits.
    pub fn parse_total_text(field: &'static str, text: &str) -> Result<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !whole.is_empty() && digits(whole) && digits(fraction) && fraction.len() <= 9 {
            return format!("{whole}{fraction:0<9}")
                .parse()
                .ok()
                .map(Self)
                .filter(|hours| *hours <= Self::MAX_TOTAL)
                .ok_or_else(|| Self::no_total(field, text));
        }
        match text.parse() {
            Ok(hours) => Self::parse_total(field, hours),
            Err(_) => Err(Self::no_total(field, text)),
        }
    }

    fn no_total(field: &'static str, held: &str) -> Error {
        let held: String = held.chars().take(40).collect();
        Error::field(field, format!("{field} must be from 0 to {} hours, but is {held}.", Self::MAX_TOTAL))
    }

    /// The hours as a decimal text, exact.
    pub fn exact(self) -> String {
        let (whole, nanos) = (self.0 / Self::PER_HOUR, (self.0 % Self::PER_HOUR).abs());
        let sign = if self.0 < 0 && whole == 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{nanos:09}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The nearest number of nano-hours, where it can be held exactly.
    fn nearest(hours: f64) -> Option<i64> {
        let nanos = (hours * Self::PER_HOUR as f64).round();
        (nanos.abs() < 9.0e15).then_some(nanos as i64)
    }

    /// The sum; `None` where it is more than [`Hours::MAX_TOTAL`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self).filter(|sum| *sum <= Self::MAX_TOTAL)
    }

    /// The hours as a floating-point number: the one nearest to the exact sum.
    pub fn as_f64(self) -> f64 {
        // Up to 2^53 the division is exact to the last bit; beyond, the whole hours hold all the precision there is.
        self.0 as f64 / Self::PER_HOUR as f64
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

impl serde::Serialize for Hours {
    /// A number; whole hours without a fraction, as JavaScript writes them.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % Self::PER_HOUR == 0 {
            serializer.serialize_i64(self.0 / Self::PER_HOUR)
        } else {
            serializer.serialize_f64(self.as_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tenth_and_two_tenths_are_three_tenths() {
        let sum = Hours::parse_change("hours", 0.1)
            .unwrap()
            .checked_add(Hours::parse_change("hours", 0.2).unwrap());
        assert_eq!(sum.unwrap().as_f64(), 0.3);
    }

    #[test]
    fn changes_are_finite_and_not_zero() {
        for hours in [0.0, -0.0, 1e-12, f64::NAN, f64::INFINITY, f64::MAX, -1e7] {
            assert_eq!(Hours::parse_change("hours", hours).unwrap_err().at_field(), Some("hours"), "{hours}");
        }
    }

    #[test]
    fn totals_are_bounded() {
        for hours in [-0.1, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(Hours::parse_total("hours", hours).unwrap_err().at_field(), Some("hours"), "{hours}");
        }
        for text in ["", "-1", "NaN", "1e10", "9000000000.000000001", "99999999999999999999", "1,5", "."] {
            assert!(Hours::parse_total_text("hours", text).is_err(), "{text}");
        }
        assert_eq!(Hours::parse_total("hours", 0.1 + 0.2).unwrap().exact(), "0.3");
        assert_eq!(Hours::parse_total_text("hours", "1.5e1").unwrap().exact(), "15");
    }

    proptest! {
        #[test]
        fn exact_texts_read_back(nanos in 0..=Hours::MAX_TOTAL.nanos()) {
            let hours = Hours::from_nanos(nanos);
            prop_assert_eq!(Hours::parse_total_text("hours", &hours.exact()).unwrap(), hours);
        }

        #[test]
        fn sums_of_decimals_are_exact(parts in prop::collection::vec(-1_000_000i64..1_000_000, 1..50)) {
            let mut sum = Hours::ZERO;
            for part in parts.iter().filter(|part| **part != 0) {
                sum = sum.checked_add(Hours::parse_change("hours", *part as f64 / 1000.0).unwrap()).unwrap();
            }
            prop_assert_eq!(sum.as_f64(), parts.iter().sum::<i64>() as f64 / 1000.0);
        }
    }
}
