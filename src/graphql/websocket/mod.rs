//! GraphQL over WebSocket: the protocol as a pure state machine, and the loop that drives a socket with it.

mod protocol;
mod socket;

pub(super) use socket::open;
