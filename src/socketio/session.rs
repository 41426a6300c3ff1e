//! One socket: its client's events in their order, and what is new for its user.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use serde_json::value::to_raw_value;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;

use crate::{
    domain::{Change, Cursor, Error, Result, Timestamp, UserId, Viewer},
    json::{Activity, Analytics, Notification},
    service::{Delivery, Present, Updates},
    telemetry::Open,
};

use super::{
    Door,
    admission::Admission,
    incoming::{ErrorMessage, Gone, Incoming, emit},
};

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
        let expiry = expiry(&self.viewer);
        tokio::pin!(expiry);
        loop {
            let outcome = tokio::select! {
                () = &mut expiry => return self.expire().await,
                incoming = inbox.recv() => match incoming {
                    // On the heap, and only while it runs: the task is as large as the largest thing it waits for.
                    Some(incoming) => Box::pin(self.handle(incoming)).await,
                    None => return,
                },
                change = next(&mut self.login) => self.tell(change).await,
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn handle(&mut self, mut incoming: Box<Incoming>) -> Result<(), Gone> {
        let began = Instant::now();
        let payload = incoming.payload.take();
        let outcome = self.perform(&incoming.event, payload).await;
        tracing::info!(
            event = incoming.event,
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

    /// The token has ended: the client is told and let go. It comes back only with a token that its app gives it.
    async fn expire(self) {
        let error = Error::Unauthenticated("The token has expired.".into());
        let _ = emit(&self.socket, "error:message", &ErrorMessage::of(&error, "connect")).await;
        let _ = self.socket.disconnect();
    }
}

/// The next change for whoever is logged in; nothing comes before that.
async fn next(login: &mut Option<Login>) -> Delivery<Change> {
    match login {
        Some(login) => login.updates.next().await,
        None => std::future::pending().await,
    }
}

/// Ends with the viewer's token.
fn expiry(viewer: &Viewer) -> impl Future<Output = ()> + use<> {
    let left = viewer.expires_at().map(|end| end.millis().saturating_sub(Timestamp::now().millis()).max(0));
    async move {
        match left {
            Some(left) => tokio::time::sleep(Duration::from_millis(left.unsigned_abs())).await,
            None => std::future::pending().await,
        }
    }
}
