//! What an auditor asks of a run: replay it, compare it, take it away.

use std::io::Seek;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use refrain_domain::Backend;
use refrain_runner::{Control, ReplayOptions};

use super::Json as JsonBody;
use crate::app::App;
use crate::pieces;
use crate::problem::Problem;
use crate::progress::answer;
use crate::wire::ReplayRequest;

/// Executes a run again, without the cache, and compares every output.
#[utoipa::path(post, operation_id = "replay_run", path = "/v1/runs/{run}/replay", tag = "audit", params(("run" = String, Path)),
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
#[utoipa::path(get, operation_id = "diff_runs", path = "/v1/runs/{run}/diff/{other}", tag = "audit",
    params(("run" = String, Path), ("other" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn diff(
    State(app): State<App>,
    Path((a, b)): Path<(String, String)>,
) -> Result<Response, Problem> {
    Ok(Json(app.runner().diff(&a, &b).map_err(app.refuse())?).into_response())
}

/// A run with everything that it takes to execute it again, as a tar file.
#[utoipa::path(get, operation_id = "bundle_run", path = "/v1/runs/{run}/bundle", tag = "audit", params(("run" = String, Path)),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>),
        (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn bundle(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    // What can be refused is refused before the first byte.
    app.runner().check_bundle(&id).map_err(app.refuse())?;
    let name = format!("attachment; filename=\"{id}.refrain.tar\"");
    let mut response = pieces::stream("application/x-tar", move |to| {
        app.runner().bundle(&id, to).map(drop).map_err(|error| error.to_string())
    });
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What a step's plugin was given and what it made, as a tar file for `refrain plugin test --replay`.
#[utoipa::path(get, operation_id = "record_step", path = "/v1/runs/{run}/steps/{step}/recording", tag = "audit",
    params(("run" = String, Path), ("step" = String, Path)),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>),
        (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn record(
    State(app): State<App>,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, Problem> {
    // It is executed before the first byte goes out, so that what fails is told as a problem.
    let work = move || {
        let mut file = tempfile::tempfile().map_err(|error| no_room(&error))?;
        app.runner().record(&id, &step, &Control::default(), &mut file).map_err(app.refuse())?;
        file.rewind().map_err(|error| no_room(&error))?;
        Ok::<_, Problem>(file)
    };
    let file = tokio::task::spawn_blocking(work).await.map_err(super::plugins::ended)??;
    Ok(pieces::stream("application/x-tar", move |to| {
        let mut file = file;
        std::io::copy(&mut file, to).map(drop).map_err(|error| error.to_string())
    }))
}

fn no_room(error: &std::io::Error) -> Problem {
    let detail = format!("there is no room for the recording: {error}");
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail)
}
