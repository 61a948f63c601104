//! What the server says of itself.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use refrain_domain::canonical::digest_of;
use refrain_runner::PipelineSpec;
use refrain_sandbox::Sandbox;

use crate::app::App;
use crate::problem::Problem;
use crate::wire::Health;

/// Whether the process is alive.
#[utoipa::path(get, operation_id = "health", path = "/healthz", tag = "server", responses((status = 200, body = Health)))]
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
#[utoipa::path(get, operation_id = "ready", path = "/readyz", tag = "server", responses(
    (status = 200, body = Health), (status = 503, body = Problem)))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.runner().store().get_ref("ready") {
        Ok(_) => health().await.into_response(),
        Err(error) => app.problem(&error.into()).into_response(),
    }
}

/// This contract.
#[utoipa::path(get, operation_id = "openapi", path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub(crate) async fn openapi() -> Response {
    Json(crate::openapi()).into_response()
}

/// The JSON Schema of pipeline files, for editors.
#[utoipa::path(get, operation_id = "pipeline_schema", path = "/v1/schemas/pipeline", tag = "server", responses((status = 200, body = Object)))]
pub(crate) async fn pipeline_schema() -> Json<serde_json::Value> {
    Json(PipelineSpec::json_schema())
}
