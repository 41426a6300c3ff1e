//! The GraphQL door: decodes, calls one service, encodes.
//!
//! A request comes in by [`transport`], is prepared by [`request`], and executed by [`engine`] on the [`schema`].

mod digest;
mod engine;
mod errors;
mod json;
mod request;
mod schema;
mod transport;

pub use self::{engine::Api, schema::sdl, transport::router};
