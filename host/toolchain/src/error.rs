//! Why sources did not become a component.

use std::path::PathBuf;

/// What went wrong, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A compiler that is not here and could not be installed.
    #[error("{what} is missing; {remedy}")]
    Missing {
        /// The tool.
        what: String,
        /// The command that installs it.
        remedy: String,
    },
    /// A tool that cannot be started.
    #[error("`{tool}` cannot be started: {source}")]
    Start {
        /// The tool.
        tool: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A tool that ended with an error; it has said why.
    #[error("`{tool}` failed")]
    Tool {
        /// The tool and what it was to do.
        tool: String,
    },
    /// A file that is not what it should be.
    #[error("{path}: {detail}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A field of the manifest that its section cannot hold.
    #[error("{0}")]
    Metadata(String),
    /// A module that does not become a component.
    #[error("the module does not become a component: {0}")]
    Encode(String),
}

impl BuildError {
    pub(crate) fn file(path: impl Into<PathBuf>, detail: impl ToString) -> Self {
        Self::File { path: path.into(), detail: detail.to_string() }
    }
}
