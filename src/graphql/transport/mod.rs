//! How operations come in and results go out: HTTP, server-sent events, multipart and WebSocket.

mod deadlines;
mod http;
mod response;
mod streaming;
mod websocket;

pub use self::http::router;
