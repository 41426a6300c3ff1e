//! What the doors over HTTP share: authentication, JSON bodies, errors, the middleware of every request, and the server.
//!
//! It knows HTTP and the domain, and no route.

mod authenticated;
mod connection;
mod connection_lifetime;
mod error;
mod head;
mod header_case;
mod json_body;
mod middleware;
mod origin;
mod request_body;
mod request_log;
mod server;

pub use self::{
    authenticated::{Authenticated, authorization},
    connection_lifetime::{ConnectionEnd, ConnectionLifetime, Drain, never},
    error::{ErrorBody, method_not_allowed, respond},
    json_body::{content_length, parse_json, read_body, read_json},
    middleware::{EdgeLayer, RequestTimeoutLayer, panic_response},
    origin::{OriginPolicy, cors},
    request_log::RequestLogContext,
    server::{ConnectionLimits, Server, listen},
};
