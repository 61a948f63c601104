//! What an author reads when something is wrong.

use std::path::PathBuf;

use refrain_toolchain::BuildError;

/// What is wrong, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum AuthoringError {
    /// No project there.
    #[error(
        "{dir} holds no `plugin.toml`: run this in a plugin's folder, or make one with `refrain \
         plugin new NAME --world transform --lang rust`"
    )]
    NoProject {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// A file that cannot be read or written, or says something wrong.
    #[error("{path}: {detail}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A name, language or world that does not exist.
    #[error("{0}")]
    Invalid(String),
    /// The sources do not become a component.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl AuthoringError {
    pub(crate) fn file(path: impl Into<PathBuf>, detail: impl ToString) -> Self {
        Self::File { path: path.into(), detail: detail.to_string() }
    }
}
