//! The task of one socket: its client's events in their order, and the changes of its user.

use socketioxide::extract::SocketRef;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    domain::{Error, UserId},
    http::{ConnectionEnd, ConnectionLifetime},
    telemetry,
};

use super::{
    client_event::{ClientEvent, Disconnected, ErrorMessage, emit},
    door::Door,
    handshake::Handshake,
    session::Session,
};

/// Starts the task of an admitted socket; it ends with the socket.
pub(super) fn start(door: Door, socket: SocketRef) {
    let Some(Handshake { viewer, slot, after, inbox, ended }) = Handshake::take(&socket) else { return };
    let session = Session::new(door, socket, viewer, after, slot);
    tokio::spawn(async move { ended.run_until_cancelled(run(session, inbox)).await });
}

async fn run(mut session: Session, mut inbox: mpsc::Receiver<Box<ClientEvent>>) {
    let clock = session.door.0.auth.clock().clone();
    let end = ConnectionLifetime::of_token(clock, &session.viewer).end(session.door.0.timing.ping_interval);
    tokio::pin!(end);
    loop {
        let outcome = tokio::select! {
            end = &mut end => return disconnect(session, end).await,
            event = inbox.recv() => match event {
                // The timer stands still while the machine sleeps.
                Some(_) if session.viewer.has_ended(session.door.0.auth.clock().now()) => {
                    return disconnect(session, ConnectionEnd::TokenExpired).await;
                }
                // Boxed, and only while it runs: a task is as large as the largest future that it awaits.
                Some(event) => Box::pin(handle(&mut session, event)).await,
                None => return,
            },
            change = session.next() => match change {
                Ok(change) => session.send(change).await,
                Err(error) => Box::pin(session.follow_anew(error)).await,
            },
        };
        if outcome.is_err() {
            return;
        }
    }
}

async fn handle(session: &mut Session, mut event: Box<ClientEvent>) -> Result<(), Disconnected> {
    let began = Instant::now();
    let payload = event.payload.take();
    let outcome = match event.binary {
        // Everything is stored and answered as JSON: of bytes, only the placeholder would be.
        true => Err(Error::field("data", "Events must be JSON without binary data.")),
        false => session.perform(&event.event, payload).await,
    };
    tracing::info!(
        event = telemetry::cut(event.event.clone()),
        user = session.user().map(UserId::as_str),
        code = outcome.as_ref().err().map_or("OK", Error::code),
        ms = (began.elapsed().as_secs_f64() * 1e5).round() / 1e2,
        "answered"
    );
    event.answer(outcome).await
}

/// Sends the reason and disconnects: the client reconnects only with a token that its app gives it.
async fn disconnect(session: Session, end: ConnectionEnd) {
    let _ = emit(&session.socket, "error:message", &ErrorMessage::of(&end.error(), "connect")).await;
    let _ = session.socket.disconnect();
}
