//! What the doors over HTTP share: who calls, JSON bodies, errors, and what surrounds every request.
//!
//! It knows HTTP and the domain, and no route.

mod body;
mod caller;
mod come_back;
mod connection;
mod drain;
mod error;
mod guard;
mod head;
mod places;
mod request_log;
mod server;
mod surround;

pub use self::{
    body::{content_length, read_json},
    caller::Caller,
    error::{ErrorBody, not_allowed, respond},
    guard::Origins,
    request_log::Note,
    server::{ConnectionLimits, Server, listen},
    surround::{Bound, Surround, answer_panics},
};
