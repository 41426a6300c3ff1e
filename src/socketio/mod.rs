//! The Socket.IO door: the events of the old backend, for frontends that have not moved on.
//!
//! Clients of versions 3 and 4, over polling and WebSocket. Each socket has one task (`event_loop`), which handles the
//! client's events in their order and sends the changes of its user, so no state of a socket is shared. Changes are delivered
//! as everywhere: exactly once, in order, and a client that gives its last cursor resumes after it.

mod broadcast;
mod client_event;
mod door;
mod event_loop;
mod handshake;
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
    config::Config,
    domain::Error,
    http::{Drain, content_length},
    service::{Authenticator, Presence, Services},
    telemetry::Metrics,
};

use self::{
    client_event::ConnectError,
    door::{Door, Inner},
    handshake::Handshake,
};

/// How long a connection may take to join the namespace, which is where it is authenticated.
const JOIN_TIME: Duration = Duration::from_secs(10);
/// Packets that wait for a slow client; later changes wait in the tables.
const SEND_BUFFER_PACKETS: usize = 64;
/// Bytes that are read at once; a longer message takes several reads. Each idle socket keeps this buffer.
const READ_BUFFER_BYTES: usize = 1024;
/// Attachments of bytes that an event may have before it is rejected.
const MAX_ATTACHMENTS: usize = 64;

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
        // A client that is lost counts as open until both are over.
        .ping_interval(config.timing.ping_interval)
        .ping_timeout(config.timing.ping_interval)
        .connect_timeout(JOIN_TIME)
        .max_buffer_size(SEND_BUFFER_PACKETS)
        .max_payload(config.limits.message_bytes as u64)
        .ws_read_buffer_size(READ_BUFFER_BYTES)
        .ws_max_message_size(config.limits.message_bytes)
        .ws_max_frame_size(config.limits.message_bytes)
        // Binary events are read only to be rejected by an answer: no more of them than a message may have.
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(MAX_ATTACHMENTS)
                .max_incoming_binary_buf_size(config.limits.message_bytes),
        )
        // Other requests are answered 404.
        .build_with_inner_svc(Router::new());
    tokio::spawn(broadcast::active_users(io.clone(), services.presence.clone(), draining.clone()));
    if config.public_feed {
        tokio::spawn(broadcast::public_activities(
            io.clone(),
            services.public_feed.clone(),
            draining.clone(),
        ));
    }
    let drain = Drain::new(draining, config.timing.drain_window);
    tokio::spawn(close_all(io.clone(), drain.clone()));
    let door = Door(Arc::new(Inner {
        services,
        auth,
        limits: config.limits,
        timing: config.timing,
        public_feed: config.public_feed,
        metrics,
        connection_slots: Presence::default(),
    }));
    join(&io, door);
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
    // The library reads a body before it rejects its length; a client may wait for "100 Continue".
    if content_length(request.headers()).is_some_and(|length| length > transport.payload_bytes) {
        return Error::PayloadTooLarge { limit: transport.payload_bytes }.into_response();
    }
    transport::serve(transport.engine, transport.drain, request).await.into_response()
}

/// Lets sockets into the namespace, each with a session of its own.
fn join(io: &SocketIo, door: Door) {
    let host = door.clone();
    let admit = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        Handshake::admit(&door, &socket, &auth.unwrap_or_default()).map_err(ConnectError)
    };
    let start = move |socket: SocketRef| {
        event_loop::start(host.clone(), socket);
        std::future::ready(())
    };
    io.ns("/", start.with(admit));
}

/// Closes the connections that are left after the drain window of a shutdown: those over polling.
async fn close_all(io: SocketIo, drain: Drain) {
    drain.window_end().await;
    io.close().await;
}
