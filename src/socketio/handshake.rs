//! The handshake of a socket: its viewer, its connection slot, and the inbox of its events.

use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, clock::Clock};
use serde_json::Value;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Error, Result, Viewer},
    http::authorization,
    service::Present,
};

use super::{
    client_event::ClientEvent,
    door::{Door, RETRY_AFTER},
};

/// Events of a client that wait for their turn.
const INBOX_EVENTS: usize = 64;

/// A socket that is admitted, until its session starts.
pub(super) struct Handshake {
    pub(super) viewer: Viewer,
    /// The slot among the sockets of the token's user; none without a token.
    pub(super) slot: Option<Present>,
    /// The cursor to resume after.
    pub(super) after: Option<String>,
    /// Events of the client, in their order.
    pub(super) inbox: mpsc::Receiver<Box<ClientEvent>>,
    /// Cancelled when the socket ends.
    pub(super) ended: CancellationToken,
}

impl Handshake {
    /// Admits `socket` by `auth.token`, else by the header of the handshake. Its events are received from now on: one may
    /// follow at once.
    ///
    /// # Errors
    /// UNAUTHENTICATED; RATE_LIMITED where the user has too many sockets.
    pub(super) fn admit(door: &Door, socket: &SocketRef, auth: &Value) -> Result<()> {
        let token = match &auth["token"] {
            Value::Null => authorization(&socket.req_parts().headers)?,
            Value::String(token) => Some(token.as_str()),
            _ => return Err(Error::Unauthenticated("auth.token must be a string.".into())),
        };
        let viewer = door.0.auth.viewer(token)?;
        let slot = viewer.user().map(|user| door.connection_slot(user)).transpose()?;
        let after = auth["after"].as_str().filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        let ended = CancellationToken::new();
        let end = ended.clone();
        socket.on_disconnect(async move || end.cancel());
        let inbox = receive(door, socket);
        let handshake = Self { viewer, slot, after, inbox, ended };
        socket.extensions.insert(Arc::new(Mutex::new(Some(handshake))));
        Ok(())
    }

    /// The handshake of `socket`, once.
    pub(super) fn take(socket: &SocketRef) -> Option<Self> {
        let place = socket.extensions.remove::<Arc<Mutex<Option<Self>>>>()?;
        place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Puts events of the client into an inbox. Excess events are rejected at once.
fn receive(door: &Door, socket: &SocketRef) -> mpsc::Receiver<Box<ClientEvent>> {
    let (inbox, events) = mpsc::channel(INBOX_EVENTS);
    let rate = door.0.limits.events_per_second;
    let quota = Quota::per_second(rate).allow_burst(rate.saturating_add(rate.get()));
    let limiter = Arc::new(DefaultDirectRateLimiter::direct(quota));
    // Not an async closure: that would be run by a task of its own, and events could overtake each other.
    socket.on_fallback(move |event: ClientEvent| {
        // Boxed: a channel allocates room for 32 items at the start.
        let event = Box::new(event);
        let rejected = match limiter.check() {
            Ok(()) => inbox.try_send(event).err().map(|full| (full.into_inner(), RETRY_AFTER)),
            Err(until) => Some((event, until.wait_time_from(limiter.clock().now()))),
        };
        if let Some((event, retry_after)) = rejected {
            event.reject(&Error::RateLimited { retry_after });
        }
        std::future::ready(())
    });
    events
}
