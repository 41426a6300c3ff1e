//! The Socket.IO door: the events of the old backend, for frontends that have not moved on.
//!
//! Clients of versions 3 and 4, over polling and WebSocket. Each socket has one task (`session`), which takes the
//! client's events in their order and tells it what is new, so nothing of a socket is shared. What is new comes from
//! the same promise as everywhere: none lost, none twice, and a client that gives its last cursor goes on after it.

mod admission;
mod everyone;
mod incoming;
mod requests;
mod session;
mod transport;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::Value;
use socketioxide::{
    ParserConfig, SocketIo,
    extract::{SocketRef, TryData},
    handler::ConnectHandler,
    service::SocketIoService,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Limits, Timing},
    domain::Error,
    http::content_length,
    service::{Authenticator, Presence, Services},
    telemetry::Metrics,
};

use self::{admission::Admission, incoming::Refused, session::Session, transport::Drain};

/// How long a connection may take to join the namespace, which is where it is authenticated.
const JOIN: Duration = Duration::from_secs(10);
/// Packets that wait for a client that reads slowly; what comes after them waits in the tables.
const BUFFER: usize = 64;
/// Bytes that are read at once; a longer message takes several reads. Each idle socket keeps this buffer.
const READ_BUFFER: usize = 1024;
/// Attachments of bytes that an event may have until it is refused.
const BINARIES: usize = 64;

/// What the door needs. Cheap to clone.
#[derive(Clone)]
struct Door(Arc<Inner>);

struct Inner {
    services: Services,
    auth: Authenticator,
    limits: Limits,
    timing: Timing,
    public_feed: bool,
    metrics: Metrics,
    /// The sockets of this door alone, by user: for the bound on them.
    seats: Presence,
}

/// The route of the door. Its tasks end once `draining` is cancelled; connections are closed over a few seconds from
/// then on, in a way after which clients come back by themselves.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn router(
    services: Services,
    auth: Authenticator,
    config: &Config,
    draining: CancellationToken,
    metrics: Metrics,
) -> Router {
    let (engine, io) = SocketIo::builder()
        // A client that is gone without a word stops counting after both.
        .ping_interval(config.timing.ping_interval)
        .ping_timeout(config.timing.ping_interval)
        .connect_timeout(JOIN)
        .max_buffer_size(BUFFER)
        .max_payload(config.limits.message_bytes as u64)
        .ws_read_buffer_size(READ_BUFFER)
        .ws_max_message_size(config.limits.message_bytes)
        .ws_max_frame_size(config.limits.message_bytes)
        // Binary is read only to be refused by an answer: no more of it than a message may have.
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(BINARIES)
                .max_incoming_binary_buf_size(config.limits.message_bytes),
        )
        // What is not of the protocol is not found.
        .build_with_inner_svc(Router::new());
    tokio::spawn(everyone::announce(io.clone(), services.presence.clone(), draining.clone()));
    if config.public_feed {
        tokio::spawn(everyone::show(io.clone(), services.public_feed.clone(), draining.clone()));
    }
    tokio::spawn(close_all(io.clone(), draining.clone(), config.timing.drain_window));
    let door = Door(Arc::new(Inner {
        services,
        auth,
        limits: config.limits,
        timing: config.timing,
        public_feed: config.public_feed,
        metrics,
        seats: Presence::default(),
    }));
    join(&io, door);
    let drain = Drain { draining, window: config.timing.drain_window };
    let transport = Transport { engine, drain, payload_bytes: config.limits.message_bytes };
    Router::new().route("/socket.io/", any(serve)).route("/socket.io", any(serve)).with_state(transport)
}

#[derive(Clone)]
struct Transport {
    engine: SocketIoService<Router>,
    drain: Drain,
    /// The largest body of a poll.
    payload_bytes: usize,
}

async fn serve(State(transport): State<Transport>, request: Request) -> Response {
    // The library reads a body before it says that it is too large; a client may wait to be asked for it.
    if content_length(request.headers()).is_some_and(|length| length > transport.payload_bytes) {
        return Error::PayloadTooLarge { limit: transport.payload_bytes }.into_response();
    }
    transport::serve(transport.engine, transport.drain, request).await.into_response()
}

/// Lets sockets into the namespace, each with a session of its own.
fn join(io: &SocketIo, door: Door) {
    let host = door.clone();
    let admit = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        Admission::grant(&door, &socket, &auth.unwrap_or_default()).map_err(Refused)
    };
    let start = move |socket: SocketRef| {
        Session::start(host.clone(), socket);
        std::future::ready(())
    };
    io.ns("/", start.with(admit));
}

/// Ends what is left of the connections when a shutdown has taken its time: those over polling.
async fn close_all(io: SocketIo, draining: CancellationToken, window: Duration) {
    draining.cancelled().await;
    tokio::time::sleep(window).await;
    io.close().await;
}
