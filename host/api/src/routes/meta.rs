//! What the server says of itself.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use refrain_domain::canonical::digest_of;
use refrain_runner::PipelineSpec;
use refrain_sandbox::Sandbox;

use super::plugins::ended;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::Health;

/// Whether the process is alive.
#[utoipa::path(get, operation_id = "health", security(()), path = "/healthz", tag = "server", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    let profile = Sandbox::profile();
    Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: profile.engine.clone(),
        profile: digest_of(&profile).map_or_else(|error| error.to_string(), |d| d.to_string()),
    })
}

/// Whether the store answers.
#[utoipa::path(get, operation_id = "ready", security(()), path = "/readyz", tag = "server", responses(
    (status = 200, body = Health), (status = 503, body = Problem)))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.runner().store().get_ref("ready") {
        Ok(_) => health().await.into_response(),
        Err(error) => app.problem(&error.into()).into_response(),
    }
}

/// What the process has done since it started, for Prometheus (OpenMetrics text).
#[utoipa::path(get, operation_id = "metrics", path = "/metrics", tag = "server",
    responses((status = 200, content_type = "application/openmetrics-text", body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let refuse = app.refuse();
    let work = move || {
        let store = app.store().map(|store| &**store);
        app.metrics().text(app.jobs().n_under_way(), store)
    };
    let text = tokio::task::spawn_blocking(work).await.map_err(ended)?;
    let text = text.map_err(|error| refuse(error.into()))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// This contract.
#[utoipa::path(get, operation_id = "openapi", security(()), path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub(crate) async fn openapi() -> Response {
    Json(crate::openapi()).into_response()
}

/// The JSON Schema of pipeline files, for editors.
#[utoipa::path(get, operation_id = "pipeline_schema", security(()), path = "/v1/schemas/pipeline", tag = "server", responses((status = 200, body = Object)))]
pub(crate) async fn pipeline_schema() -> Json<serde_json::Value> {
    Json(PipelineSpec::json_schema())
}
