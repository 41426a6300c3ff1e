//! When an open connection ends: with its token, or during a shutdown of the server.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::domain::{Clock, Error, Timestamp, Viewer};

/// The delay after which an EventSource reconnects: at least this, and up to that much more at random.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);
const RECONNECT_JITTER: Duration = Duration::from_secs(2);
/// Longer than any connection lives.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// An instant that does not come.
pub fn never() -> Instant {
    Instant::now() + NEVER
}

/// Why an open connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// Its token has expired, and no fresh one came.
    TokenExpired,
    /// The server shuts down.
    Shutdown,
}

impl ConnectionEnd {
    /// The reason in a close frame, or in a comment of an event stream.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TokenExpired => "token expired",
            Self::Shutdown => "service restart",
        }
    }

    /// The error that a client receives where its protocol has room for one.
    pub fn error(self) -> Error {
        match self {
            Self::TokenExpired => Error::Unauthenticated("The token has expired.".into()),
            Self::Shutdown => Error::unavailable("the server shuts down"),
        }
    }
}

/// The shutdown, during which each open connection ends at a random moment of a window, so that clients do not reconnect all at
/// once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Drain {
    draining: CancellationToken,
    window: Duration,
}

impl Drain {
    /// A shutdown that begins when `draining` is cancelled.
    pub fn new(draining: CancellationToken, window: Duration) -> Self {
        Self { draining, window }
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits until the moment at which one connection without a [`ConnectionLifetime`] ends.
    pub async fn connection_end(self) {
        self.draining.cancelled().await;
        sleep(self.delay()).await;
    }

    /// Waits until the window is over.
    pub async fn window_end(self) {
        self.draining.cancelled().await;
        sleep(self.window).await;
    }

    fn delay(&self) -> Duration {
        self.window.mul_f64(rand::random())
    }
}

/// When one open connection ends.
///
/// A token expires by the wall clock. Timers stand still while a machine sleeps, and do not notice that the clock was set,
/// so [`ConnectionLifetime::check`] reads the clock, and is to be called with each ping as well.
#[derive(Debug)]
pub struct ConnectionLifetime {
    clock: Clock,
    /// `None` where the shutdown ends the connection by other means.
    drain: Option<Drain>,
    token_expires: Option<Timestamp>,
    /// When to read the clock for it.
    token_check: Instant,
    /// Set once the shutdown has begun.
    drain_end: Option<Instant>,
}

impl ConnectionLifetime {
    /// A connection that ends during `drain`, and has no token yet.
    pub fn new(clock: Clock, drain: Drain) -> Self {
        Self { clock, drain: Some(drain), token_expires: None, token_check: never(), drain_end: None }
    }

    /// A connection that ends with the viewer's token alone.
    pub fn of_token(clock: Clock, viewer: &Viewer) -> Self {
        let mut lifetime =
            Self { clock, drain: None, token_expires: None, token_check: never(), drain_end: None };
        lifetime.set_viewer(viewer);
        lifetime
    }

    /// The connection goes on with the viewer's token.
    pub fn set_viewer(&mut self, viewer: &Viewer) {
        self.token_expires = viewer.expires_at();
        self.token_check = never();
        // Sets the timer. An end that has come is found by the next check.
        let _ = self.check_token();
    }

    /// When [`ConnectionLifetime::check`] is due, if nothing calls it before.
    pub fn next_check(&self) -> Instant {
        self.drain_end.map_or(self.token_check, |drain_end| drain_end.min(self.token_check))
    }

    /// Whether the connection goes on.
    ///
    /// # Errors
    /// Why it ends now.
    pub fn check(&mut self) -> Result<(), ConnectionEnd> {
        self.check_token()?;
        match self.drain_end.is_some_and(|drain_end| drain_end <= Instant::now()) {
            true => Err(ConnectionEnd::Shutdown),
            false => Ok(()),
        }
    }

    /// Whether the token is valid; if so, the timer is set by the clock anew.
    ///
    /// # Errors
    /// [`ConnectionEnd::TokenExpired`].
    pub fn check_token(&mut self) -> Result<(), ConnectionEnd> {
        let Some(expires) = self.token_expires else { return Ok(()) };
        let left = expires.millis().saturating_sub(self.clock.now().millis());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        self.token_check = Instant::now() + left.min(NEVER);
        if left.is_zero() { Err(ConnectionEnd::TokenExpired) } else { Ok(()) }
    }

    /// Waits until the shutdown begins, and chooses the moment at which this connection ends; later calls do not return.
    /// Dropping the future loses nothing.
    pub async fn shutdown_begins(&mut self) {
        let delay = match &self.drain {
            Some(drain) if self.drain_end.is_none() => {
                drain.draining.cancelled().await;
                drain.delay()
            }
            _ => std::future::pending().await,
        };
        self.drain_end = Some(Instant::now() + delay);
    }

    /// Waits until the connection ends. The clock is read at least every `interval`, where there is a token.
    pub async fn end(mut self, interval: Duration) -> ConnectionEnd {
        loop {
            if let Err(end) = self.check() {
                return end;
            }
            let mut until = self.next_check();
            if self.token_expires.is_some() {
                until = until.min(Instant::now() + interval);
            }
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.shutdown_begins() => {}
            }
        }
    }
}

/// The response to a request that comes after the shutdown began. The connection is closed after it.
///
/// An EventSource gets an event stream that ends at once and names the delay of the next attempt: after any status but 200 it
/// would never reconnect (<https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model>).
pub(super) fn shutdown_response(request: &Request) -> Response {
    let mut response = match is_event_source(request) {
        true => {
            let delay = RECONNECT_DELAY + RECONNECT_JITTER.mul_f64(rand::random());
            let text = format!("retry: {}\n: {}\n\n", delay.as_millis(), ConnectionEnd::Shutdown.reason());
            let content_type = HeaderValue::from_static("text/event-stream; charset=utf-8");
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        false => ConnectionEnd::Shutdown.error().into_response(),
    };
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether a request is that of an EventSource: it prefers events.
fn is_event_source(request: &Request) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    let accept = request.headers().get(header::ACCEPT).map_or(&[][..], HeaderValue::as_bytes);
    request.method() == Method::GET
        && accept.get(..EVENTS.len()).is_some_and(|first| first.eq_ignore_ascii_case(EVENTS))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::{Role, UserId};

    const WINDOW: Duration = Duration::from_secs(4);

    fn viewer(expires: i64) -> Viewer {
        Viewer::new(UserId::trusted("ada"), Role::User, Some(Timestamp::from_millis(expires)))
    }

    #[test]
    fn the_wall_clock_decides_and_sets_the_timer_anew() {
        let clock = Clock::standing_at(Timestamp::from_millis(1_000_000));
        let mut lifetime = ConnectionLifetime::of_token(clock.clone(), &viewer(1_060_000));
        let first = lifetime.next_check();
        assert!(first > Instant::now() + Duration::from_secs(50));
        assert_eq!(lifetime.check(), Ok(()));
        // The machine slept for 50 s: the timer did not.
        clock.advance(Duration::from_secs(50));
        assert_eq!(lifetime.check(), Ok(()));
        assert!(lifetime.next_check() < first - Duration::from_secs(30));
        clock.advance(Duration::from_millis(9_999));
        assert_eq!(lifetime.check(), Ok(()));
        clock.advance(Duration::from_millis(1));
        assert_eq!(lifetime.check(), Err(ConnectionEnd::TokenExpired));
        // A fresh token.
        lifetime.set_viewer(&viewer(1_120_000));
        assert_eq!(lifetime.check(), Ok(()));
        assert!(lifetime.next_check() > Instant::now() + Duration::from_secs(50));
    }

    #[test]
    fn ends_that_have_come_and_ends_that_never_come() {
        let clock = || Clock::standing_at(Timestamp::from_millis(1_000_000));
        let check = |expires| ConnectionLifetime::of_token(clock(), &viewer(expires)).check();
        assert_eq!(check(i64::MIN), Err(ConnectionEnd::TokenExpired));
        assert_eq!(check(i64::MAX), Ok(()));
        let drain = Drain::new(CancellationToken::new(), WINDOW);
        assert_eq!(ConnectionLifetime::new(clock(), drain).check(), Ok(()));
    }

    #[test]
    fn a_shutdown_ends_a_connection_at_a_moment_of_its_window() {
        let draining = CancellationToken::new();
        let clock = Clock::standing_at(Timestamp::from_millis(0));
        let mut lifetime = ConnectionLifetime::new(clock, Drain::new(draining.clone(), WINDOW));
        assert!(lifetime.shutdown_begins().now_or_never().is_none());
        assert!(lifetime.next_check() > Instant::now() + WINDOW);
        draining.cancel();
        assert!(lifetime.shutdown_begins().now_or_never().is_some());
        assert!(lifetime.next_check() <= Instant::now() + WINDOW);
        assert!(lifetime.shutdown_begins().now_or_never().is_none(), "the moment is chosen once");
        lifetime.drain_end = Some(Instant::now());
        assert_eq!(lifetime.check(), Err(ConnectionEnd::Shutdown));
    }
}
