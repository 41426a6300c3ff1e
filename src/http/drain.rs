//! The body of a request: how long it may take, and what is left of it when the request is answered.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

use super::Note;

/// How much of what is left is read, in bytes.
const BYTES: usize = 1024 * 1024;
/// For how long.
const TIME: Duration = Duration::from_secs(2);
/// How long a door may take to answer that a body did not come in time.
const ANSWER: Duration = Duration::from_secs(1);

/// How far a request's body was read. It is part of the request's [`Note`].
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// When the body must be there; not set where there is none.
    deadline: OnceLock<Instant>,
    /// Since when nothing more is read of it.
    done: OnceLock<Instant>,
    late: AtomicBool,
    left: Mutex<Option<Body>>,
}

/// The body did not come in time.
#[derive(Debug)]
pub(super) struct Late(pub(super) Duration);

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body did not come within {:?}", self.0)
    }
}

impl std::error::Error for Late {}

/// Lends a request's body to the doors, where it has one: it fails with [`Late`] after `limit`.
pub(super) fn lend(request: Request, note: &Note, limit: Duration) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let deadline = Instant::now() + limit;
    let _ = note.body().deadline.set(deadline);
    let waits = request.headers().contains_key(header::EXPECT);
    let note = note.clone();
    request.map(|body| {
        Body::new(Lent { body: Some(body), note, deadline, limit, alarm: None, waits, polled: false })
    })
}

impl Reading {
    /// Whether the body did not come in time.
    pub(super) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Reads what the doors left, within bounds. The connection is closed where a body is not read to its end, and a
    /// client that is still sending then sees a broken connection, and not why it was refused.
    pub(super) async fn drain(&self) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(rest) = left.filter(|_| !self.is_late()) {
            // A sender that is too slow is cut off.
            let _ = timeout(TIME, drain(rest)).await;
        }
    }

    /// Waits for `answer`, which may take `limit` from when the request and its body are there; `None` where it takes longer.
    pub(super) async fn within<A: Future>(&self, limit: Duration, answer: A) -> Option<A::Output> {
        let mut answer = pin!(answer);
        let mut end = Instant::now() + limit;
        loop {
            if let Ok(output) = timeout_at(end, answer.as_mut()).await {
                return Some(output);
            }
            let later = match (self.done.get(), self.deadline.get()) {
                (Some(done), _) => *done + limit,
                (None, Some(deadline)) => *deadline + ANSWER,
                (None, None) => return None,
            };
            if later <= end {
                return None;
            }
            end = later;
        }
    }
}

async fn drain(mut rest: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = rest.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > BYTES {
            return;
        }
    }
}

/// A body that goes back where it came from when it is dropped before its end.
struct Lent {
    body: Option<Body>,
    note: Note,
    deadline: Instant,
    limit: Duration,
    /// Only where the body had to be waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether the client sends it only when it is asked to (`Expect: 100-continue`), which the first read does.
    waits: bool,
    polled: bool,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        this.polled = true;
        match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Ready(frame) => {
                if frame.is_none() || body.is_end_stream() {
                    let _ = this.note.body().done.set(Instant::now());
                }
                if frame.is_none() {
                    this.body = None;
                }
                return Poll::Ready(frame);
            }
            Poll::Pending => {}
        }
        let deadline = this.deadline;
        let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.note.body().late.store(true, Ordering::Relaxed);
        this.body = None;
        Poll::Ready(Some(Err(axum::Error::new(Late(this.limit)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let reading = self.note.body();
        let _ = reading.done.set(Instant::now());
        // A client that waits to be asked is not asked for what nobody wants.
        let asked = self.polled || !self.waits;
        if let Some(body) = self.body.take().filter(|body| asked && !body.is_end_stream()) {
            *reading.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending};

    use futures_util::stream;

    use super::*;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(60);

    fn request(body: Body) -> Request {
        Request::new(body)
    }

    fn silent() -> Body {
        Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_fails() {
        let note = Note::default();
        let body = lend(request(silent()), &note, SHORT).into_body();
        assert!(body.collect().await.is_err());
        assert!(note.body().is_late());
    }

    #[tokio::test]
    async fn the_time_of_an_answer_begins_when_the_body_is_there() {
        let note = Note::default();
        let slow = stream::once(async {
            tokio::time::sleep(SHORT * 2).await;
            Ok::<_, Infallible>(Bytes::from_static(b"{}"))
        });
        let body = lend(request(Body::from_stream(slow)), &note, LONG).into_body();
        let answer = note.body().within(SHORT, async { body.collect().await.unwrap().to_bytes() });
        assert_eq!(answer.await.as_deref(), Some(&b"{}"[..]));
        assert_eq!(note.body().within(SHORT, pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn what_a_door_left_comes_back_unless_its_client_waits_to_be_asked() {
        for (waits, comes_back) in [(false, true), (true, false)] {
            let (note, mut request) = (Note::default(), request(silent()));
            if waits {
                request
                    .headers_mut()
                    .insert(header::EXPECT, header::HeaderValue::from_static("100-continue"));
            }
            drop(lend(request, &note, LONG));
            assert_eq!(note.body().left.lock().unwrap().is_some(), comes_back);
        }
    }
}
