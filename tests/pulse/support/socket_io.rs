//! A client of Socket.IO by hand, over WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::{Client, in_time};

/// A connection that has joined the namespace.
pub struct SocketIo(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl SocketIo {
    /// Joins with the client's token, where it has one.
    pub async fn connect(client: &Client) -> Self {
        let address = format!("ws://{}/socket.io/?EIO=4&transport=websocket", client.address);
        let (stream, _) = in_time("a socket", connect_async(address)).await.unwrap();
        let mut socket = Self(stream);
        socket.until("0").await;
        let payload = client.token.as_ref().map_or(json!({}), |token| json!({"token": token}));
        socket.send(&format!("40{payload}")).await;
        socket.until("40").await;
        socket
    }

    pub async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    /// The next packet that starts with `start`.
    pub async fn until(&mut self, start: &str) -> String {
        loop {
            let packet = in_time(start, self.packet()).await;
            let packet = packet.unwrap_or_else(|| panic!("the socket ended before {start}"));
            if packet.starts_with(start) {
                return packet;
            }
        }
    }

    /// All packets up to the end of the socket.
    pub async fn rest(mut self) -> String {
        let mut all = String::new();
        while let Some(packet) = self.packet().await {
            all += &packet;
            // The namespace is closed; the connection below may stay.
            if packet == "41" {
                break;
            }
        }
        all
    }

    /// The next packet that is no ping; those are answered. None at the end of the connection.
    async fn packet(&mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) if text.as_str() == "2" => self.send("3").await,
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                _ => return None,
            }
        }
    }
}
