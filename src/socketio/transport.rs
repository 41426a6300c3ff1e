//! The connections below Socket.IO. The library closes them all at once or not at all; a shutdown closes each at a
//! moment of its own, and without a goodbye: after a goodbye, clients do not come back by themselves.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
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
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::domain::Error;

/// When connections end at a shutdown: each at a random moment of `window` after `draining` is cancelled.
#[derive(Clone)]
pub(super) struct Drain {
    pub(super) draining: CancellationToken,
    pub(super) window: Duration,
}

/// Answers a request of the protocol. A poll or WebSocket that it opens ends some time after the shutdown began; new
/// connections are refused from then on.
pub(super) async fn serve(engine: SocketIoService<Router>, drain: Drain, mut request: Request) -> Response {
    let refusal = || Error::unavailable("the server shuts down").into_response();
    detach(&mut request);
    let resumes = request.uri().query().is_some_and(|query| query.contains("sid="));
    if drain.draining.is_cancelled() && !resumes {
        return refusal();
    }
    // The library answers the handshake but is not given the connection: it gets that in our wrapping.
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let handshake = upgrade.map(|upgrade| (upgrade, head_of(&request)));
    let response = tokio::select! {
        Ok(response) = engine.clone().oneshot(request) => response,
        () = end(drain.clone()) => return refusal(),
    };
    if let (Some((upgrade, head)), StatusCode::SWITCHING_PROTOCOLS) = (handshake, response.status()) {
        tokio::spawn(async move {
            let Ok(connection) = upgrade.await else { return };
            let connection = Ending { inner: TokioIo::new(connection), end: Some(end(drain)) };
            // The request was looked at when the handshake was answered.
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

type End = Pin<Box<dyn Future<Output = ()> + Send>>;

fn end(Drain { draining, window }: Drain) -> End {
    Box::pin(async move {
        draining.cancelled_owned().await;
        tokio::time::sleep(window.mul_f64(rand::random())).await;
    })
}

/// A connection that has nothing more to read once its end has come.
struct Ending<S> {
    inner: S,
    /// None once it has come.
    end: Option<End>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Ending<S> {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for Ending<S> {
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
