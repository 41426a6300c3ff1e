//! The loop that drives one socket.
//!
//! One task: it reads on while a send is stuck, takes results of operations only as fast as the client reads, and
//! gives each operation its turn.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_graphql::{Value, Variables};
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::HeaderValue,
};
use futures_util::{SinkExt, Stream, StreamExt, stream, stream::BoxStream};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::StreamMap;

use crate::{
    domain::{OperationRights, Result, Viewer},
    graphql::{
        engine::{Api, Outcome},
        errors::server_error,
        request::Params,
        schema::HeldMemory,
        transport::deadlines::{drain_end, never},
    },
    http::TokenEnd,
    service::Present,
    telemetry::Open,
};

use super::{
    close::Close,
    outbox::Outbox,
    protocol::{Dialect, Effect, Machine, StartPayload},
    token::{has_odd_token, token},
};

/// How long a client may take to say `connection_init`.
const INIT: Duration = Duration::from_secs(10);
/// How long a close frame may take to leave; longer behind data that the client was slow to read.
const CLOSING: Duration = Duration::from_secs(1);
const CLOSING_SLOWLY: Duration = Duration::from_secs(10);
/// Read buffer of a socket. The default of 128 KiB would be most of what an idle subscription costs.
const READ_BUFFER: usize = 512;
/// Bytes of pings that wait to be sent back before the client's messages are no longer read.
const ECHOES_BYTES: usize = 256 * 1024;

/// Opens a socket. The token may come in the handshake's `Authorization` or in `connection_init`.
pub(in crate::graphql) fn open(
    api: Api,
    upgrade: WebSocketUpgrade,
    authorization: Option<HeaderValue>,
) -> axum::response::Response {
    let limit = api.transport().message_bytes;
    let open = api.metrics().socket();
    upgrade
        .protocols(Dialect::NAMES)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |mut socket| {
            let name = socket.protocol().and_then(|name| name.to_str().ok()).and_then(Dialect::by_name);
            // In a task of its own: the one that upgrades has room for all of its steps as long as it lives.
            match name {
                Some(dialect) => {
                    let connection = Box::new(Connection::new(api, socket, dialect, authorization, open));
                    tokio::spawn(connection.run())
                }
                None => tokio::spawn(async move {
                    let _open = open;
                    say_goodbye(&mut socket, &Close::NoSubprotocol).await;
                }),
            };
            std::future::ready(())
        })
}

struct Connection {
    api: Api,
    socket: WebSocket,
    machine: Machine,
    authorization: Option<HeaderValue>,
    viewer: Option<Viewer>,
    present: Option<Present>,
    operations: StreamMap<String, Running>,
    outbox: Outbox,
    /// Bytes of pings that were to be sent back since everything that waited was sent.
    echoed: usize,
    deadlines: Deadlines,
    _open: Open,
}

/// An operation: what it brings, and its rights where a fresh token could have fewer.
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
    stalled: Instant,
    token: TokenEnd,
    drained: Instant,
}

impl Deadlines {
    fn start() -> Self {
        let (now, never) = (Instant::now(), never());
        let token = TokenEnd::never();
        Self { init: now + INIT, ping: never, pong: never, stalled: never, token, drained: never }
    }

    fn first(&self) -> Instant {
        let Self { init, ping, pong, stalled, token, drained } = *self;
        init.min(ping).min(pong).min(stalled).min(token.instant()).min(drained)
    }
}

impl Connection {
    fn new(
        api: Api,
        socket: WebSocket,
        dialect: Dialect,
        authorization: Option<HeaderValue>,
        open: Open,
    ) -> Self {
        let machine = Machine::new(dialect, api.transport().subscriptions);
        Self {
            api,
            socket,
            machine,
            authorization,
            viewer: None,
            present: None,
            operations: StreamMap::new(),
            outbox: Outbox::default(),
            echoed: 0,
            deadlines: Deadlines::start(),
            _open: open,
        }
    }

    /// Runs to the end of the connection. It is in a box, because a future keeps room for what is moved into it twice.
    async fn run(mut self: Box<Self>) {
        let draining = self.api.draining().clone();
        let close = loop {
            let wants_results = self.outbox.takes_results() && !self.operations.is_empty();
            let reads = self.outbox.takes_replies() && self.echoed < ECHOES_BYTES;
            let undrained = self.deadlines.drained > Instant::now() + self.api.timing().drain_window;
            let deadline = self.deadlines.first();
            let Self { socket, outbox, operations, .. } = &mut *self;
            let step = tokio::select! {
                // Both halves of the socket are polled together, so neither waits for the other.
                event = poll_fn(|cx| poll_socket(cx, socket, outbox, reads)) => match event {
                    SocketEvent::Received(message) => Step::Received(message),
                    SocketEvent::Sent => Step::Sent,
                    SocketEvent::Broken(close) => Step::Broken(close),
                    SocketEvent::Gone => return,
                },
                Some((id, output)) = operations.next(), if wants_results => Step::Output(id, output),
                () = sleep_until(deadline) => Step::Deadline,
                () = draining.cancelled(), if undrained => Step::Drain,
            };
            let outcome = match step {
                Step::Received(message) => self.receive(message).await,
                Step::Sent => {
                    self.deadlines.stalled = never();
                    self.echoed = 0;
                    Ok(())
                }
                Step::Output(id, output) => {
                    self.output(&id, output);
                    Ok(())
                }
                Step::Broken(close) => Err(close),
                Step::Deadline => self.deadline(),
                Step::Drain => {
                    self.deadlines.drained = drain_end(self.api.timing().drain_window);
                    Ok(())
                }
            };
            if let Err(close) = outcome {
                break close;
            }
        };
        self.operations.clear();
        self.present = None;
        let waiting = self.outbox.take_waiting();
        // What was to be sent before the goodbye still goes out, unless the client does not read.
        if close != Close::SlowConsumer {
            let socket = &mut self.socket;
            let _ = timeout(CLOSING, async {
                for message in waiting {
                    socket.feed(message).await?;
                }
                socket.flush().await
            })
            .await;
        }
        say_goodbye(&mut self.socket, &close).await;
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
                self.check_token()?;
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
        if has_odd_token(payload) {
            return Err(Close::Forbidden);
        }
        let token = token(payload).or_else(|| header.as_ref().and_then(|value| value.to_str().ok()));
        let viewer = self.api.auth().viewer(token).map_err(|_| Close::Forbidden)?;
        self.present = viewer.user().map(|user| self.api.presence().enter(user.clone()));
        self.take_viewer(viewer);
        self.deadlines.init = never();
        self.deadlines.ping = Instant::now() + self.api.timing().ping_interval;
        let acknowledged = self.machine.acknowledge();
        self.send(acknowledged);
        Ok(())
    }

    /// A ping with a token: the connection goes on with it. Other payloads, as `text`, are sent back.
    fn refresh(&mut self, payload: &Value, text: &str) -> Result<(), Close> {
        let Some(token) = token(payload) else {
            self.echoed += text.len();
            self.send(Machine::echo(text));
            return Ok(());
        };
        // Before the connection is acknowledged there is nobody whose token could be refreshed.
        if self.viewer.is_none() {
            self.send(Machine::pong(None));
            return Ok(());
        }
        let viewer = self.api.auth().viewer(Some(token)).map_err(|_| Close::Forbidden)?;
        let same = self.viewer.as_ref().is_some_and(|before| before.user() == viewer.user());
        if !same {
            return Err(Close::Forbidden);
        }
        self.end_forbidden(&viewer);
        let until = viewer.expires_at().map_or(Value::Null, |time| Value::String(time.to_string()));
        self.take_viewer(viewer);
        let payload = Value::Object([(async_graphql::Name::new("expiresAt"), until)].into_iter().collect());
        self.send(Machine::pong(Some(payload)));
        Ok(())
    }

    fn take_viewer(&mut self, viewer: Viewer) {
        self.deadlines.token = TokenEnd::of(&viewer, self.api.auth().clock());
        self.viewer = Some(viewer);
    }

    /// Ends the operations that follow what `viewer`, by a fresh token, may not: each with an error of its own. Queries and
    /// mutations go on, with the fresh token's rights for what they have not looked at yet.
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

    fn check_token(&mut self) -> Result<(), Close> {
        if self.deadlines.token.has_come(self.api.auth().clock()) {
            return Err(Close::TokenExpired);
        }
        Ok(())
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
        // The end is an item too: the client is told of it.
        let outputs = self.api.start(params, viewer).map(Some).chain(stream::once(std::future::ready(None)));
        self.operations.insert(id, Running { outputs: outputs.boxed(), rights });
    }

    fn output(&mut self, id: &str, outcome: Option<Outcome>) {
        let text = match outcome {
            Some(Outcome::Result(result)) => {
                let text = self.machine.next(id, &result.payload);
                return self.send_held(text, result.held);
            }
            Some(Outcome::Refused(errors)) => {
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
            self.deadlines.stalled = Instant::now() + self.api.timing().slow_reader_timeout;
        }
        self.outbox.push(Message::text(text), held);
    }

    fn deadline(&mut self) -> Result<(), Close> {
        self.check_token()?;
        let now = Instant::now();
        if self.deadlines.drained <= now {
            return Err(Close::Restart);
        }
        if self.deadlines.init <= now {
            return Err(Close::InitTimeout);
        }
        if self.deadlines.stalled <= now {
            return Err(Close::SlowConsumer);
        }
        if self.deadlines.pong <= now {
            return Err(Close::PongTimeout);
        }
        if self.deadlines.ping <= now {
            let interval = self.api.timing().ping_interval;
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
    Drain,
}

enum SocketEvent {
    Received(Message),
    /// Everything that waited was taken by the client's side.
    Sent,
    /// The client sent what is no message, and has to be told.
    Broken(Close),
    Gone,
}

/// Sends what waits and reads what came, whichever goes on. State lies outside, so dropping the future loses nothing.
fn poll_socket(
    cx: &mut Context<'_>,
    socket: &mut WebSocket,
    outbox: &mut Outbox,
    reads: bool,
) -> Poll<SocketEvent> {
    if !outbox.is_idle() {
        match outbox.poll_send(cx, socket) {
            Poll::Ready(Ok(())) => return Poll::Ready(SocketEvent::Sent),
            Poll::Ready(Err(_)) => return Poll::Ready(SocketEvent::Gone),
            Poll::Pending => {}
        }
    }
    if reads {
        return match ready!(socket.poll_next_unpin(cx)) {
            Some(Ok(message)) => Poll::Ready(SocketEvent::Received(message)),
            Some(Err(error)) => {
                Poll::Ready(Close::by_error(error).map_or(SocketEvent::Gone, SocketEvent::Broken))
            }
            None => Poll::Ready(SocketEvent::Gone),
        };
    }
    Poll::Pending
}

async fn say_goodbye(socket: &mut WebSocket, close: &Close) {
    let frame = CloseFrame { code: close.code(), reason: close.reason().into() };
    let patience = if *close == Close::SlowConsumer { CLOSING_SLOWLY } else { CLOSING };
    let _ = timeout(patience, async {
        socket.send(Message::Close(Some(frame))).await?;
        // The other side answers with a close frame of its own; what comes before that is not read any more.
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        Ok::<(), axum::Error>(())
    })
    .await;
}
