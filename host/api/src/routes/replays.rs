//! What an auditor asks of a run: replay it, compare it, take it away.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use refrain_domain::Backend;
use refrain_runner::{Control, ReplayOptions};
use tokio_stream::wrappers::ReceiverStream;

use super::Json as JsonBody;
use crate::app::App;
use crate::problem::Problem;
use crate::progress::answer;
use crate::wire::ReplayRequest;

/// Executes a run again, without the cache, and compares every output.
#[utoipa::path(post, path = "/v1/runs/{run}/replay", tag = "audit", params(("run" = String, Path)),
    request_body = ReplayRequest,
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn replay(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ReplayRequest>,
) -> Result<Response, Problem> {
    let backend = match request.backend.as_deref() {
        None | Some("cranelift") => Backend::Cranelift,
        Some("pulley") => Backend::Pulley,
        Some(other) => {
            let detail = format!("`{other}` is no backend: write cranelift or pulley");
            return Err(Problem::bad_request(detail));
        }
    };
    let options = ReplayOptions { backend, threads: request.threads };
    Ok(answer(&headers, StatusCode::OK, move |report| {
        let control = Control::default();
        let mut watch = |step: &str| report(serde_json::json!({ "step": step }));
        app.runner().replay(&id, options, &control, &mut watch).map_err(app.refuse())
    })
    .await)
}

/// How two runs differ, and the first cause.
#[utoipa::path(get, path = "/v1/runs/{run}/diff/{other}", tag = "audit",
    params(("run" = String, Path), ("other" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn diff(
    State(app): State<App>,
    Path((a, b)): Path<(String, String)>,
) -> Result<Response, Problem> {
    Ok(Json(app.runner().diff(&a, &b).map_err(app.refuse())?).into_response())
}

/// Pieces of a bundle that wait for a slow reader.
const PIECES_MAX: usize = 16;
const PIECE_BYTES: usize = 256 << 10;

/// A run with everything that it takes to execute it again, as a tar file.
#[utoipa::path(get, path = "/v1/runs/{run}/bundle", tag = "audit", params(("run" = String, Path)),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>),
        (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn bundle(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    // What can be refused is refused before the first byte.
    app.runner().check_bundle(&id).map_err(app.refuse())?;
    let (sender, receiver) = tokio::sync::mpsc::channel(PIECES_MAX);
    let name = format!("attachment; filename=\"{id}.refrain.tar\"");
    tokio::task::spawn_blocking(move || {
        let pieces = Pieces { sender: sender.clone() };
        let mut writer = std::io::BufWriter::with_capacity(PIECE_BYTES, pieces);
        let written = app.runner().bundle(&id, &mut writer).map_err(|error| error.to_string());
        let flushed = std::io::Write::flush(&mut writer).map_err(|error| error.to_string());
        if let Err(error) = written.map(drop).and(flushed) {
            tracing::error!(run = %id, error, "bundle cut short");
            // The reader must not take a piece for the whole.
            drop(sender.blocking_send(Err(std::io::Error::other(error))));
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A writer into a response's body.
struct Pieces {
    sender: tokio::sync::mpsc::Sender<std::io::Result<Vec<u8>>>,
}

impl std::io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let gone = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        self.sender.blocking_send(Ok(bytes.to_vec())).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
