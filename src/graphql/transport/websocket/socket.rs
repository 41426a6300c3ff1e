//! The loop that drives one socket.
//!
//! One task: it reads on while a send is stuck, takes results of operations only as fast as the client reads, and polls
//! operations in turn.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::{
    Value, Variables,
    http::{ALL_WEBSOCKET_PROTOCOLS, WebSocketProtocols},
};
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::HeaderValue,
};
use futures_util::{SinkExt, Stream, StreamExt, stream, stream::BoxStream};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::StreamMap;

use crate::{
    domain::{OperationRights, Result, Viewer},
    graphql::{
        engine::{Engine, Outcome},
        errors::server_error,
        request::Params,
        schema::HeldMemory,
    },
    http::{ConnectionLifetime, never},
    service::Present,
    telemetry::ConnectionGuard,
};

use super::{
    close::Close,
    message::{StartPayload, has_malformed_token, token},
    outbox::{CLOSE_TIME, Outbox, SocketEvent, poll_socket, send_close},
    protocol::{Effect, Machine},
};

/// How long a client may take to send `connection_init`.
const INIT_TIME: Duration = Duration::from_secs(10);
/// Bytes that are read at once. The default of 128 KiB would be most of the memory of an idle subscription.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes of pings that wait to be echoed before the client's messages are no longer read.
const MAX_ECHO_BYTES: usize = 256 * 1024;

/// Opens a socket. The token may come in the handshake's `Authorization` or in `connection_init`.
pub(in crate::graphql) fn open(
    engine: Engine,
    upgrade: WebSocketUpgrade,
    authorization: Option<HeaderValue>,
) -> axum::response::Response {
    let limit = engine.transport().message_bytes;
    let open = engine.metrics().socket();
    upgrade
        .protocols(ALL_WEBSOCKET_PROTOCOLS)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |mut socket| {
            let protocol = socket.protocol().and_then(|name| name.to_str().ok()?.parse().ok());
            // In a task of its own: the task of the upgrade keeps room for all of its steps as long as it lives.
            match protocol {
                Some(protocol) => {
                    let connection = Box::new(Connection::new(engine, socket, protocol, authorization, open));
                    tokio::spawn(connection.run())
                }
                None => tokio::spawn(async move {
                    let _open = open;
                    send_close(&mut socket, &Close::NoSubprotocol).await;
                }),
            };
            std::future::ready(())
        })
}

struct Connection {
    engine: Engine,
    socket: WebSocket,
    machine: Machine,
    authorization: Option<HeaderValue>,
    viewer: Option<Viewer>,
    present: Option<Present>,
    operations: StreamMap<String, Running>,
    outbox: Outbox,
    /// Bytes of echoes since the outbox was empty.
    echoed: usize,
    lifetime: ConnectionLifetime,
    deadlines: Deadlines,
    _open: ConnectionGuard,
}

/// An operation: its results, and its rights where a fresh token could have fewer.
struct Running {
    outputs: BoxStream<'static, Option<Outcome>>,
    rights: Option<Arc<OperationRights>>,
}

impl Stream for Running {
    type Item = Option<Outcome>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.outputs.poll_next_unpin(cx)
    }
}

struct Deadlines {
    init: Instant,
    ping: Instant,
    pong: Instant,
    unread: Instant,
}

impl Deadlines {
    fn start() -> Self {
        let never = never();
        Self { init: Instant::now() + INIT_TIME, ping: never, pong: never, unread: never }
    }

    fn first(&self) -> Instant {
        let Self { init, ping, pong, unread } = *self;
        init.min(ping).min(pong).min(unread)
    }
}

impl Connection {
    fn new(
        engine: Engine,
        socket: WebSocket,
        protocol: WebSocketProtocols,
        authorization: Option<HeaderValue>,
        open: ConnectionGuard,
    ) -> Self {
        let machine = Machine::new(protocol, engine.transport().subscriptions);
        let lifetime = engine.lifetime();
        Self {
            engine,
            socket,
            machine,
            authorization,
            viewer: None,
            present: None,
            operations: StreamMap::new(),
            outbox: Outbox::default(),
            echoed: 0,
            lifetime,
            deadlines: Deadlines::start(),
            _open: open,
        }
    }

    /// Runs to the end of the connection. Boxed, because a future keeps room twice for a value that is moved into it.
    async fn run(mut self: Box<Self>) {
        let close = loop {
            let wants_results = self.outbox.takes_results() && !self.operations.is_empty();
            let reads = self.outbox.takes_replies() && self.echoed < MAX_ECHO_BYTES;
            let deadline = self.deadlines.first().min(self.lifetime.next_check());
            let Self { socket, outbox, operations, lifetime, .. } = &mut *self;
            let step = tokio::select! {
                // Both halves of the socket are polled together, so that neither waits for the other.
                event = poll_fn(|cx| poll_socket(cx, socket, outbox, reads)) => match event {
                    SocketEvent::Received(message) => Step::Received(message),
                    SocketEvent::Sent => Step::Sent,
                    SocketEvent::Broken(close) => Step::Broken(close),
                    SocketEvent::Gone => return,
                },
                Some((id, output)) = operations.next(), if wants_results => Step::Output(id, output),
                () = sleep_until(deadline) => Step::Deadline,
                // Sets the next deadline.
                () = lifetime.shutdown_begins() => continue,
            };
            let outcome = match step {
                Step::Received(message) => self.receive(message).await,
                Step::Sent => {
                    self.deadlines.unread = never();
                    self.echoed = 0;
                    Ok(())
                }
                Step::Output(id, output) => {
                    self.output(&id, output);
                    Ok(())
                }
                Step::Broken(close) => Err(close),
                Step::Deadline => self.deadline(),
            };
            if let Err(close) = outcome {
                break close;
            }
        };
        self.operations.clear();
        self.present = None;
        let waiting = self.outbox.take_waiting();
        // Waiting messages are sent before the close frame, unless the client does not read.
        if close != Close::SlowConsumer {
            let socket = &mut self.socket;
            let _ = timeout(CLOSE_TIME, async {
                for message in waiting {
                    socket.feed(message).await?;
                }
                socket.flush().await
            })
            .await;
        }
        send_close(&mut self.socket, &close).await;
    }

    async fn receive(&mut self, message: Message) -> Result<(), Close> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::BadRequest("Invalid message: it takes text".into())),
            // Answered by the socket itself.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Close::Normal),
        };
        match self.machine.receive(text.as_str()) {
            Effect::Authenticate(payload) => self.authenticate(&payload),
            Effect::Refresh { payload, text } => self.refresh(&payload, &text),
            Effect::Start { id, payload } => {
                self.lifetime.check_token()?;
                self.start(id, payload);
                Ok(())
            }
            Effect::Stop { id } => {
                self.operations.remove(&id);
                Ok(())
            }
            Effect::Send(text) => {
                self.send(text);
                Ok(())
            }
            Effect::Alive => {
                self.deadlines.pong = never();
                Ok(())
            }
            Effect::Close(close) => Err(close),
        }
    }

    fn authenticate(&mut self, payload: &Value) -> Result<(), Close> {
        let header = self.authorization.take();
        if has_malformed_token(payload) {
            return Err(Close::Forbidden);
        }
        let token = token(payload).or_else(|| header.as_ref().and_then(|value| value.to_str().ok()));
        let viewer = self.engine.auth().viewer(token).map_err(|_| Close::Forbidden)?;
        self.present = viewer.user().map(|user| self.engine.presence().enter(user.clone()));
        self.set_viewer(viewer);
        self.deadlines.init = never();
        self.deadlines.ping = Instant::now() + self.engine.timing().ping_interval;
        let acknowledged = self.machine.acknowledge();
        self.send(acknowledged);
        Ok(())
    }

    /// A ping: the connection goes on with its token. A payload without one is echoed as `text`.
    fn refresh(&mut self, payload: &Value, text: &str) -> Result<(), Close> {
        let Some(token) = token(payload) else {
            self.echoed += text.len();
            self.send(Machine::echo(text));
            return Ok(());
        };
        // There is no token to refresh before the connection is acknowledged.
        if self.viewer.is_none() {
            self.send(Machine::pong(None));
            return Ok(());
        }
        let viewer = self.engine.auth().viewer(Some(token)).map_err(|_| Close::Forbidden)?;
        let same = self.viewer.as_ref().is_some_and(|before| before.user() == viewer.user());
        if !same {
            return Err(Close::Forbidden);
        }
        self.end_forbidden(&viewer);
        let until = viewer.expires_at().map_or(Value::Null, |time| Value::String(time.to_string()));
        self.set_viewer(viewer);
        let payload = Value::Object([(async_graphql::Name::new("expiresAt"), until)].into_iter().collect());
        self.send(Machine::pong(Some(payload)));
        Ok(())
    }

    fn set_viewer(&mut self, viewer: Viewer) {
        self.lifetime.set_viewer(&viewer);
        self.viewer = Some(viewer);
    }

    /// Ends subscriptions that `viewer`, by a fresh token, may not follow: each with an error of its own. Queries and mutations
    /// go on, with the rights of the fresh token for what they have not read yet.
    fn end_forbidden(&mut self, viewer: &Viewer) {
        let goes_on =
            |running: &Running| running.rights.as_ref().is_none_or(|rights| rights.narrow_to(viewer));
        let ended = self.operations.iter().filter(|(_, running)| !goes_on(running));
        let ended: Vec<String> = ended.map(|(id, _)| id.clone()).collect();
        for id in ended {
            self.operations.remove(&id);
            let text = self.machine.failed(&id, &[server_error(Viewer::not_yours())]);
            self.send(text);
        }
    }

    fn start(&mut self, id: String, payload: StartPayload) {
        let Some((viewer, rights)) = self.viewer.as_ref().map(Viewer::for_operation) else { return };
        let persisted = payload.is_persisted();
        let variables = payload.variables.map(serde_json::Value::Object).map(Variables::from_json);
        let params = Params {
            persisted,
            query: payload.query.unwrap_or_default(),
            operation_name: payload.operation_name.filter(|name| !name.is_empty()),
            variables: variables.unwrap_or_default(),
        };
        // The end is an item too: it is sent as a message.
        let outputs =
            self.engine.start(params, viewer).map(Some).chain(stream::once(std::future::ready(None)));
        self.operations.insert(id, Running { outputs: outputs.boxed(), rights });
    }

    fn output(&mut self, id: &str, outcome: Option<Outcome>) {
        let text = match outcome {
            Some(Outcome::Result(result)) => {
                let text = self.machine.next(id, &result.payload);
                return self.send_held(text, result.held);
            }
            Some(Outcome::Rejected(errors)) => {
                self.operations.remove(id);
                self.machine.failed(id, &errors)
            }
            None => {
                self.operations.remove(id);
                self.machine.completed(id)
            }
        };
        self.send(text);
    }

    fn send(&mut self, text: String) {
        self.send_held(text, HeldMemory::default());
    }

    fn send_held(&mut self, text: String, held: HeldMemory) {
        if self.outbox.is_idle() {
            self.deadlines.unread = Instant::now() + self.engine.timing().slow_reader_timeout;
        }
        self.outbox.push(Message::text(text), held);
    }

    fn deadline(&mut self) -> Result<(), Close> {
        self.lifetime.check()?;
        let now = Instant::now();
        if self.deadlines.init <= now {
            return Err(Close::InitTimeout);
        }
        if self.deadlines.unread <= now {
            return Err(Close::SlowConsumer);
        }
        if self.deadlines.pong <= now {
            return Err(Close::PongTimeout);
        }
        if self.deadlines.ping <= now {
            let interval = self.engine.timing().ping_interval;
            self.deadlines.ping = now + interval;
            if self.machine.answers_pings() {
                self.deadlines.pong = now + interval;
            }
            let ping = self.machine.keep_alive();
            self.send(ping);
        }
        Ok(())
    }
}

enum Step {
    Received(Message),
    Sent,
    Output(String, Option<Outcome>),
    Broken(Close),
    Deadline,
}
