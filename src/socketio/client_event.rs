//! Events of a client and their acknowledgements; sending with backpressure.

use std::{fmt, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;
use socketioxide::{
    SendError, SocketError,
    adapter::LocalAdapter,
    extract::AckSender,
    handler::{self, FromMessageParts},
    socket::Socket,
};

use crate::{domain::Error, http::ErrorBody, telemetry};

/// Pauses between attempts to send to a client whose buffer is full: the first one, doubled up to the longest.
const FIRST_SEND_PAUSE: Duration = Duration::from_millis(5);
const MAX_SEND_PAUSE: Duration = Duration::from_millis(500);

/// The socket is closed.
#[derive(Debug)]
pub(super) struct Disconnected;

/// An event that a client sent.
pub(super) struct ClientEvent {
    pub(super) event: String,
    /// The first argument; null where there is none.
    pub(super) payload: Value,
    /// Whether attachments of bytes came with it, for which the arguments hold placeholders.
    pub(super) binary: bool,
    socket: Arc<Socket>,
    /// Where the client waits for an acknowledgement.
    acknowledgement: Option<i64>,
}

impl FromMessageParts<LocalAdapter> for ClientEvent {
    type Error = serde_json::Error;

    fn from_message_parts(
        socket: &Arc<Socket>,
        message: &mut handler::Value,
        acknowledgement: &Option<i64>,
    ) -> Result<Self, Self::Error> {
        let binary = matches!(message, handler::Value::Str(_, Some(attachments)) if !attachments.is_empty());
        let text = message.as_str().map(|text| text.as_str()).unwrap_or_default();
        // An array: the name of the event, then its arguments.
        let mut parts = serde_json::from_str::<Vec<Value>>(text)?.into_iter();
        let event = parts.next().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        let payload = parts.next().unwrap_or_default();
        Ok(Self { event, payload, binary, socket: socket.clone(), acknowledgement: *acknowledgement })
    }
}

impl ClientEvent {
    /// Answers by the acknowledgement; an error without one goes out as `error:message`.
    ///
    /// # Errors
    /// [`Disconnected`] where the socket has ended.
    pub(super) async fn answer(&self, outcome: Result<Value, Error>) -> Result<(), Disconnected> {
        match (outcome, self.acknowledgement) {
            (Ok(answer), Some(_)) => self.acknowledge(&answer).await,
            (Ok(_), None) => Ok(()),
            (Err(error), Some(_)) => {
                telemetry::log_failure(&error);
                self.acknowledge(&ErrorBody::from(&error)).await
            }
            (Err(error), None) => {
                telemetry::log_failure(&error);
                emit(&self.socket, "error:message", &ErrorMessage::of(&error, &self.event)).await
            }
        }
    }

    /// [`ClientEvent::answer`] with an error, at once or not at all: for a client that sends too much.
    pub(super) fn reject(&self, error: &Error) {
        // Dropped where the buffer of the client is full as well.
        let _ = match self.acknowledgement {
            Some(_) => self.acknowledgement().send(&ErrorBody::from(error)),
            None => self.socket.emit("error:message", &ErrorMessage::of(error, &self.event)),
        };
    }

    async fn acknowledge<T: Serialize>(&self, answer: &T) -> Result<(), Disconnected> {
        send_when_room(|| self.acknowledgement().send(answer)).await
    }

    /// The library takes an acknowledgement away even where it cannot be sent, so each attempt makes one anew.
    fn acknowledgement(&self) -> AckSender {
        let mut nothing = handler::Value::Str(Default::default(), None);
        let Ok(sender) = AckSender::from_message_parts(&self.socket, &mut nothing, &self.acknowledgement);
        sender
    }
}

/// `error:message`.
#[derive(Serialize)]
pub(super) struct ErrorMessage<'a> {
    #[serde(flatten)]
    error: ErrorBody,
    /// The event that could not be handled.
    event: &'a str,
}

impl<'a> ErrorMessage<'a> {
    pub(super) fn of(error: &Error, event: &'a str) -> Self {
        Self { error: error.into(), event }
    }
}

/// An error as the reason of a refused connection: the protocol has room for one text only.
#[derive(Debug)]
pub(super) struct ConnectError(pub(super) Error);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code(), self.0)
    }
}

/// Sends an event; waits while the client's buffer is full. A client that does not read does not answer pings either, so
/// the wait ends with its connection.
///
/// # Errors
/// [`Disconnected`] where the socket has ended.
pub(super) async fn emit<T: Serialize>(socket: &Socket, event: &str, data: &T) -> Result<(), Disconnected> {
    send_when_room(|| socket.emit(event, data)).await
}

async fn send_when_room(send: impl Fn() -> Result<(), SendError>) -> Result<(), Disconnected> {
    let mut pause = FIRST_SEND_PAUSE;
    loop {
        match send() {
            Ok(()) => return Ok(()),
            Err(SendError::Socket(SocketError::InternalChannelFull)) => tokio::time::sleep(pause).await,
            Err(SendError::Socket(SocketError::Closed)) => return Err(Disconnected),
            Err(SendError::Serialize(error)) => {
                tracing::error!(%error, "an event could not be encoded");
                return Ok(());
            }
        }
        pause = (pause * 2).min(MAX_SEND_PAUSE);
    }
}
