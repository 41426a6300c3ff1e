//! GraphQL over WebSocket: the protocol as a pure state machine, and the loop that drives a socket with it.

mod close;
mod protocol;
mod socket;

pub(super) use socket::open;
