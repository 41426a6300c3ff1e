//! GraphQL over WebSocket: the protocol as a pure state machine, and the loop that drives a socket with it.

mod close;
mod message;
mod outbox;
mod protocol;
mod socket;

pub(super) use socket::open;
