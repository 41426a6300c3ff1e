//! Reads and writes of a socket; the queue of messages to be sent is bounded.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{Sink, StreamExt};
use tokio::time::timeout;

use crate::graphql::schema::HeldMemory;

use super::close::Close;

/// Messages that wait to be sent before results of operations are no longer taken.
const MAX_WAITING_RESULTS: usize = 4;
/// Bytes of the same: a result may have some MiB.
const MAX_WAITING_RESULT_BYTES: usize = 1024 * 1024;
/// Messages that wait to be sent before the client's messages are no longer read.
const MAX_WAITING_REPLIES: usize = 256;

/// How long a close frame may take to be sent; longer behind data that a slow client has not read.
pub(super) const CLOSE_TIME: Duration = Duration::from_secs(1);
const CLOSE_TIME_SLOW_CONSUMER: Duration = Duration::from_secs(10);

/// Messages in the order in which they are sent.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Outgoing>,
    /// The memory of the message that is being sent.
    sending: HeldMemory,
    /// Whether the socket holds bytes that the client has not taken.
    unflushed: bool,
}

/// A message that waits to be sent, and the memory that it takes until then.
struct Outgoing {
    message: Message,
    held: HeldMemory,
}

impl Outbox {
    /// Whether nothing waits and nothing is being sent.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.unflushed
    }

    /// Whether there is room for a result of an operation.
    pub(super) fn takes_results(&self) -> bool {
        let bytes = |outgoing: &Outgoing| match &outgoing.message {
            Message::Text(text) => text.len(),
            _ => 0,
        };
        self.waiting.len() < MAX_WAITING_RESULTS
            && self.waiting.iter().map(bytes).sum::<usize>() < MAX_WAITING_RESULT_BYTES
    }

    /// Whether there is room for a reply to a message of the client.
    pub(super) fn takes_replies(&self) -> bool {
        self.waiting.len() < MAX_WAITING_REPLIES
    }

    pub(super) fn push(&mut self, message: Message, held: HeldMemory) {
        self.waiting.push_back(Outgoing { message, held });
    }

    /// Takes the waiting messages, in order.
    pub(super) fn take_waiting(&mut self) -> impl Iterator<Item = Message> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|outgoing| outgoing.message)
    }

    /// Sends waiting messages; ready when all are flushed.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut WebSocket,
    ) -> Poll<Result<(), axum::Error>> {
        let mut socket = Pin::new(socket);
        loop {
            if self.unflushed {
                ready!(socket.as_mut().poll_flush(cx))?;
                self.unflushed = false;
                self.sending = HeldMemory::default();
            }
            if self.waiting.is_empty() {
                return Poll::Ready(Ok(()));
            }
            ready!(socket.as_mut().poll_ready(cx))?;
            if let Some(Outgoing { message, held }) = self.waiting.pop_front() {
                socket.as_mut().start_send(message)?;
                self.sending = held;
                self.unflushed = true;
            }
        }
    }
}

/// An event of a socket.
pub(super) enum SocketEvent {
    Received(Message),
    /// Everything that waited was sent.
    Sent,
    /// The client sent frames that are not allowed: the socket is to be closed.
    Broken(Close),
    /// The connection is lost.
    Gone,
}

/// Sends waiting messages and reads, whichever makes progress. Dropping the future loses nothing.
pub(super) fn poll_socket(
    cx: &mut Context<'_>,
    socket: &mut WebSocket,
    outbox: &mut Outbox,
    reads: bool,
) -> Poll<SocketEvent> {
    if !outbox.is_idle() {
        match outbox.poll_send(cx, socket) {
            Poll::Ready(Ok(())) => return Poll::Ready(SocketEvent::Sent),
            Poll::Ready(Err(_)) => return Poll::Ready(SocketEvent::Gone),
            Poll::Pending => {}
        }
    }
    if reads {
        return match ready!(socket.poll_next_unpin(cx)) {
            Some(Ok(message)) => Poll::Ready(SocketEvent::Received(message)),
            Some(Err(error)) => {
                Poll::Ready(Close::by_error(error).map_or(SocketEvent::Gone, SocketEvent::Broken))
            }
            None => Poll::Ready(SocketEvent::Gone),
        };
    }
    Poll::Pending
}

/// Sends the close frame and waits for the client's, for a moment.
pub(super) async fn send_close(socket: &mut WebSocket, close: &Close) {
    let frame = CloseFrame { code: close.code(), reason: close.reason().into() };
    let patience = if *close == Close::SlowConsumer { CLOSE_TIME_SLOW_CONSUMER } else { CLOSE_TIME };
    let _ = timeout(patience, async {
        socket.send(Message::Close(Some(frame))).await?;
        // The client answers with a close frame of its own; messages before it are dropped.
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        Ok::<(), axum::Error>(())
    })
    .await;
}
