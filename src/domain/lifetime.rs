//! How long a token holds.

use std::time::Duration;

/// How long a token holds: whole seconds, at least one, at most a hundred years. Written as a number with its unit:
/// `30s`, `15m`, `1h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Duration);

impl Lifetime {
    /// An hour, where nobody says otherwise.
    pub const DEFAULT: Self = Self(Duration::from_secs(3_600));
    /// What [`Lifetime::parse`] takes, for people.
    pub const TAKES: &str = "a number with its unit, such as 30s, 15m, 1h, 7d, up to 36500d";
    /// The longest, in seconds.
    const MAX: u64 = 36_500 * 86_400;

    /// Reads a number with its unit.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let number = number.parse::<u64>().ok()?;
        let seconds = number.checked_mul(seconds).filter(|seconds| (1..=Self::MAX).contains(seconds))?;
        Some(Self(Duration::from_secs(seconds)))
    }

    /// The same as a duration.
    pub fn duration(self) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_a_unit_and_an_end() {
        assert_eq!(Lifetime::parse("90m").unwrap().duration(), Duration::from_secs(5_400));
        assert!(Lifetime::parse("36500d").is_some());
        for text in
            ["", "h", "10", "0s", "-1h", "+", "1w", "1.5h", "36501d", "99999999999999999999d", "1é", "é"]
        {
            assert_eq!(Lifetime::parse(text), None, "{text}");
        }
    }
}
