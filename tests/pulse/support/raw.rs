//! A connection on which a test writes what no HTTP client would.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{Client, in_time};

/// A connection, and what was read of it and not yet looked at.
pub struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response as it was on the wire.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// As they came, with the line of the status.
    pub head: String,
    pub body: String,
}

impl RawAnswer {
    /// The code of its error.
    #[track_caller]
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"));
        let code = body["code"].as_str().or_else(|| body["errors"][0]["extensions"]["code"].as_str());
        code.unwrap_or_else(|| panic!("no code: {self:?}")).to_owned()
    }
}

impl Raw {
    pub async fn connect(client: &Client) -> Self {
        Self::to(client.address).await
    }

    pub async fn to(address: SocketAddr) -> Self {
        let stream = in_time("a connection", TcpStream::connect(address)).await.unwrap();
        Self { stream, read: Vec::new() }
    }

    /// A connection from another address of this machine.
    pub async fn from(own: &str, client: &Client) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(own.parse().unwrap(), 0)).unwrap();
        let stream = in_time("a connection", socket.connect(client.address)).await.unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Sends `bytes`, as far as the other side takes them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = in_time("bytes to be sent", self.stream.write_all(bytes.as_ref())).await;
    }

    /// Sends a GET of `path`.
    pub async fn get(&mut self, path: &str) -> RawAnswer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        self.answer().await
    }

    /// The next response, interim ones included.
    pub async fn answer(&mut self) -> RawAnswer {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more().await, "no answer: {:?}", String::from_utf8_lossy(&self.read));
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        let body = self.bytes(length.unwrap_or(0)).await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        RawAnswer { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// The next `count` bytes.
    pub async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.more().await, "the connection ended: {:?}", String::from_utf8_lossy(&self.read));
        }
        self.read.drain(..count).collect()
    }

    /// Waits until the other side has ended the connection, and returns what came before.
    pub async fn end(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    async fn more(&mut self) -> bool {
        let read = in_time("more bytes", self.stream.read_buf(&mut self.read)).await;
        // A reset is an end too.
        read.unwrap_or(0) > 0
    }
}
