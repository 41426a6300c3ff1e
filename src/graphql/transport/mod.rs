//! GraphQL over HTTP, server-sent events, multipart and WebSocket.

mod http;
mod negotiation;
mod streaming;
mod websocket;

pub use self::http::router;
