//! One socket: its client's events in their order, and what is new for its user.

use std::{future::Future, time::Duration};

use serde_json::value::to_raw_value;
use socketioxide::extract::SocketRef;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    domain::{Change, Clock, Cursor, Error, Result, UserId, Viewer},
    http::TokenEnd,
    json::{Activity, Analytics, Notification},
    service::{Delivery, Present, Updates},
    telemetry::{self, Open},
};

use super::{
    Door,
    admission::Admission,
    incoming::{ErrorMessage, Gone, Incoming, emit},
};

/// The pause before it is tried again to follow, where the database does not answer.
const FOLLOW_RETRY: Duration = Duration::from_secs(1);

/// A socket and what is known of it.
pub(super) struct Session {
    pub(super) door: Door,
    pub(super) socket: SocketRef,
    pub(super) viewer: Viewer,
    /// Where the client wants to go on, until it has logged in.
    after: Option<String>,
    login: Option<Login>,
    /// Counts as open.
    _open: Open,
    /// Counts among its user's sockets.
    seat: Option<Present>,
}

/// A socket in the room of a user.
struct Login {
    present: Present,
    updates: Updates,
}

impl Session {
    /// Starts the session of a socket that was admitted; it ends with the socket.
    pub(super) fn start(door: Door, socket: SocketRef) {
        let Some(Admission { viewer, seat, after, inbox, ended }) = Admission::take(&socket) else { return };
        let open = door.0.metrics.socket();
        let session = Self { door, socket, viewer, after, login: None, _open: open, seat };
        tokio::spawn(async move { ended.run_until_cancelled(session.run(inbox)).await });
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Box<Incoming>>) {
        let expiry = expiry(&self.viewer, self.door.0.auth.clock().clone(), self.door.0.timing.ping_interval);
        tokio::pin!(expiry);
        loop {
            let outcome = tokio::select! {
                () = &mut expiry => return self.expire().await,
                incoming = inbox.recv() => match incoming {
                    // The timer stands still while the machine sleeps.
                    Some(_) if self.viewer.has_ended(self.door.0.auth.clock().now()) => return self.expire().await,
                    // On the heap, and only while it runs: the task is as large as the largest thing it waits for.
                    Some(incoming) => Box::pin(self.handle(incoming)).await,
                    None => return,
                },
                change = next(&mut self.login) => match change {
                    Ok(change) => self.tell(change).await,
                    Err(error) => Box::pin(self.follow_anew(error)).await,
                },
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn handle(&mut self, mut incoming: Box<Incoming>) -> Result<(), Gone> {
        let began = Instant::now();
        let payload = incoming.payload.take();
        let outcome = match incoming.binary {
            // Everything is stored and answered as JSON: of bytes, only the placeholder would be.
            true => Err(Error::field("data", "Events must be JSON without binary data.")),
            false => self.perform(&incoming.event, payload).await,
        };
        tracing::info!(
            event = telemetry::cut(incoming.event.clone()),
            user = self.user().map(UserId::as_str),
            code = outcome.as_ref().err().map_or("OK", Error::code),
            ms = (began.elapsed().as_secs_f64() * 1e5).round() / 1e2,
            "answered"
        );
        incoming.answer(outcome).await
    }

    /// Tells the client of one change, as REST shows it: written once for all sockets that hear of it.
    async fn tell(&self, Delivery { item, shared }: Delivery<Change>) -> Result<(), Gone> {
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

    /// Whose room the socket is in.
    pub(super) fn user(&self) -> Option<&UserId> {
        self.login.as_ref().map(|login| login.present.user())
    }

    /// Joins the room of `user`, and leaves the one before. What the client missed after `auth.after` comes first.
    ///
    /// A cursor that cannot be resumed from is told by `error:message`, and the room is joined all the same: an old
    /// client that does not listen for it gets at least what is new.
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
        // Without a token it is only now that the socket is somebody's.
        let seat = match self.viewer.user() {
            Some(_) => None,
            None => Some(self.door.seat(&user)?),
        };
        let updates = match self.resume(&user).await? {
            Some(updates) => updates,
            None => self.door.0.services.updates.follow(&self.viewer, user.clone(), None).await?,
        };
        let start = updates.start;
        let present = self.door.0.services.presence.enter(user);
        if seat.is_some() {
            self.seat = seat;
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
            // To join without what was missed would be a hole.
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

    /// The database went back to an earlier state: the client hears what is new from now on, and is told to read afresh.
    async fn follow_anew(&mut self, error: Error) -> Result<(), Gone> {
        while let Some(login) = &mut self.login {
            let user = login.present.user().clone();
            match self.door.0.services.updates.follow(&self.viewer, user, None).await {
                Ok(updates) => {
                    login.updates = updates;
                    break;
                }
                // The database will be there again; until then there is nothing to hear.
                Err(error) => {
                    tracing::debug!(cause = ?error.cause(), "a socket waits for the database: {error}");
                    tokio::time::sleep(FOLLOW_RETRY).await;
                }
            }
        }
        emit(&self.socket, "error:message", &ErrorMessage::of(&error, "user:login")).await
    }

    /// The token has ended: the client is told and let go. It comes back only with a token that its app gives it.
    async fn expire(self) {
        let error = Error::Unauthenticated("The token has expired.".into());
        let _ = emit(&self.socket, "error:message", &ErrorMessage::of(&error, "connect")).await;
        let _ = self.socket.disconnect();
    }
}

/// The next change for whoever is logged in; nothing comes before that.
async fn next(login: &mut Option<Login>) -> Result<Delivery<Change>> {
    match login {
        Some(login) => login.updates.next().await,
        None => std::future::pending().await,
    }
}

/// Ends with the viewer's token, by the wall clock, which is looked at every `interval`.
fn expiry(viewer: &Viewer, clock: Clock, interval: Duration) -> impl Future<Output = ()> + use<> {
    let end = viewer.expires_at().map(|_| TokenEnd::of(viewer, &clock));
    async move {
        let Some(mut end) = end else { return std::future::pending().await };
        while !end.has_come(&clock) {
            sleep_until(end.instant().min(Instant::now() + interval)).await;
        }
    }
}
