//! How long a token holds, and how long it may.

use std::time::Duration;

use super::{Error, Result};

/// How long a token holds: whole seconds, at least one, at most a hundred years. Written as a number with its unit:
/// `30s`, `15m`, `1h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// What a token has to be besides signed.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenRules {
    /// The longest that a token may hold, from its `iat` to its `exp`. A token without `exp` is then refused too.
    pub max_lifetime: Option<Lifetime>,
    /// Whether a token without `exp` is refused.
    pub require_exp: bool,
}

impl TokenRules {
    /// The lifetime of a token that is to be issued; where none is asked for, the default or the longest allowed.
    ///
    /// # Errors
    /// BAD_USER_INPUT at `expires` for one that would be refused.
    pub fn lifetime(&self, asked: Option<Lifetime>) -> Result<Lifetime> {
        let longest = self.max_lifetime.unwrap_or(Lifetime(Duration::MAX));
        match asked {
            None => Ok(Lifetime::DEFAULT.min(longest)),
            Some(asked) if asked <= longest => Ok(asked),
            Some(_) => {
                let seconds = longest.duration().as_secs();
                let message = format!("expires is longer than JWT_MAX_LIFETIME allows, which is {seconds} s");
                Err(Error::field("expires", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_issued_that_would_be_refused() {
        let rules = TokenRules { max_lifetime: Lifetime::parse("30m"), require_exp: false };
        let asked = |text| rules.lifetime(Some(Lifetime::parse(text).unwrap()));
        assert_eq!(rules.lifetime(None).unwrap(), Lifetime::parse("30m").unwrap());
        assert_eq!(asked("1800s").unwrap().duration(), Duration::from_secs(1_800));
        assert_eq!(asked("31m").unwrap_err().at_field(), Some("expires"));
        assert_eq!(TokenRules::default().lifetime(None).unwrap(), Lifetime::DEFAULT);
    }

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
