//! One funnel: every error becomes a line that says what is wrong, and a hint that says what to do.

use crate::output::errln;
use refrain_api::Problem;

/// What a person is told.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    problem: Option<Problem>,
}

/// An error with a hint of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Hinted {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// An answer that was a problem.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.detail)]
pub(crate) struct Refused(pub Problem);

impl Failure {
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(Refused(problem)) = error.downcast_ref() {
            let hint = hint(problem).map(str::to_owned);
            return Self { message: format!("{error:#}"), hint, problem: Some(problem.clone()) };
        }
        if let Some(hinted) = error.downcast_ref::<Hinted>() {
            let (message, hint) = (hinted.message.clone(), Some(hinted.hint.clone()));
            return Self { message, hint, problem: None };
        }
        Self { message: format!("{error:#}"), hint: None, problem: None }
    }

    /// On stderr: in words, or the problem as JSON.
    pub(crate) fn show(&self, as_json: bool) {
        if as_json {
            let bare = || serde_json::json!({"type": "about:blank", "detail": self.message});
            let problem = self.problem.as_ref().and_then(|p| serde_json::to_value(p).ok());
            errln!("{}", problem.unwrap_or_else(bare));
            return;
        }
        errln!("error: {}", self.message);
        if let Some(hint) = &self.hint {
            errln!("hint: {hint}");
        }
    }
}

/// What helps with a kind of problem, where the problem does not say it itself.
fn hint(problem: &Problem) -> Option<&'static str> {
    Some(match problem.code() {
        "invalid-pipeline" => {
            "`refrain schema` prints the JSON Schema that an editor can check pipelines against"
        }
        "store-in-use" => {
            "one process owns a store: use `--server` to talk to it, or stop it first"
        }
        "disk-full" => "nothing that was acknowledged is lost: make room, then try again",
        "corrupt" => "`refrain fsck` lists everything that is damaged; a backup brings it back",
        "unauthorized" | "forbidden" => "`refrain token new` makes a token, with a role",
        "internal" => "the log says why: `-v`, or the server's log under the request's id",
        _ => return None,
    })
}
