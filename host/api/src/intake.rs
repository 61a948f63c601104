//! Bodies of requests, on their way in: given up when nothing comes, and read to their end when
//! the request is refused, so that the refusal reaches a client who is still sending.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;

use crate::app::App;
use crate::problem::Problem;

/// What is read of a body that nobody wants: as much as the largest component. Whoever sends more
/// asks first (`Expect: 100-continue`), or is hung up on.
const UNWANTED_BYTES_MAX: u64 = 66 << 20;

/// How long it is read.
const UNWANTED_TIME_MAX: Duration = Duration::from_secs(10);

/// Watches over the body of a request.
pub(crate) async fn watch(State(app): State<App>, request: Request, next: Next) -> Response {
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let source = Arc::new(Source {
        body: Mutex::new(body),
        is_wanted: AtomicBool::new(false),
        is_late: AtomicBool::new(false),
    });
    let idle_max = app.options().body_timeout;
    let watched = Watched { source: source.clone(), idle_max, alarm: None };
    let response = next.run(Request::from_parts(parts, Body::new(watched))).await;
    if source.is_late.load(Ordering::Relaxed) {
        let detail = "the request's body came too slowly";
        return Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response();
    }
    let is_refused = response.status().is_client_error() || response.status().is_server_error();
    if is_refused && (source.is_wanted.load(Ordering::Relaxed) || !asks_first) {
        drop(tokio::time::timeout(UNWANTED_TIME_MAX, source.read_away()).await);
    }
    response
}

/// A body that the handler reads, and that can still be read when the handler has gone.
struct Source {
    body: Mutex<Body>,
    is_wanted: AtomicBool,
    is_late: AtomicBool,
}

type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

impl Source {
    fn lock(&self) -> MutexGuard<'_, Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, context: &mut Context<'_>) -> Polled {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    async fn read_away(&self) {
        let mut n_bytes = 0;
        while let Some(Ok(frame)) = std::future::poll_fn(|context| self.poll(context)).await {
            n_bytes += frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
            if n_bytes > UNWANTED_BYTES_MAX {
                return;
            }
        }
    }
}

/// The body as the handler sees it.
struct Watched {
    source: Arc<Source>,
    idle_max: Duration,
    /// Set while the handler waits for bytes.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        self.source.is_wanted.store(true, Ordering::Relaxed);
        let polled = self.source.poll(context);
        if polled.is_ready() {
            self.alarm = None;
            return polled;
        }
        let idle_max = self.idle_max;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle_max)));
        if alarm.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.source.is_late.store(true, Ordering::Relaxed);
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(axum::Error::new(late))))
    }

    fn is_end_stream(&self) -> bool {
        self.source.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&*self.source.lock())
    }
}
