//! What happens to every request: an id, a span, a caller, and a net under panics.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::problem::Problem;

/// The header that carries a request's id, both ways.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id (the caller's own, if it has a sane one), and puts it into the span, the
/// answer and every problem.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    #[expect(clippy::disallowed_methods, reason = "for people: how long an answer took")]
    let begin = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let given = request.headers().get(REQUEST_ID).filter(|id| is_sane(id)).cloned();
    let id = given.unwrap_or_else(new_id);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let text = id.to_str().unwrap_or_default().to_owned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id = %text, %method, path);
    let name = method_name(&method);
    let mut response = async {
        let response = next.run(request).await;
        tracing::info!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let told = Problem { instance: Some(text), ..problem }.into_response();
        // `allow`, `www-authenticate` and the like stay.
        let kind = told.headers().get(header::CONTENT_TYPE).cloned();
        *response.body_mut() = told.into_body();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        kind.and_then(|kind| response.headers_mut().insert(header::CONTENT_TYPE, kind));
    }
    response.headers_mut().insert(REQUEST_ID, id);
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    app.metrics().answered(name, route, response.status().as_u16(), begin.elapsed());
    response
}

/// Callers may make methods up; labels are few.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    known.into_iter().find(|known| method == known).unwrap_or("other")
}

fn is_sane(id: &HeaderValue) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    (1..=64).contains(&id.len()) && id.as_bytes().iter().copied().all(plain)
}

/// 64 bits of the process's own randomness and a counter: unique enough to find a line in a log.
fn new_id() -> HeaderValue {
    use std::hash::{BuildHasher, RandomState};
    use std::sync::atomic::{AtomicU64, Ordering};
    static STATE: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let hash = STATE.get_or_init(RandomState::new).hash_one(count);
    HeaderValue::from_str(&format!("{hash:016x}")).expect("BUG: hex digits are a header value")
}

/// Turns a refusal by axum itself (no such route, a body too large, JSON that is none) into a
/// problem, and hands every problem to [`identify`].
pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let body = std::mem::take(response.body_mut());
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let problem = match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) if is_problem => problem,
        _ => {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            let (code, detail) = words(status, said, &path);
            Problem::new(status, code, detail)
        }
    };
    response.extensions_mut().insert(problem);
    response
}

fn words(status: StatusCode, said: String, path: &str) -> (&'static str, String) {
    match status {
        StatusCode::NOT_FOUND => ("not-found", format!("there is nothing at `{path}`")),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method-not-allowed", format!("`{path}` does not take this method"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too-large", "the request's body is larger than this route takes".to_owned())
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported-media-type", said),
        status if status.is_client_error() => ("bad-request", said),
        _ => ("internal", "the server failed; its log says why, under the request's id".to_owned()),
    }
}

/// Refuses what a page of another site had a browser send. Where no token is asked for, being able
/// to connect is all that it takes, and pages can have browsers connect to loopback.
pub(crate) async fn from_here(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.options().access.is_guarded() && is_foreign(request.headers()) {
        let detail = "this server has no tokens, so it answers no pages of other sites: \
                      address it as localhost, or give it a token file";
        return Problem::new(StatusCode::FORBIDDEN, "foreign-origin", detail).into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::HOST), text(header::ORIGIN)) {
        (Some(host), _) if !is_of_this_machine(host) => true,
        (_, None) => false,
        (host, Some(origin)) => origin.strip_prefix("http://") != host,
    }
}

/// Whether a name can only mean the machine that was meant: anyone can make a name of their own
/// mean 127.0.0.1.
fn is_of_this_machine(host: &str) -> bool {
    let has_port = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let name = has_port.map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

/// Lets nobody in who may not do this.
pub(crate) async fn guard(
    State((app, needed)): State<(App, Role)>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(header::AUTHORIZATION);
    let Some(caller) = app.options().access.admit(header.and_then(|value| value.to_str().ok()))
    else {
        let detail = "send a token: `Authorization: Bearer …` (`refrain --token`, REFRAIN_TOKEN)";
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        let mut response = problem.into_response();
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        return response;
    };
    if caller.role < needed {
        let Caller { name, role } = caller;
        let detail = format!("`{name}` is a {role}; this takes a token of role {needed} or above");
        return Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response();
    }
    tracing::debug!(caller = %caller.name, "let in");
    request.extensions_mut().insert(caller);
    next.run(request).await
}
