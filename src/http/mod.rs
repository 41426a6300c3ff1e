//! What the doors over HTTP share: who calls, JSON bodies, errors, and what surrounds every request.
//!
//! It knows HTTP and the domain, and no route.

mod body;
mod caller;
mod cors;
mod drain;
mod error;
mod guard;
mod request_log;
mod surround;
mod token_end;
mod upgrade_names;

pub use self::{
    body::read_json,
    caller::{Caller, authorization},
    cors::cors,
    error::{ErrorBody, not_allowed, respond},
    guard::Origins,
    request_log::Note,
    surround::{Bound, Surround, answer_panics},
    token_end::{TokenEnd, never},
};
