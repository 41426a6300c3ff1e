//! The state of one socket: the room of its user, and the changes that it is sent.

use std::time::Duration;

use serde::ser::Error as _;
use serde_json::value::{RawValue, to_raw_value};
use socketioxide::extract::SocketRef;

use crate::{
    domain::{Change, Cursor, Error, FeedItem, Item, Result, UserId, Viewer, each_feed_item},
    json::{Analytics, FeedJson},
    service::{Delivery, Encodings, Present, Updates},
    telemetry::ConnectionGuard,
};

use super::{
    client_event::{Disconnected, ErrorMessage, emit},
    door::Door,
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
    /// The session of a socket that has not logged in.
    pub(super) fn new(
        door: Door,
        socket: SocketRef,
        viewer: Viewer,
        after: Option<String>,
        slot: Option<Present>,
    ) -> Self {
        let open = door.0.metrics.socket();
        Self { door, socket, viewer, after, login: None, _open: open, slot }
    }

    /// The next change of the user who is logged in; pending before that.
    pub(super) async fn next(&mut self) -> Result<Delivery<Change>> {
        match &mut self.login {
            Some(login) => login.updates.next().await,
            None => std::future::pending().await,
        }
    }

    /// Sends one change, as REST shows it: encoded once for all sockets of the user.
    pub(super) async fn send(&self, Delivery { item, shared }: Delivery<Change>) -> Result<(), Disconnected> {
        let shared = shared.unwrap_or_default();
        let (event, encoded) = match &item {
            Change::Created(item) => created(item, &shared),
            Change::AnalyticsUpdated(analytics) => {
                ("analytics:updated", shared.plain(|| to_raw_value(&Analytics::from(&**analytics))))
            }
            Change::FeedChanged => return Ok(()),
        };
        match encoded {
            Ok(encoded) => emit(&self.socket, event, &encoded).await,
            Err(error) => {
                tracing::error!(%error, event, "an event could not be encoded");
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
    pub(super) async fn follow_anew(&mut self, error: Error) -> Result<(), Disconnected> {
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
}

/// The event of a new item, and its JSON.
fn created<'a>(
    item: &Item,
    shared: &'a Encodings,
) -> (&'static str, Result<&'a RawValue, serde_json::Error>) {
    each_feed_item!(T => {
        if let Some(item) = T::from_item(item) {
            let encode = || to_raw_value(&<T as FeedJson>::Item::from(&**item));
            return (T::CREATED_EVENT, shared.plain(encode));
        }
    });
    ("", Err(serde_json::Error::custom("an item without a form in JSON")))
}
