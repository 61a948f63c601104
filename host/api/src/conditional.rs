//! ETags: an answer's name is the digest of its bytes, and who has those bytes need not get them.

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use refrain_domain::Digest;

/// JSON answers above this are not worth holding in memory for their name.
const TAGGED_BYTES_MAX: u64 = 4 << 20;

/// Names JSON answers to GET, and answers 304 to `If-None-Match`.
pub(crate) async fn tag(request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let headers = response.headers();
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !is_get || response.status() != StatusCode::OK || !is_json {
        return response;
    }
    let is_small = response.body().size_hint().upper().is_some_and(|n| n <= TAGGED_BYTES_MAX);
    if headers.contains_key(header::ETAG) || !is_small {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = etag(&Digest::of(&bytes));
    if known.as_ref().is_some_and(|known| matches(known, &tag)) {
        return not_modified(tag);
    }
    parts.headers.insert(header::ETAG, tag);
    Response::from_parts(parts, Body::from(bytes))
}

/// The caller has these bytes.
pub(crate) fn not_modified(tag: HeaderValue) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// A digest as an ETag.
pub(crate) fn etag(digest: &Digest) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{digest}\"")).expect("BUG: hex digits are a header value")
}

/// Whether `If-None-Match` or `If-Match` names this tag.
pub(crate) fn matches(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == *tag)
}
