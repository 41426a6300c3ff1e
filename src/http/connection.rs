//! An accepted connection: the place that it takes, and an end that loses no answer.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    time::timeout,
};

use super::places::Place;

/// How long, and how many bytes, are read of what a client still sends after the server's last word.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// How much is read at once meanwhile.
const LINGER_READ_BYTES: usize = 16 * 1024;

/// A TCP connection that counts among those of the server until it is closed.
///
/// A kernel that is told to close a connection with unread data resets it, and the client then loses what was sent last:
/// a refusal, or the close frame of a WebSocket. So where the client has not ended its side, what it still sends is read
/// and dropped for a moment.
pub(super) struct Connection {
    /// None once it is closing.
    stream: Option<TcpStream>,
    place: Option<Place>,
    /// Whether the client has ended its side, or nothing of it is waited for.
    ended: bool,
}

impl Connection {
    /// A connection that takes `place`.
    pub(super) fn new(stream: TcpStream, place: Place) -> Self {
        Self { stream: Some(stream), place: Some(place), ended: false }
    }

    /// A connection that takes no place, and is closed at once where it is dropped.
    pub(super) fn without_place(stream: TcpStream) -> Self {
        Self { stream: Some(stream), place: None, ended: true }
    }

    /// Ends the server's side, and reads what the client still sends for a moment.
    pub(super) async fn close(mut self) {
        if let Some(stream) = self.stream.take() {
            linger(stream).await;
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (Some(stream), false) = (self.stream.take(), self.ended) else { return };
        if let Ok(runtime) = Handle::try_current() {
            let place = self.place.take();
            runtime.spawn(async move {
                linger(stream).await;
                drop(place);
            });
        }
    }
}

async fn linger(mut stream: TcpStream) {
    let reading = async {
        stream.shutdown().await?;
        let (mut buffer, mut read) = (Vec::new(), 0);
        while read < LINGER_BYTES {
            stream.readable().await?;
            // Only now: most clients just close.
            buffer.resize(LINGER_READ_BYTES, 0);
            match stream.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok::<(), io::Error>(())
    };
    // A client that broke off has nothing to lose.
    let _ = timeout(LINGER_TIME, reading).await;
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let polled = self.stream()?.poll_read(cx, buffer);
        match &polled {
            Poll::Ready(Ok(())) if buffer.filled().len() == before && room > 0 => self.ended = true,
            Poll::Ready(Err(_)) => self.ended = true,
            _ => {}
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
