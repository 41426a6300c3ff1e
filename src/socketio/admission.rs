//! The way in: who a socket is, whether it may join, and what is set up before the client hears that it has.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, clock::Clock};
use serde_json::Value;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Error, Result, UserId, Viewer},
    http::authorization,
    service::Present,
};

use super::{Door, incoming::Incoming};

/// Events of a client that wait for their turn.
const INBOX: usize = 64;
/// When a client that has too many sockets or events that wait may try again.
const RETRY: Duration = Duration::from_secs(1);

/// A socket that may join, on its way to its session.
pub(super) struct Admission {
    pub(super) viewer: Viewer,
    /// Counts among the sockets of the token's user; nobody's where there is no token.
    pub(super) seat: Option<Present>,
    /// The cursor to go on after.
    pub(super) after: Option<String>,
    /// What the client sends, in its order.
    pub(super) inbox: mpsc::Receiver<Box<Incoming>>,
    /// Cancelled when the socket ends.
    pub(super) ended: CancellationToken,
}

impl Admission {
    /// Lets `socket` in by `auth.token`, else by the header of the handshake. It hears its client from now on: an event
    /// may follow the answer at once.
    ///
    /// # Errors
    /// UNAUTHENTICATED; RATE_LIMITED where the user has too many sockets.
    pub(super) fn grant(door: &Door, socket: &SocketRef, auth: &Value) -> Result<()> {
        let token = match &auth["token"] {
            Value::Null => authorization(&socket.req_parts().headers)?,
            Value::String(token) => Some(token.as_str()),
            _ => return Err(Error::Unauthenticated("auth.token must be a string.".into())),
        };
        let viewer = door.0.auth.viewer(token)?;
        let seat = viewer.user().map(|user| door.seat(user)).transpose()?;
        let after = auth["after"].as_str().filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        let ended = CancellationToken::new();
        let end = ended.clone();
        socket.on_disconnect(async move || end.cancel());
        let inbox = receive(door, socket);
        let admission = Self { viewer, seat, after, inbox, ended };
        socket.extensions.insert(Arc::new(Mutex::new(Some(admission))));
        Ok(())
    }

    /// What was granted to `socket`, once.
    pub(super) fn take(socket: &SocketRef) -> Option<Self> {
        let place = socket.extensions.remove::<Arc<Mutex<Option<Self>>>>()?;
        place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Door {
    /// A place among the sockets of `user`.
    ///
    /// # Errors
    /// RATE_LIMITED where they have as many as they may.
    pub(super) fn seat(&self, user: &UserId) -> Result<Present> {
        let seat = self.0.seats.enter_within(user.clone(), self.0.limits.sockets_per_user);
        seat.ok_or(Error::RateLimited { retry_after: RETRY })
    }
}

/// Puts what the client sends into an inbox. What is too much is refused at once.
fn receive(door: &Door, socket: &SocketRef) -> mpsc::Receiver<Box<Incoming>> {
    let (inbox, events) = mpsc::channel(INBOX);
    let rate = door.0.limits.events_per_second;
    let quota = Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get()));
    let limiter = Arc::new(DefaultDirectRateLimiter::direct(quota));
    // Not an async closure: that would be run by a task of its own, and events could overtake each other.
    socket.on_fallback(move |incoming: Incoming| {
        // Boxed: a channel has room for 32 of what it carries from the start.
        let incoming = Box::new(incoming);
        let refused = match limiter.check() {
            Ok(()) => inbox.try_send(incoming).err().map(|full| (full.into_inner(), RETRY)),
            Err(until) => Some((incoming, until.wait_time_from(limiter.clock().now()))),
        };
        if let Some((incoming, retry_after)) = refused {
            incoming.refuse(&Error::RateLimited { retry_after });
        }
        std::future::ready(())
    });
    events
}
