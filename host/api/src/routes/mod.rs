//! One module for each kind of thing.

pub(crate) mod artifacts;
pub(crate) mod datasets;
pub(crate) mod meta;
pub(crate) mod models;
pub(crate) mod plugins;
pub(crate) mod replays;
pub(crate) mod run_view;
pub(crate) mod runs;
pub(crate) mod sources;
pub(crate) mod store;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// JSON in a request's body; a refusal is a problem that names the place.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

fn refuse(rejection: &JsonRejection) -> Problem {
    let code = match rejection.status().as_u16() {
        413 => "too-large",
        415 => "unsupported-media-type",
        _ => "bad-request",
    };
    Problem::new(rejection.status(), code, rejection.body_text())
}

/// A digest in a path.
pub(crate) fn digest(text: &str) -> Result<refrain_domain::Digest, Problem> {
    text.parse()
        .map_err(|error: refrain_domain::DigestError| Problem::bad_request(error.to_string()))
}
