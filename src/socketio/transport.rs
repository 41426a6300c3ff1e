//! The connections below Socket.IO. The library closes them all at once or not at all; a shutdown closes each at a moment
//! of its own, without a disconnect packet, after which clients would not reconnect by themselves.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::Request,
    http::{self, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower::ServiceExt;

use crate::http::{ConnectionEnd, Drain};

/// Answers a request of the protocol. A poll or WebSocket that it opens ends some time after the shutdown began; new
/// connections are refused from then on.
pub(super) async fn serve(engine: SocketIoService<Router>, drain: Drain, mut request: Request) -> Response {
    let rejection = || ConnectionEnd::Shutdown.error().into_response();
    detach(&mut request);
    let resumes = request.uri().query().is_some_and(|query| query.contains("sid="));
    if drain.has_begun() && !resumes {
        return rejection();
    }
    // The library answers the handshake without the connection, which it then gets wrapped.
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let handshake = upgrade.map(|upgrade| (upgrade, head_of(&request)));
    let response = tokio::select! {
        Ok(response) = engine.clone().oneshot(request) => response,
        () = drain.clone().connection_end() => return rejection(),
    };
    if let (Some((upgrade, head)), StatusCode::SWITCHING_PROTOCOLS) = (handshake, response.status()) {
        tokio::spawn(async move {
            let Ok(connection) = upgrade.await else { return };
            let connection =
                DrainingIo { inner: TokioIo::new(connection), end: Some(Box::pin(drain.connection_end())) };
            // The request was checked when the handshake was answered.
            let _ = hyper::service::Service::call(&engine, (connection, head)).await;
        });
    }
    response.into_response()
}

/// Copies the head of a request out of the buffer that it was read into. The library keeps the head as long as the
/// connection, and with one header of it all of the buffer would be kept: 16 KiB.
fn detach(request: &mut Request) {
    for value in request.headers_mut().values_mut() {
        if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = copy;
        }
    }
    if let Ok(copy) = Uri::try_from(request.uri().to_string()) {
        *request.uri_mut() = copy;
    }
}

fn head_of(request: &Request) -> http::Request<()> {
    let mut head = http::Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    head
}

/// A connection that reads its end once the server drains it.
struct DrainingIo<S> {
    inner: S,
    /// None once it has come.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for DrainingIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_pending()) {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        self.end = None;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DrainingIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
