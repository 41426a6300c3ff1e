//! The body of a request: its deadline, and the rest of it that its handler did not read.

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

/// Bytes of the rest of a body that are read.
const DRAIN_BYTES: usize = 1024 * 1024;
/// How long the rest of a body is read.
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// How long a handler may take to respond that a body did not come in time.
const LATE_RESPONSE_TIME: Duration = Duration::from_secs(1);

/// How far the body of a request was read.
#[derive(Debug, Default)]
pub(super) struct BodyProgress {
    /// When the body must be complete; not set where there is none.
    deadline: OnceLock<Instant>,
    /// When the last of it was read.
    done: OnceLock<Instant>,
    late: AtomicBool,
    left: Mutex<Option<Body>>,
}

/// The body did not come in time.
#[derive(Debug)]
pub(super) struct BodyTimeout(pub(super) Duration);

impl fmt::Display for BodyTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body did not come within {:?}", self.0)
    }
}

impl std::error::Error for BodyTimeout {}

/// Wraps the body of a request, where it has one: it fails with [`BodyTimeout`] after `limit`, and what its handler does not
/// read goes to `context` when it is dropped, for [`BodyProgress::drain`].
pub(super) fn drain_on_drop<C>(request: Request, context: &C, limit: Duration) -> Request
where
    C: AsRef<BodyProgress> + Clone + Send + Unpin + 'static,
{
    if request.body().is_end_stream() {
        return request;
    }
    let deadline = Instant::now() + limit;
    let _ = context.as_ref().deadline.set(deadline);
    let waits = request.headers().contains_key(header::EXPECT);
    let context = context.clone();
    request.map(|body| {
        Body::new(ReclaimedBody {
            body: Some(body),
            context,
            deadline,
            limit,
            alarm: None,
            waits,
            polled: false,
        })
    })
}

impl BodyProgress {
    /// Whether the body did not come in time.
    pub(super) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Reads the rest of the body, within bounds. Otherwise the connection would be closed, and a client that is still
    /// sending would see a broken connection and not the response.
    pub(super) async fn drain(&self) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(rest) = left.filter(|_| !self.is_late()) {
            // A slow sender is cut off.
            let _ = timeout(DRAIN_TIME, drain(rest)).await;
        }
    }

    /// Waits for `answer`, which may take `limit` after the request and its body are complete; `None` where it takes longer.
    pub(super) async fn with_timeout<A: Future>(&self, limit: Duration, answer: A) -> Option<A::Output> {
        let mut answer = pin!(answer);
        let mut end = Instant::now() + limit;
        loop {
            if let Ok(output) = timeout_at(end, answer.as_mut()).await {
                return Some(output);
            }
            let later = match (self.done.get(), self.deadline.get()) {
                (Some(done), _) => *done + limit,
                (None, Some(deadline)) => *deadline + LATE_RESPONSE_TIME,
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
        if read > DRAIN_BYTES {
            return;
        }
    }
}

/// A body whose rest goes to its [`BodyProgress`] when it is dropped before its end.
struct ReclaimedBody<C: AsRef<BodyProgress>> {
    body: Option<Body>,
    context: C,
    deadline: Instant,
    limit: Duration,
    /// Only where the body had to be waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether the client sends it only after "100 Continue" (`Expect: 100-continue`), which the first read causes.
    waits: bool,
    polled: bool,
}

impl<C: AsRef<BodyProgress> + Unpin> HttpBody for ReclaimedBody<C> {
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
                    let _ = this.context.as_ref().done.set(Instant::now());
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
        this.context.as_ref().late.store(true, Ordering::Relaxed);
        this.body = None;
        Poll::Ready(Some(Err(axum::Error::new(BodyTimeout(this.limit)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl<C: AsRef<BodyProgress>> Drop for ReclaimedBody<C> {
    fn drop(&mut self) {
        let reading = self.context.as_ref();
        let _ = reading.done.set(Instant::now());
        // A client that waits for "100 Continue" does not send what is not read.
        let asked = self.polled || !self.waits;
        if let Some(body) = self.body.take().filter(|body| asked && !body.is_end_stream()) {
            *reading.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending, sync::Arc};

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
        let progress = Arc::new(BodyProgress::default());
        let body = drain_on_drop(request(silent()), &progress, SHORT).into_body();
        assert!(body.collect().await.is_err());
        assert!(progress.is_late());
    }

    #[tokio::test]
    async fn the_time_of_an_answer_begins_when_the_body_is_there() {
        let progress = Arc::new(BodyProgress::default());
        let slow = stream::once(async {
            tokio::time::sleep(SHORT * 2).await;
            Ok::<_, Infallible>(Bytes::from_static(b"{}"))
        });
        let body = drain_on_drop(request(Body::from_stream(slow)), &progress, LONG).into_body();
        let answer = progress.with_timeout(SHORT, async { body.collect().await.unwrap().to_bytes() });
        assert_eq!(answer.await.as_deref(), Some(&b"{}"[..]));
        assert_eq!(progress.with_timeout(SHORT, pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn what_a_door_left_comes_back_unless_its_client_waits_to_be_asked() {
        for (waits, comes_back) in [(false, true), (true, false)] {
            let (progress, mut request) = (Arc::new(BodyProgress::default()), request(silent()));
            if waits {
                request
                    .headers_mut()
                    .insert(header::EXPECT, header::HeaderValue::from_static("100-continue"));
            }
            drop(drain_on_drop(request, &progress, LONG));
            assert_eq!(progress.left.lock().unwrap().is_some(), comes_back);
        }
    }
}
