//! What a socket has to send: bounded, sent as fast as the client reads.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::extract::ws::{Message, WebSocket};
use futures_util::Sink;

use crate::graphql::schema::HeldMemory;

/// Messages that wait to be sent before results of operations are no longer taken.
const RESULTS_WAITING: usize = 4;
/// Bytes of the same: a result may have some MiB.
const RESULT_BYTES_WAITING: usize = 1024 * 1024;
/// Messages that wait to be sent before the client's messages are no longer read.
const REPLIES_WAITING: usize = 256;

/// Messages in the order in which they are sent.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Outgoing>,
    /// What the message takes that is being sent.
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
        self.waiting.len() < RESULTS_WAITING
            && self.waiting.iter().map(bytes).sum::<usize>() < RESULT_BYTES_WAITING
    }

    /// Whether there is room for a reply to a message of the client.
    pub(super) fn takes_replies(&self) -> bool {
        self.waiting.len() < REPLIES_WAITING
    }

    pub(super) fn push(&mut self, message: Message, held: HeldMemory) {
        self.waiting.push_back(Outgoing { message, held });
    }

    /// Takes out what waits, in order.
    pub(super) fn take_waiting(&mut self) -> impl Iterator<Item = Message> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|outgoing| outgoing.message)
    }

    /// Sends what waits; ready when the client's side has taken all of it.
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
