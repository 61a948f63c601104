//! Work that takes its time: one JSON answer, or server-sent events for whoever asks for them.
//!
//! Events are `progress` (any number of them), then `result` or `problem`, once.

use std::convert::Infallible;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::problem::Problem;

/// Tells how far work has come.
pub(crate) type Report<'a> = &'a mut dyn FnMut(serde_json::Value);

/// Whether the caller wants to watch.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Does the work on a thread of its own, and answers with what it gives.
pub(crate) async fn answer<T, W>(headers: &HeaderMap, status: StatusCode, work: W) -> Response
where
    T: Serialize + Send + 'static,
    W: FnOnce(Report<'_>) -> Result<T, Problem> + Send + 'static,
{
    if wants_events(headers) {
        return watch(work);
    }
    match tokio::task::spawn_blocking(move || work(&mut |_| {})).await {
        Ok(Ok(result)) => (status, Json(result)).into_response(),
        Ok(Err(problem)) => problem.into_response(),
        Err(error) => {
            tracing::error!(%error, "work ended in a panic");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn watch<T, W>(work: W) -> Response
where
    T: Serialize + Send + 'static,
    W: FnOnce(Report<'_>) -> Result<T, Problem> + Send + 'static,
{
    let (sender, receiver) = mpsc::unbounded_channel::<Event>();
    tokio::task::spawn_blocking(move || {
        // Who no longer listens is no reason to stop: the work has been asked for.
        let send = |event: Event| drop(sender.send(event));
        let mut report = |progress| send(event("progress", &progress));
        let last = match work(&mut report) {
            Ok(result) => event("result", &result),
            Err(problem) => event("problem", &problem),
        };
        send(last);
    });
    let events = UnboundedReceiverStream::new(receiver).map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// A server-sent event of some JSON.
pub(crate) fn event<T: Serialize>(name: &str, data: &T) -> Event {
    let data = serde_json::to_string(data).unwrap_or_else(|error| error.to_string());
    Event::default().event(name).data(data)
}
