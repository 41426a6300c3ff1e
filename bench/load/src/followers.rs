//! Clients that are told what is new: graphql-transport-ws, or Socket.IO over a WebSocket.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use crate::{
    drive::{Clock, histogram},
    requests::User,
    system::{Door, Server},
};

/// Sockets that are opened at the same time.
const AT_ONCE: usize = 64;
/// The longest wait for an answer or for deliveries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all followers of a server were told.
pub(crate) struct Followers {
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    deliveries: AtomicU64,
    closed: AtomicU64,
    timing: Mutex<Option<Timing>>,
}

struct Timing {
    clock: Clock,
    latency: Histogram<u64>,
}

impl Followers {
    pub(crate) fn none() -> Self {
        Self { heard: Arc::default() }
    }

    /// Each of `users` opens a socket and follows their own activities.
    pub(crate) async fn join(&self, server: &Server, door: Door, users: &[User]) -> Result<()> {
        let opening = stream::iter(users.iter().cloned()).map(|user| {
            let (address, heard) = (server.address, self.heard.clone());
            async move {
                let opened = tokio::spawn(timeout(PATIENCE, Follower::open(address, door, user)));
                let follower = opened.await?.context("the server does not answer")??;
                tokio::spawn(follower.listen(heard));
                anyhow::Ok(())
            }
        });
        let opened: Result<()> = opening.buffer_unordered(AT_ONCE).try_collect().await;
        opened.with_context(|| server.log())
    }

    pub(crate) fn count(&self) -> u64 {
        self.heard.deliveries.load(Ordering::Relaxed)
    }

    /// Waits until `count` deliveries have come in all.
    pub(crate) async fn wait_for(&self, count: u64) -> Result<()> {
        let start = Instant::now();
        while self.count() < count {
            self.none_is_closed()?;
            ensure!(start.elapsed() < PATIENCE, "{} of {count} deliveries came", self.count());
            sleep(Duration::from_millis(1)).await;
        }
        self.none_is_closed()
    }

    /// From now on the delivery of events that `clock` counts is timed.
    pub(crate) fn time(&self, clock: Clock) -> Result<()> {
        let timing = Timing { clock, latency: histogram()? };
        *self.heard.timing() = Some(timing);
        Ok(())
    }

    /// The times since [`Followers::time`], in nanoseconds.
    pub(crate) fn times(&self) -> Result<Histogram<u64>> {
        Ok(self.heard.timing().take().context("nothing was timed")?.latency)
    }

    /// What is measured is not what is meant, where the server has closed sockets or refused subscriptions.
    pub(crate) fn none_is_closed(&self) -> Result<()> {
        let closed = self.heard.closed.load(Ordering::Relaxed);
        ensure!(closed == 0, "the server closed {closed} sockets or refused their subscriptions");
        Ok(())
    }
}

impl Heard {
    fn timing(&self) -> std::sync::MutexGuard<'_, Option<Timing>> {
        self.timing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn delivery(&self, text: &str) {
        if let Some(timing) = &mut *self.timing()
            && let Some(latency) = number_of(text).and_then(|number| timing.clock.latency(number))
        {
            timing.latency.saturating_record(latency);
        }
        self.deliveries.fetch_add(1, Ordering::Relaxed);
    }
}

/// The number in the title of an event.
fn number_of(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(r#""title":"event "#)?;
    rest.split_once('"')?.0.parse().ok()
}

struct Follower {
    socket: WebSocketStream<TcpStream>,
    door: Door,
}

impl Follower {
    async fn open(address: SocketAddr, door: Door, user: User) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let path = match door {
            Door::SocketIo => "socket.io/?EIO=4&transport=websocket",
            Door::Graphql | Door::Rest => "graphql",
        };
        let mut request = format!("ws://{address}/{path}").into_client_request()?;
        if door == Door::Graphql {
            let protocol = HeaderValue::from_static("graphql-transport-ws");
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        // Thousands of them share the memory of the machine with the server.
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let mut follower = Self { socket, door };
        match door {
            Door::SocketIo => follower.log_in(&user).await?,
            Door::Graphql | Door::Rest => follower.subscribe(&user).await?,
        }
        Ok(follower)
    }

    async fn subscribe(&mut self, user: &User) -> Result<()> {
        let authorization = format!("Bearer {}", user.token);
        self.send(
            json!({"type": "connection_init", "payload": {"authorization": authorization}}).to_string(),
        )
        .await?;
        self.expect(r#""connection_ack""#).await?;
        let query = "subscription Follow($userId: ID!) { activityCreated(userId: $userId) \
                     { id userId type title description data timestamp read } }";
        let payload = json!({"query": query, "variables": {"userId": user.name}});
        self.send(json!({"id": "1", "type": "subscribe", "payload": payload}).to_string()).await
    }

    async fn log_in(&mut self, user: &User) -> Result<()> {
        self.expect("0{").await?;
        self.send(format!("40{}", json!({"token": user.token}))).await?;
        self.expect("40{").await?;
        self.send(format!("420{}", json!(["user:login", user.name]))).await?;
        let answer = self.expect("430[").await?;
        ensure!(!answer.contains(r#""code""#), "the login was refused: {answer}");
        Ok(())
    }

    /// Reads until a message holds `wanted`.
    async fn expect(&mut self, wanted: &str) -> Result<String> {
        while let Some(text) = self.next().await {
            if text.contains(wanted) {
                return Ok(text);
            }
            ensure!(self.answer(&text).await? || text.contains("users:status"), "unexpected: {text}");
        }
        bail!("the server closed the socket instead of sending {wanted}")
    }

    /// Counts deliveries and answers pings, as long as the server holds the socket.
    async fn listen(mut self, heard: Arc<Heard>) {
        while let Some(text) = self.next().await {
            if self.is_delivery(&text) {
                heard.delivery(&text);
            } else if !self.answer(&text).await.unwrap_or(false) && !text.contains("users:status") {
                eprintln!("unexpected: {text}");
                break;
            }
        }
        heard.closed.fetch_add(1, Ordering::Relaxed);
    }

    fn is_delivery(&self, text: &str) -> bool {
        match self.door {
            Door::SocketIo => text.starts_with(r#"42["activity:created""#),
            Door::Graphql | Door::Rest => {
                text.contains(r#""type":"next""#) && text.contains(r#""activityCreated":{"#)
            }
        }
    }

    /// Whether `text` is a ping; it is answered.
    async fn answer(&mut self, text: &str) -> Result<bool> {
        let answer = match self.door {
            Door::SocketIo if text == "2" => "3",
            Door::Graphql if text.contains(r#""type":"ping""#) => r#"{"type":"pong"}"#,
            // Other servers than ours send pongs unasked.
            Door::Graphql if text.contains(r#""type":"pong""#) => return Ok(true),
            _ => return Ok(false),
        };
        self.send(answer.into()).await?;
        Ok(true)
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// The next text message; `None` where the socket is closed.
    async fn next(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => return Some(text.to_string()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }
}
