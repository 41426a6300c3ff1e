//! What is left of a request's body when it is answered.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
};
use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;

/// How much of what is left is read, in bytes.
const BYTES: usize = 1024 * 1024;
/// For how long.
const TIME: Duration = Duration::from_secs(2);

/// What comes back of a body that was lent.
pub(super) struct Left(oneshot::Receiver<BodyDataStream>);

/// Lends a request's body to the doors, where it has one.
pub(super) fn lend(request: Request) -> (Request, Option<Left>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let (back, left) = oneshot::channel();
    let lent =
        |body: Body| Body::from_stream(Lent { stream: Some(body.into_data_stream()), back: Some(back) });
    (request.map(lent), Some(Left(left)))
}

impl Left {
    /// Reads what the doors left, within bounds. The connection is closed where a body is not read to its end, and a
    /// client that is still sending then sees a broken connection, and not why it was refused.
    pub(super) async fn drain(mut self) {
        if let Ok(rest) = self.0.try_recv() {
            // A sender that is too slow is cut off.
            let _ = tokio::time::timeout(TIME, drain(rest)).await;
        }
    }
}

async fn drain(mut rest: BodyDataStream) {
    let mut read = 0;
    while let Some(Ok(bytes)) = rest.next().await {
        read += bytes.len();
        if read > BYTES {
            return;
        }
    }
}

/// A body that goes back where it came from when it is dropped before its end.
struct Lent {
    stream: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let polled = stream.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None)) {
            self.stream = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            let _ = back.send(stream);
        }
    }
}
