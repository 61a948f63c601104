//! From the runner's errors to problems: the user's mistake, the plugin's failure, or our fault.

use axum::http::StatusCode;
use refrain_runner::RunnerError;
use refrain_store::StoreError;

use crate::app::App;
use crate::problem::Problem;

/// Status and code of an error, and whether it is our fault.
fn classify(error: &RunnerError) -> (StatusCode, &'static str, bool) {
    match error {
        RunnerError::Spec(_) => (StatusCode::BAD_REQUEST, "invalid-pipeline", false),
        RunnerError::Plan(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unplannable-pipeline", false),
        RunnerError::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found", false),
        RunnerError::Exists { .. } => (StatusCode::CONFLICT, "exists", false),
        RunnerError::Admission { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "inadmissible-component", false)
        }
        RunnerError::Import { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "unimportable-source", false)
        }
        RunnerError::Invalid { .. } => (StatusCode::BAD_REQUEST, "bad-request", false),
        RunnerError::Bundle(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-bundle", false),
        RunnerError::Store(error) => classify_store(error),
        RunnerError::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt", false),
        RunnerError::Host { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "internal", true),
    }
}

const fn classify_store(error: &StoreError) -> (StatusCode, &'static str, bool) {
    match error {
        StoreError::Missing { .. } => (StatusCode::NOT_FOUND, "not-found", false),
        StoreError::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt", false),
        StoreError::Conflict { .. } | StoreError::StreamConflict { .. } => {
            (StatusCode::CONFLICT, "conflict", false)
        }
        StoreError::InUse { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store-in-use", false),
        StoreError::DiskFull { .. } => (StatusCode::INSUFFICIENT_STORAGE, "disk-full", false),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal", true),
    }
}

impl App {
    /// The problem that an error is. What is our fault is told to the log, and to the caller only
    /// where the caller is ourselves.
    pub(crate) fn problem(&self, error: &RunnerError) -> Problem {
        let (status, code, is_ours) = classify(error);
        if status.is_server_error() {
            tracing::error!(%error, code, "request failed");
        }
        if is_ours && !self.options().tells_internals {
            let detail = "the server failed; its log says why, under the request's id";
            return Problem::new(status, code, detail);
        }
        Problem::new(status, code, error.to_string())
    }

    /// For `map_err`.
    pub(crate) fn refuse(&self) -> impl Fn(RunnerError) -> Problem + use<> {
        let app = self.clone();
        move |error| app.problem(&error)
    }
}
