//! Subscribers, with as little in them as can be.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{AT_ONCE, PATIENCE, server::Server, token, user};

/// A client's side of a WebSocket with as little in it as can be.
pub(crate) struct Socket {
    stream: TcpStream,
    /// Bytes that are not taken apart yet.
    received: Vec<u8>,
    pub(crate) user: usize,
}

impl Socket {
    pub(crate) async fn open(address: SocketAddr, user: usize) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut socket = Self { stream, received: Vec::new(), user };
        let request = format!(
            "GET /graphql/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        socket.write(request.as_bytes()).await;
        let end = loop {
            if let Some(start) = socket.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break start + 4;
            }
            assert!(socket.read().await, "the server hung up in the handshake");
        };
        let head: Vec<u8> = socket.received.drain(..end).collect();
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        socket
    }

    pub(crate) async fn init(mut self) -> Self {
        let authorization = format!("Bearer {}", token(&user(self.user)));
        let payload = json!({"authorization": authorization});
        self.send(&json!({"type": "connection_init", "payload": payload}).to_string()).await;
        let answer = self.next().await.expect("no answer to connection_init");
        assert!(answer.contains("connection_ack"), "{answer}");
        self
    }

    /// Follows the socket's own user.
    pub(crate) async fn follow_own(self) -> Self {
        let own = self.user;
        self.follow(own..=own).await
    }

    /// Starts a subscription for each of `users`. That it stands, the server does not say; the answer to a ping says
    /// that all were read.
    pub(crate) async fn follow(mut self, users: RangeInclusive<usize>) -> Self {
        for number in users {
            let user = user(number);
            let query =
                format!(r#"subscription {{ activityCreated(userId: "{user}") {{ id title cursor }} }}"#);
            let subscribe =
                json!({"id": number.to_string(), "type": "subscribe", "payload": {"query": query}});
            self.send(&subscribe.to_string()).await;
        }
        self.send(r#"{"type":"ping"}"#).await;
        loop {
            let answer = self.next().await.expect("no answer to ping");
            if answer.contains(r#""type":"pong""#) {
                return self;
            }
            self.answer(&answer).await;
        }
    }

    /// Answers pings and counts results, as long as the server holds the socket.
    pub(crate) async fn listen(mut self, heard: Arc<AtomicU64>, closed: Arc<AtomicU64>) {
        while let Some(message) = self.next().await {
            if message.contains(r#""type":"next""#) {
                heard.fetch_add(1, Ordering::Relaxed);
            } else if message.contains(r#""type":"ping""#) {
                self.answer(&message).await;
            } else {
                break;
            }
        }
        closed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) async fn answer(&mut self, message: &str) {
        assert!(message.contains(r#""type":"ping""#), "{message}");
        self.send(r#"{"type":"pong"}"#).await;
    }

    /// The next text message; `None` where the socket is closed.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((start, end)) = self.frame() {
                let opcode = self.received[0] & 0x0f;
                let text = String::from_utf8_lossy(&self.received[start..end]).into_owned();
                self.received.drain(..end);
                match opcode {
                    1 => return Some(text),
                    8 => return None,
                    _ => continue,
                }
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Where the payload of the first frame lies, if all of it is there.
    pub(crate) fn frame(&self) -> Option<(usize, usize)> {
        let (start, length) = match *self.received.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes(self.received.get(2..4)?.try_into().ok()?))),
            length => (2, usize::from(length)),
        };
        (self.received.len() >= start + length).then_some((start, start + length))
    }

    /// Sends text in one frame, with a mask that changes nothing.
    pub(crate) async fn send(&mut self, text: &str) {
        const MASKED: u8 = 0x80;

        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(length) if length < 126 => frame.push(MASKED | length),
            _ => {
                frame.push(MASKED | 126);
                frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.write(&frame).await;
    }

    pub(crate) async fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.stream.writable().await.unwrap();
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("the server does not take what is written: {error}"),
            }
        }
    }

    /// Reads what there is; whether there may be more.
    pub(crate) async fn read(&mut self) -> bool {
        let mut bytes = [0; 2048];
        loop {
            self.stream.readable().await.unwrap();
            match self.stream.try_read(&mut bytes) {
                Ok(count) => {
                    self.received.extend(&bytes[..count]);
                    return count > 0;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
    }
}

/// Opens a socket for each of `users`.
pub(crate) async fn connect(server: &Server, users: impl IntoIterator<Item = usize>) -> Vec<Socket> {
    let opening = stream::iter(users).map(|user| spawn(Socket::open(server.address, user)));
    opening.buffer_unordered(AT_ONCE).collect().await
}

/// Takes all sockets one step further.
pub(crate) async fn each<F>(sockets: Vec<Socket>, step: impl Fn(Socket) -> F) -> Vec<Socket>
where
    F: Future<Output = Socket> + Send + 'static,
{
    stream::iter(sockets).map(|socket| spawn(step(socket))).buffer_unordered(AT_ONCE).collect().await
}

pub(crate) async fn spawn(step: impl Future<Output = Socket> + Send + 'static) -> Socket {
    tokio::spawn(timeout(PATIENCE, step)).await.unwrap().expect("the server does not answer")
}

/// What came in on sockets that are listened to.
pub(crate) struct Heard {
    results: Arc<AtomicU64>,
    closed: Arc<AtomicU64>,
}

impl Heard {
    pub(crate) fn of(sockets: impl Iterator<Item = Socket>) -> Self {
        let heard = Self { results: Arc::default(), closed: Arc::default() };
        for socket in sockets {
            tokio::spawn(socket.listen(heard.results.clone(), heard.closed.clone()));
        }
        heard
    }

    pub(crate) fn count(&self) -> u64 {
        self.results.load(Ordering::Relaxed)
    }

    pub(crate) async fn wait_for(&self, count: u64) {
        let start = Instant::now();
        while self.count() < count {
            assert!(start.elapsed() < PATIENCE, "{} of {count} results came", self.count());
            sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn none_is_closed(&self) {
        let closed = self.closed.load(Ordering::Relaxed);
        assert_eq!(
            closed, 0,
            "the server closed sockets or refused subscriptions: what was measured is not what was meant"
        );
    }
}
