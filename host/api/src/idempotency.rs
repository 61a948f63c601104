//! `Idempotency-Key`: a request that is sent twice is done once.
//!
//! The answer to a key is an event of its own stream, so that it survives a restart; a second
//! request with the key gets that answer, and one with another body is refused.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use refrain_domain::Digest;
use refrain_store::{EventAppend, Publication};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::problem::Problem;
use crate::progress::wants_events;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const KEY_BYTES_MAX: usize = 255;

/// Bodies above this are named by what they make, not by a key: imports recognise their source.
const BODY_BYTES_MAX: usize = 8 << 20;

/// An answer that was given.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    /// Of method, path, query and body.
    request: Digest,
    status: u16,
    content_type: Option<String>,
    #[serde(default)]
    location: Option<String>,
    body: String,
}

/// Answers a key's second request with its first answer.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).cloned();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(key) = key.filter(|_| !is_safe && !wants_events(request.headers())) else {
        return next.run(request).await;
    };
    match remember(&app, &key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn remember(
    app: &App,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
        let detail = format!("an idempotency key has 1 to {KEY_BYTES_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    let stream = format!("idempotency/{}", Digest::of(key.as_bytes()).to_hex());
    let (parts, body) = request.into_parts();
    let too_large = |_| {
        let detail = "a request with an idempotency key has at most 8 MiB";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    };
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(too_large)?;
    let asked = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let named = [parts.method.as_str(), asked, ""].join(" ");
    let digest = Digest::of(&[named.as_bytes(), &body].concat());
    let Some(_turn) = app.take_turn(&stream) else {
        let detail = "a request with this idempotency key is under way: wait for its answer";
        return Err(Problem::new(StatusCode::CONFLICT, "conflict", detail));
    };
    if let Some(given) = find(app, &stream)? {
        if given.request != digest {
            let detail = "this idempotency key was used for another request: take a new one";
            return Err(Problem::new(StatusCode::CONFLICT, "idempotency-key-reused", detail));
        }
        return Ok(again(given));
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        // Nothing was done: it may be tried again.
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let text = |name| parts.headers.get(name)?.to_str().ok().map(str::to_owned);
    let given = Given {
        request: digest,
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let event = serde_json::to_vec(&given).expect("BUG: an answer without a JSON form");
    let append = EventAppend { stream, expected_len: Some(0), events: vec![event] };
    let publication = Publication { events: vec![append], ..Publication::default() };
    if let Err(error) = app.runner().store().publish(&publication) {
        tracing::warn!(%error, "an idempotency key was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn find(app: &App, stream: &str) -> Result<Option<Given>, Problem> {
    let events = app.runner().store().read_events(stream, 0);
    let events = events.map_err(|error| app.problem(&error.into()))?;
    Ok(events.first().and_then(|event| serde_json::from_slice(event).ok()))
}

fn again(given: Given) -> Response {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::OK);
    let mut response = (status, given.body).into_response();
    for (name, text) in
        [(header::CONTENT_TYPE, given.content_type), (header::LOCATION, given.location)]
    {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
