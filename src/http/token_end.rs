//! When the token of an open connection ends.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Clock, Timestamp, Viewer};

/// As good as for ever.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// An instant that does not come.
pub fn never() -> Instant {
    Instant::now() + NEVER
}

/// The end of a connection's token: a time of the wall clock, and the instant at which a timer has to look at it. Timers
/// stand still while a machine sleeps, and do not notice that a clock was set, so it is looked at with each ping as well.
#[derive(Clone, Copy, Debug)]
pub struct TokenEnd {
    end: Option<Timestamp>,
    instant: Instant,
}

impl TokenEnd {
    /// The end of a token that never ends.
    pub fn never() -> Self {
        Self { end: None, instant: never() }
    }

    /// The end of the viewer's token.
    pub fn of(viewer: &Viewer, clock: &Clock) -> Self {
        let mut end = Self { end: viewer.expires_at(), ..Self::never() };
        end.has_come(clock);
        end
    }

    /// When to look at the clock next, if nothing else asks for it before.
    pub fn instant(&self) -> Instant {
        self.instant
    }

    /// Whether the token has ended; else [`TokenEnd::instant`] is set by what the clock says now.
    pub fn has_come(&mut self, clock: &Clock) -> bool {
        let Some(end) = self.end else { return false };
        let left = end.millis().saturating_sub(clock.now().millis());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        self.instant = Instant::now() + left.min(NEVER);
        left.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, UserId};

    #[test]
    fn the_wall_clock_decides_and_sets_the_timer_anew() {
        let clock = Clock::standing_at(Timestamp::from_millis(1_000_000));
        let viewer = |end| Viewer::new(UserId::trusted("ada"), Role::User, Some(Timestamp::from_millis(end)));
        let mut end = TokenEnd::of(&viewer(1_060_000), &clock);
        let first = end.instant();
        assert!(first > Instant::now() + Duration::from_secs(50));
        assert!(!end.has_come(&clock));
        // The machine slept for 50 s: the timer did not.
        clock.advance(Duration::from_secs(50));
        assert!(!end.has_come(&clock));
        assert!(end.instant() < first - Duration::from_secs(30));
        clock.advance(Duration::from_millis(9_999));
        assert!(!end.has_come(&clock));
        clock.advance(Duration::from_millis(1));
        assert!(end.has_come(&clock));
        // A clock that is set back gives the rest of the time back.
        let earlier = Clock::standing_at(Timestamp::from_millis(1_000_000));
        assert!(!end.has_come(&earlier));
        assert!(end.instant() > Instant::now() + Duration::from_secs(50));
        assert!(TokenEnd::of(&viewer(i64::MIN), &clock).has_come(&clock));
        assert!(!TokenEnd::of(&viewer(i64::MAX), &clock).has_come(&clock));
        assert!(!TokenEnd::never().has_come(&clock));
    }
}
