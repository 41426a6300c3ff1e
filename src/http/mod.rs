//! What the doors over HTTP share: who calls, JSON bodies, errors, and what surrounds every request.
//!
//! It knows HTTP and the domain, and no route.

mod body;
mod caller;
mod drain;
mod error;
mod guard;
mod request_log;
mod surround;

pub use self::{
    body::read_json,
    caller::Caller,
    error::{ErrorBody, method_not_allowed, respond},
    guard::Origins,
    request_log::Note,
    surround::{Bound, Surround, answer_panics},
};
