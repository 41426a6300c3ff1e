//! One socket: its client's events in their order, and the changes of its user.

use std::time::Duration;

use serde_json::value::to_raw_value;
use socketioxide::extract::SocketRef;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    domain::{Change, Cursor, Error, Result, UserId, Viewer},
    http::{ConnectionEnd, ConnectionLifetime},
    json::{Activity, Analytics, Notification},
    service::{Delivery, Present, Updates},
    telemetry::{self, ConnectionGuard},
};

use super::{
    client_event::{ClientEvent, Disconnected, ErrorMessage, emit},
    door::{Door, PING_INTERVAL},
    handshake::Handshake,
};

/// The pause before following is retried, where the database does not answer.
const FOLLOW_RETRY: Duration = Duration::from_secs(1);

/// A socket and its state.
pub(super) struct Session {
    pub(super) door: Door,
    pub(super) socket: SocketRef,
    pub(super) viewer: Viewer,
    /// The cursor to resume after, until the client has logged in.
    after: Option<String>,
    login: Option<Login>,
    /// Counts as open.
    _open: ConnectionGuard,
    /// The slot among its user's sockets.
    slot: Option<Present>,
}

/// A socket in the room of a user.
struct Login {
    present: Present,
    updates: Updates,
}

impl Session {
    /// Starts the session of an admitted socket; it ends with the socket.
    pub(super) fn start(door: Door, socket: SocketRef) {
        let Some(Handshake { viewer, slot, after, inbox, ended }) = Handshake::take(&socket) else { return };
        let open = door.0.metrics.socket();
        let session = Self { door, socket, viewer, after, login: None, _open: open, slot };
        tokio::spawn(async move { ended.run_until_cancelled(session.run(inbox)).await });
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Box<ClientEvent>>) {
        let clock = self.door.0.auth.clock().clone();
        let end = ConnectionLifetime::of_token(clock, &self.viewer).end(PING_INTERVAL);
        tokio::pin!(end);
        loop {
            let outcome = tokio::select! {
                end = &mut end => return self.disconnect(end).await,
                event = inbox.recv() => match event {
                    // The timer stands still while the machine sleeps.
                    Some(_) if self.viewer.has_ended(self.door.0.auth.clock().now()) => {
                        return self.disconnect(ConnectionEnd::TokenExpired).await;
                    }
                    // Boxed, and only while it runs: a task is as large as the largest future that it awaits.
                    Some(event) => Box::pin(self.handle(event)).await,
                    None => return,
                },
                change = next(&mut self.login) => match change {
                    Ok(change) => self.send(change).await,
                    Err(error) => Box::pin(self.follow_anew(error)).await,
                },
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn handle(&mut self, mut event: Box<ClientEvent>) -> Result<(), Disconnected> {
        let began = Instant::now();
        let payload = event.payload.take();
        let outcome = match event.binary {
            // Everything is stored and answered as JSON: of bytes, only the placeholder would be.
            true => Err(Error::field("data", "Events must be JSON without binary data.")),
            false => self.perform(&event.event, payload).await,
        };
        tracing::info!(
            event = telemetry::cut(event.event.clone()),
            user = self.user().map(UserId::as_str),
            code = outcome.as_ref().err().map_or("OK", Error::code),
            ms = (began.elapsed().as_secs_f64() * 1e5).round() / 1e2,
            "answered"
        );
        event.answer(outcome).await
    }

    /// Sends one change, as REST shows it: encoded once for all sockets of the user.
    async fn send(&self, Delivery { item, shared }: Delivery<Change>) -> Result<(), Disconnected> {
        let shared = shared.unwrap_or_default();
        let (event, written) = match &item {
            Change::ActivityCreated(activity) => {
                ("activity:created", shared.plain(|| to_raw_value(&Activity::from(&**activity))))
            }
            Change::NotificationCreated(notification) => {
                ("notification:received", shared.plain(|| to_raw_value(&Notification::from(&**notification))))
            }
            Change::AnalyticsUpdated(analytics) => {
                ("analytics:updated", shared.plain(|| to_raw_value(&Analytics::from(&**analytics))))
            }
            Change::FeedChanged => return Ok(()),
        };
        match written {
            Ok(written) => emit(&self.socket, event, &written).await,
            Err(error) => {
                tracing::error!(%error, event, "an event could not be written");
                Ok(())
            }
        }
    }

    /// The user whose room the socket is in.
    pub(super) fn user(&self) -> Option<&UserId> {
        self.login.as_ref().map(|login| login.present.user())
    }

    /// Joins the room of `user`, and leaves the one before. What the client missed after `auth.after` comes first.
    ///
    /// A cursor that cannot be resumed from is reported by `error:message`, and the room is joined all the same: an old
    /// client that does not listen for it gets at least new events.
    ///
    /// # Errors
    /// FORBIDDEN for another's room; RATE_LIMITED where the user has too many sockets; UNAVAILABLE where the database does
    /// not answer: nothing was joined, and the cursor serves for the next attempt.
    pub(super) async fn log_in(&mut self, user: UserId) -> Result<Cursor> {
        if let Some(login) = &self.login
            && *login.present.user() == user
        {
            return Ok(login.updates.start);
        }
        let user = self.viewer.target(Some(user))?;
        // Without a token, the socket gets its slot only now.
        let slot = match self.viewer.user() {
            Some(_) => None,
            None => Some(self.door.connection_slot(&user)?),
        };
        let updates = match self.resume(&user).await? {
            Some(updates) => updates,
            None => self.door.0.services.updates.follow(&self.viewer, user.clone(), None).await?,
        };
        let start = updates.start;
        let present = self.door.0.services.presence.enter(user);
        if slot.is_some() {
            self.slot = slot;
        }
        self.login = Some(Login { present, updates });
        Ok(start)
    }

    /// Follows `user` after the client's cursor; `None` where it gave none or one that does not serve.
    async fn resume(&mut self, user: &UserId) -> Result<Option<Updates>> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let updates = &self.door.0.services.updates;
        let resumed = match Cursor::parse("after", &after) {
            Ok(cursor) => updates.follow(&self.viewer, user.clone(), Some(cursor)).await,
            Err(error) => Err(error),
        };
        match resumed {
            Ok(updates) => Ok(Some(updates)),
            // Joining without what was missed would lose events.
            Err(error @ Error::Unavailable(_)) => {
                self.after = Some(after);
                Err(error)
            }
            Err(error) => {
                // Where this does not arrive, neither does anything else.
                let _ = emit(&self.socket, "error:message", &ErrorMessage::of(&error, "user:login")).await;
                Ok(None)
            }
        }
    }

    /// The database went back to an earlier state: follows what is new from now on, and tells the client to read afresh.
    async fn follow_anew(&mut self, error: Error) -> Result<(), Disconnected> {
        while let Some(login) = &mut self.login {
            let user = login.present.user().clone();
            match self.door.0.services.updates.follow(&self.viewer, user, None).await {
                Ok(updates) => {
                    login.updates = updates;
                    break;
                }
                // Retried until the database answers.
                Err(error) => {
                    tracing::debug!(cause = ?error.cause(), "a socket waits for the database: {error}");
                    tokio::time::sleep(FOLLOW_RETRY).await;
                }
            }
        }
        emit(&self.socket, "error:message", &ErrorMessage::of(&error, "user:login")).await
    }

    /// Sends the reason and disconnects: the client reconnects only with a token that its app gives it.
    async fn disconnect(self, end: ConnectionEnd) {
        let _ = emit(&self.socket, "error:message", &ErrorMessage::of(&end.error(), "connect")).await;
        let _ = self.socket.disconnect();
    }
}

/// The next change of the user who is logged in; pending before that.
async fn next(login: &mut Option<Login>) -> Result<Delivery<Change>> {
    match login {
        Some(login) => login.updates.next().await,
        None => std::future::pending().await,
    }
}
