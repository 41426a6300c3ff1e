//! What the doors over HTTP share: who calls, JSON bodies, errors, and what surrounds every request.
//!
//! It knows HTTP and the domain, and no route.

mod body;
mod caller;
mod come_back;
mod connection;
mod cors;
mod drain;
mod error;
mod guard;
mod head;
mod places;
mod request_log;
mod server;
mod surround;
mod token_end;
mod upgrade_names;

pub use self::{
    body::{content_length, read_json},
    caller::{Caller, authorization},
    cors::cors,
    error::{ErrorBody, method_not_allowed, respond},
    guard::Origins,
    request_log::Note,
    server::{ConnectionLimits, Server, listen},
    surround::{Bound, Surround, answer_panics},
    token_end::{TokenEnd, never},
};
