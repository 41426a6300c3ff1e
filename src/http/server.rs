//! The HTTP/1.1 server: it accepts connections and bounds the memory and time of each.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::future::RouteFuture,
};
use futures_util::future::{Either, Ready, ready};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::AbortHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

use crate::domain::Error;

use super::{
    connection::{Connection, ConnectionSlot, ConnectionSlots, SlotsFull},
    error::{ErrorBody, respond},
    head::make_canonical,
};

/// The largest head of a request, in bytes; 431 beyond it.
const HEAD_BYTES: usize = 64 * 1024;
/// Connections that wait to be accepted. The kernel may hold fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 1_024;
/// Connections beyond the limit that are answered at the same time; one more drops the oldest.
const REFUSALS: usize = 16;
/// How long such a connection may take to send its head, and in all.
const REFUSAL_HEAD: Duration = Duration::from_secs(2);
const REFUSAL: Duration = Duration::from_secs(4);
/// How long is waited after a connection could not be accepted.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);
/// How often the same complaint is logged at most.
const COMPLAINT: Duration = Duration::from_secs(10);

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open at the same time.
    pub connections: usize,
    /// Of those, from one address.
    pub per_address: Option<NonZeroUsize>,
    /// How long the head of a request may take; a connection that is idle as long is closed.
    pub head: Duration,
    /// How long a client may leave data unread before the connection ends.
    pub unread: Duration,
}

/// Listens on `address`.
///
/// # Errors
/// Those of the system, such as a port that is taken.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart finds connections of the server before it in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers connections by a router.
pub struct Server {
    router: Router,
    limits: ConnectionLimits,
    slots: ConnectionSlots,
    /// Cancelled when connections have to end with the request that they are at.
    stopped: CancellationToken,
    connections: TaskTracker,
    refusals: VecDeque<AbortHandle>,
    full: Complaint,
    failing: Complaint,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Server {
    /// A server that ends its connections once `stopped` is cancelled, each after the request that it is at.
    pub fn new(router: Router, limits: ConnectionLimits, stopped: CancellationToken) -> Self {
        Self {
            router,
            limits,
            slots: ConnectionSlots::new(limits.connections, limits.per_address),
            stopped,
            connections: TaskTracker::new(),
            refusals: VecDeque::new(),
            full: Complaint::default(),
            failing: Complaint::default(),
        }
    }

    /// The connections that were accepted before the server was stopped, without those that were taken over.
    pub fn connections(&self) -> TaskTracker {
        self.connections.clone()
    }

    /// Accepts connections as long as it is polled, also when it is stopped: those that come then are still answered, once.
    pub async fn run(mut self, listener: TcpListener) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.accept(stream, address),
                Err(error) if broke_off(&error) => {}
                Err(error) => {
                    if self.failing.is_due() {
                        complain(&error);
                    }
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    fn accept(&mut self, stream: TcpStream, address: SocketAddr) {
        end_when_unread(&stream, self.limits.unread);
        match self.slots.take(address.ip()) {
            Ok(slot) => self.serve(stream, slot),
            Err(full) => {
                if self.full.is_due() {
                    let (open, per_address) = (self.limits.connections, self.limits.per_address);
                    match full {
                        SlotsFull::Server => tracing::warn!(
                            open,
                            "MAX_CONNECTIONS is reached: further connections are answered 503"
                        ),
                        SlotsFull::Address => tracing::warn!(
                            address = %address.ip(),
                            open = per_address.map(NonZeroUsize::get),
                            "MAX_CONNECTIONS_PER_ADDRESS is reached by one address: its further connections are answered \
                             429"
                        ),
                    }
                }
                self.refuse(stream, full);
            }
        }
    }

    fn serve(&self, stream: TcpStream, slot: ConnectionSlot) {
        let service = Routed { router: self.router.clone(), full: None };
        let mut builder = builder(self.limits.head);
        let io = TokioIo::new(Connection::new(stream, slot));
        if self.stopped.is_cancelled() {
            // A graceful shutdown closes a connection that has not sent anything yet without a response.
            let connection = builder.keep_alive(false).serve_connection(io, service).with_upgrades();
            tokio::spawn(connection);
            return;
        }
        let stopped = self.stopped.clone();
        let mut connection = Box::pin(builder.serve_connection(io, service).with_upgrades());
        self.connections.spawn(async move {
            // How a connection breaks off is its client's business.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stopped.cancelled_owned() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        });
    }

    /// Answers one request of a connection that gets no slot: how the server is, else that it is full.
    fn refuse(&mut self, stream: TcpStream, full: SlotsFull) {
        self.refusals.retain(|refusal| !refusal.is_finished());
        if self.refusals.len() >= REFUSALS
            && let Some(oldest) = self.refusals.pop_front()
        {
            oldest.abort();
        }
        let service = Routed { router: self.router.clone(), full: Some(full) };
        let refusing = async move {
            let io = TokioIo::new(Connection::without_slot(stream));
            let connection = builder(REFUSAL_HEAD).keep_alive(false).serve_connection(io, service);
            if let Ok(parts) = connection.without_shutdown().await {
                parts.io.into_inner().close().await;
            }
        };
        self.refusals.push_back(tokio::spawn(timeout(REFUSAL, refusing)).abort_handle());
    }
}

fn builder(head: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_header_size(HEAD_BYTES)
        // The buffer of a head; a body passes through it in pieces.
        .max_buf_size(HEAD_BYTES);
    builder
}

/// The service of one connection.
#[derive(Clone)]
struct Routed {
    router: Router,
    /// Why it is answered only how the server is.
    full: Option<SlotsFull>,
}

impl Service<hyper::Request<Incoming>> for Routed {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request: Request = request.map(Body::new);
        make_canonical(request.uri_mut());
        match self.full {
            Some(full) if !matches!(request.uri().path(), "/api/ready" | "/api/health") => {
                Either::Left(ready(Ok(refusal(full))))
            }
            _ => Either::Right(self.router.clone().call(request)),
        }
    }
}

/// Not logged one by one: they come in numbers.
fn refusal(full: SlotsFull) -> Response {
    let error = match full {
        SlotsFull::Server => Error::unavailable("as many connections are open as may be"),
        SlotsFull::Address => Error::RateLimited { retry_after: Duration::from_secs(1) },
    };
    respond(&error, Json(ErrorBody::from(&error)).into_response())
}

/// Something that is logged again only after a while.
#[derive(Debug, Default)]
struct Complaint(Option<Instant>);

impl Complaint {
    fn is_due(&mut self) -> bool {
        let due = self.0.is_none_or(|last| last.elapsed() >= COMPLAINT);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}

/// Whether one client broke off before it was accepted.
fn broke_off(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Logs why no connection can be accepted, and the remedy where files ran out.
fn complain(error: &io::Error) {
    // EMFILE and ENFILE, of which the standard library knows no kind; the same numbers on every Unix.
    match error.raw_os_error() {
        Some(24) => tracing::error!(
            %error,
            "connections cannot be accepted: the process has reached its limit on open files (ulimit -n); lower \
             MAX_CONNECTIONS or raise the limit"
        ),
        Some(23) => {
            tracing::error!(%error, "connections cannot be accepted: the system has reached its limit on open files");
        }
        _ => tracing::error!(%error, "connections cannot be accepted"),
    }
}

/// Lets the kernel end a connection whose client has not read for `limit` while data waits. A WebSocket is closed with
/// a reason before that; a stream over HTTP has no other end, because nothing is asked of it while its client is stuck.
fn end_when_unread(connection: &TcpStream, limit: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(connection).set_tcp_user_timeout(Some(limit)) {
        tracing::debug!(%error, "a connection has no limit on unread data");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, limit);
}
