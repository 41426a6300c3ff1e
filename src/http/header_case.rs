//! The names of the headers in the answer to an upgrade, in the case in which RFC 6455 writes them.
//!
//! Header names have no case, and hyper writes them small. Clients that look for `Sec-WebSocket-Protocol` as it stands
//! (python's gql 4.4) would take the other protocol of the two that they offered. hyper's title case does not help: it
//! writes `Sec-Websocket-Protocol`, and takes a slower path for all answers.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{Extensions, StatusCode},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncWriteExt,
    sync::{OnceCell, mpsc},
};

/// A request that has the names as they are to be written.
const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: x\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// Room for that request and for the answer to it, in bytes.
const BUFFER_BYTES: usize = 1_024;

/// hyper's own note of names, which it does not let others make: so it reads them once.
static NAMES: OnceCell<Extensions> = OnceCell::const_new();

/// Has the names of an answer that upgrades written in their usual case.
pub(super) async fn set_upgrade_header_case(response: &mut Response) {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let names = match NAMES.get() {
        Some(names) => names,
        // Boxed, so that the future of every request keeps no room for it.
        None => Box::pin(NAMES.get_or_init(read_names)).await,
    };
    response.extensions_mut().extend(names.clone());
}

/// Lets hyper read [`HEAD`] from memory, and takes its record of the names. If that fails, names stay in lower case.
async fn read_names() -> Extensions {
    let (mut client, server) = tokio::io::duplex(BUFFER_BYTES);
    let (sender, mut noted) = mpsc::unbounded_channel();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        // The receiver is alive until the connection ends.
        let _ = sender.send(std::mem::take(request.extensions_mut()));
        std::future::ready(Ok::<_, Infallible>(hyper::Response::new(Body::empty())))
    });
    if client.write_all(HEAD).await.is_ok() {
        let mut builder = http1::Builder::new();
        let reading = builder.preserve_header_case(true).serve_connection(TokioIo::new(server), service);
        if let Err(error) = reading.await {
            tracing::debug!(%error, "names of headers could not be read");
        }
    }
    let mut names = noted.recv().await.unwrap_or_default();
    names.remove::<OnUpgrade>();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hyper_notes_the_names() {
        let mut response = Response::new(Body::empty());
        set_upgrade_header_case(&mut response).await;
        assert!(response.extensions().is_empty(), "other answers are left alone");
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        set_upgrade_header_case(&mut response).await;
        assert_eq!(response.extensions().len(), 1);
    }
}
