//! A client that is told what is new: graphql-transport-ws, or Socket.IO over a WebSocket.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use crate::{requests::User, system::Door};

/// The number in the title of an event.
pub(crate) fn number_of(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(r#""title":"event "#)?;
    rest.split_once('"')?.0.parse().ok()
}

/// The cursor of an event.
pub(crate) fn cursor_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(r#""cursor":""#)?;
    Some(rest.split_once('"')?.0)
}

/// The address that socket `number` comes from: an address has fewer ports than sockets are wanted.
pub(crate) fn source_of(number: usize) -> Ipv4Addr {
    const SOCKETS_EACH: usize = 20_000;

    let last = u8::try_from(1 + number / SOCKETS_EACH).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, 0, 0, last)
}

/// A client and its socket.
pub(crate) struct Follower {
    socket: WebSocketStream<TcpStream>,
    door: Door,
}

impl Follower {
    /// Opens a socket and follows the activities of `user`.
    pub(crate) async fn open(address: SocketAddr, source: Ipv4Addr, door: Door, user: User) -> Result<Self> {
        let mut follower = Self::connect(address, source, door).await?;
        match door {
            Door::SocketIo => follower.log_in(&user).await?,
            Door::Graphql | Door::Rest => {
                follower.greet(&user).await?;
                follower.subscribe(&user).await?;
            }
        }
        Ok(follower)
    }

    /// Opens a socket.
    pub(crate) async fn connect(address: SocketAddr, source: Ipv4Addr, door: Door) -> Result<Self> {
        let outgoing = TcpSocket::new_v4()?;
        if source != Ipv4Addr::LOCALHOST {
            outgoing.bind((source, 0).into())?;
        }
        let stream = outgoing.connect(address).await?;
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
        Ok(Self { socket, door })
    }

    /// Opens a session as `user`.
    pub(crate) async fn greet(&mut self, user: &User) -> Result<()> {
        let payload = json!({"authorization": format!("Bearer {}", user.token)});
        self.send(json!({"type": "connection_init", "payload": payload}).to_string()).await?;
        self.expect(r#""connection_ack""#).await.map(drop)
    }

    /// Follows the activities of `user`, from now on.
    async fn subscribe(&mut self, user: &User) -> Result<()> {
        let query = "subscription Follow($userId: ID!) { activityCreated(userId: $userId) \
                     { id userId type title description data timestamp read } }";
        self.operation(query, json!({"userId": user.name})).await
    }

    /// Follows the activities of `user` behind `cursor`, each with its own; only Pulse can.
    pub(crate) async fn resume(&mut self, user: &User, cursor: &str) -> Result<()> {
        let query = "subscription Resume($userId: ID!, $after: String) \
                     { activityCreated(userId: $userId, after: $after) { id title timestamp cursor } }";
        self.operation(query, json!({"userId": user.name, "after": cursor})).await
    }

    async fn operation(&mut self, query: &str, variables: Value) -> Result<()> {
        let payload = json!({"query": query, "variables": variables});
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

    /// Whether `text` tells of an event.
    pub(crate) fn is_delivery(&self, text: &str) -> bool {
        match self.door {
            Door::SocketIo => text.starts_with(r#"42["activity:created""#),
            Door::Graphql | Door::Rest => {
                text.contains(r#""type":"next""#) && text.contains(r#""activityCreated":{"#)
            }
        }
    }

    /// Whether `text` is a ping; it is answered.
    pub(crate) async fn answer(&mut self, text: &str) -> Result<bool> {
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

    /// Sends a text message.
    pub(crate) async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Closes the socket as the protocol has it.
    pub(crate) async fn close(mut self) {
        // Where it is closed already, nobody is to be told.
        let _ = self.socket.close(None).await;
    }

    /// The next text message; `None` where the socket is closed.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => return Some(text.to_string()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }
}
