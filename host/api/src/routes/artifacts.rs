//! Artifacts, by digest.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::digest;
use crate::app::App;
use crate::conditional::{etag, matches, not_modified};
use crate::problem::Problem;

/// The bytes of an artifact, verified.
#[utoipa::path(get, operation_id = "show_artifact", path = "/v1/artifacts/{digest}", tag = "artifacts",
    params(("digest" = String, Path, description = "`blake3:` and 64 hex digits")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 500, body = Problem, description = "it is corrupt")))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name = digest(&name)?;
    let tag = etag(&name);
    let store = app.runner().store();
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| matches(known, &tag));
    if is_known && store.size(&name).map_err(|error| app.problem(&error.into()))?.is_some() {
        return Ok(not_modified(tag));
    }
    let bytes = store.get(&name).map_err(|error| app.problem(&error.into()))?;
    // Manifests begin like JSON objects and lists do; blocks and components never do.
    let is_json = matches!(bytes.first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
    let kind = if is_json { "application/json" } else { "application/octet-stream" };
    let mut response = bytes.to_vec().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::ETAG, tag);
    let forever = HeaderValue::from_static("private, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    Ok(response)
}
