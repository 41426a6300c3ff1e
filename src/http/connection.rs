//! A TCP connection, and the bounded number of them.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    time::timeout,
};

/// Bounds on reading what a client still sends after the server's last bytes.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// Bytes that are read at once meanwhile.
const LINGER_READ_BYTES: usize = 16 * 1024;

/// A TCP connection that counts among those of the server until it is closed.
///
/// Closing a connection with unread data makes the kernel reset it, and the client then loses the last bytes: an error
/// response, or the close frame of a WebSocket. So where the client has not ended its side, its data is read and dropped
/// for a moment.
pub(super) struct Connection {
    /// None once it is closing.
    stream: Option<TcpStream>,
    slot: Option<ConnectionSlot>,
    /// Whether the client has ended its side, or nothing of it is waited for.
    ended: bool,
}

impl Connection {
    /// A connection that takes `slot`.
    pub(super) fn new(stream: TcpStream, slot: ConnectionSlot) -> Self {
        Self { stream: Some(stream), slot: Some(slot), ended: false }
    }

    /// A connection that takes no slot, and is closed at once where it is dropped.
    pub(super) fn without_slot(stream: TcpStream) -> Self {
        Self { stream: Some(stream), slot: None, ended: true }
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
            let slot = self.slot.take();
            runtime.spawn(async move {
                linger(stream).await;
                drop(slot);
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

/// Bounds the number of open connections: in all, and from one address. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct ConnectionSlots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    most_per_address: Option<NonZeroUsize>,
    open: AtomicUsize,
    /// By address; empty where addresses have no limit.
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// Why there is no slot for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotsFull {
    /// The server has as many connections as it may.
    Server,
    /// The client's address has as many connections as it may.
    Address,
}

/// A slot of one connection, released when it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    slots: Arc<Inner>,
    /// Where addresses have a limit; in a box, because each idle connection keeps it.
    address: Option<Box<IpAddr>>,
}

impl ConnectionSlots {
    /// `most` in all, and `most_per_address` from one address where that is limited.
    pub(super) fn new(most: usize, most_per_address: Option<NonZeroUsize>) -> Self {
        let (open, addresses) = (AtomicUsize::new(0), Mutex::default());
        Self(Arc::new(Inner { most, most_per_address, open, addresses }))
    }

    /// Takes a slot for a client at `address`.
    pub(super) fn take(&self, address: IpAddr) -> Result<ConnectionSlot, SlotsFull> {
        let mut slot = ConnectionSlot { slots: self.0.clone(), address: None };
        // From here on a drop releases what was taken.
        if self.0.open.fetch_add(1, Ordering::Relaxed) >= self.0.most {
            return Err(SlotsFull::Server);
        }
        if let Some(most) = self.0.most_per_address {
            let address = network(address);
            let mut addresses = self.0.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let open = addresses.entry(address).or_default();
            if *open >= most.get() {
                drop(addresses);
                return Err(SlotsFull::Address);
            }
            *open += 1;
            drop(addresses);
            slot.address = Some(Box::new(address));
        }
        Ok(slot)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.open.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = &self.address else { return };
        let mut addresses = self.slots.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = addresses.get_mut(&**address) {
            *open -= 1;
            if *open == 0 {
                addresses.remove(&**address);
            }
        }
    }
}

/// The unit that counts as one address: of IPv6 the first 64 bits, because one client has all addresses below these.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let slots = ConnectionSlots::new(3, NonZeroUsize::new(2));
        let (ada, bob): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "::ffff:10.0.0.2".parse().unwrap());
        let one = slots.take(ada).unwrap();
        let _two = slots.take(ada).unwrap();
        assert_eq!(slots.take(ada).unwrap_err(), SlotsFull::Address);
        let _three = slots.take(bob).unwrap();
        assert_eq!(slots.take(bob).unwrap_err(), SlotsFull::Server);
        drop(one);
        let _four = slots.take("10.0.0.2".parse().unwrap()).unwrap();
        assert_eq!(slots.take(bob).unwrap_err(), SlotsFull::Server);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let slots = ConnectionSlots::new(9, NonZeroUsize::new(1));
        let _one = slots.take("2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(slots.take("2001:db8::2".parse().unwrap()).unwrap_err(), SlotsFull::Address);
        let _other = slots.take("2001:db8:0:1::2".parse().unwrap()).unwrap();
    }
}
