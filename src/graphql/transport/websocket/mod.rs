//! GraphQL over WebSocket: the protocol as a pure state machine, and the loop that drives a socket with it.

mod close;
mod outbox;
mod protocol;
mod socket;
mod token;

pub(super) use socket::open;
