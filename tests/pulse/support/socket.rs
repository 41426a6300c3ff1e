//! A client of `graphql-transport-ws`.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{Client, in_time};

/// A socket with one reader; messages for other operations are kept.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    kept: VecDeque<Value>,
    next_id: u32,
}

/// An operation of a socket.
#[derive(Debug, Clone)]
pub struct Subscription {
    id: String,
}

impl Socket {
    /// Opens `/graphql/ws` with `protocol`, and says nothing.
    pub async fn open(client: &Client, protocol: &str) -> Self {
        let mut request = format!("ws://{}/graphql/ws", client.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        let (stream, _) = in_time("a socket", connect_async(request)).await.unwrap();
        Self { stream, kept: VecDeque::new(), next_id: 0 }
    }

    /// Opens a socket and initialises it with the client's token.
    pub async fn connect(client: &Client) -> Self {
        let mut socket = Self::open(client, "graphql-transport-ws").await;
        let payload = client.token.as_ref().map_or(json!({}), |token| json!({"authorization": token}));
        socket.send(&json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    /// [`Socket::connect`] to a server that may be gone.
    pub async fn try_connect(client: &Client) -> Option<Self> {
        let mut request = format!("ws://{}/graphql/ws", client.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (stream, _) = in_time("a socket or its refusal", connect_async(request)).await.ok()?;
        let mut socket = Self { stream, kept: VecDeque::new(), next_id: 0 };
        let init = json!({"type": "connection_init"});
        socket.stream.send(Message::text(init.to_string())).await.ok()?;
        (socket.receive().await["type"] == "connection_ack").then_some(socket)
    }

    /// [`Socket::subscribe`] on a socket that may break.
    pub async fn try_subscribe(&mut self, query: &str, variables: Value) -> Option<Subscription> {
        let payload = json!({"query": query, "variables": variables});
        let message = json!({"type": "subscribe", "id": "only", "payload": payload});
        self.stream.send(Message::text(message.to_string())).await.ok()?;
        Some(Subscription { id: "only".to_owned() })
    }

    pub async fn send(&mut self, message: &Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; pings are answered. A close is `{"type": "closed", "code", "reason"}`.
    pub async fn receive(&mut self) -> Value {
        if let Some(message) = self.kept.pop_front() {
            return message;
        }
        loop {
            let message = self.read().await;
            if message["type"] != "ping" {
                return message;
            }
            self.send(&json!({"type": "pong"})).await;
        }
    }

    async fn read(&mut self) -> Value {
        loop {
            match in_time("a message", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return json!({"type": "closed", "code": u16::from(frame.code), "reason": frame.reason.as_str()});
                }
                Some(Ok(Message::Close(None))) | None => return json!({"type": "closed"}),
                Some(Ok(_)) => {}
                Some(Err(error)) => return json!({"type": "closed", "error": error.to_string()}),
            }
        }
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, query: &str, variables: Value) -> Subscription {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let payload = json!({"query": query, "variables": variables});
        self.send(&json!({"type": "subscribe", "id": id, "payload": payload})).await;
        Subscription { id }
    }

    /// The next message of an operation.
    pub async fn message_of(&mut self, subscription: &Subscription) -> Value {
        let waiting = self.kept.iter().position(|message| message["id"] == subscription.id);
        if let Some(message) = waiting.and_then(|index| self.kept.remove(index)) {
            return message;
        }
        loop {
            let message = self.read().await;
            if message["type"] == "ping" {
                self.send(&json!({"type": "pong"})).await;
            } else if message["id"] == subscription.id || message["type"] == "closed" {
                return message;
            } else {
                self.kept.push_back(message);
            }
        }
    }

    /// The `data` of the next result of an operation.
    pub async fn next(&mut self, subscription: &Subscription) -> Value {
        let message = self.message_of(subscription).await;
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].clone()
    }

    /// Waits until the server has taken up everything that was sent before: it answers messages in order.
    pub async fn settle(&mut self) {
        self.send(&json!({"type": "ping", "payload": {"settle": true}})).await;
        loop {
            let message = self.read().await;
            if message["type"] == "pong" {
                return;
            }
            self.kept.push_back(message);
        }
    }
}
