//! What can go wrong above the sandbox and the store.

use refrain_store::StoreError;

use crate::bundle::BundleError;
use crate::plan::PlanError;
use crate::spec::SpecError;

/// Why the runner could not do as asked. A run that fails is no error of the runner's.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The text is no pipeline.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The pipeline cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is no valid bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Nothing of that name.
    #[error("there is no {what} `{name}`{hint}")]
    NotFound {
        /// Its kind.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// It exists already, and cannot change.
    #[error("{what} `{name}` exists already{hint}")]
    Exists {
        /// Its kind.
        what: &'static str,
        /// Its name.
        name: String,
        /// What to do instead.
        hint: String,
    },
    /// A component that cannot be registered.
    #[error("{message}")]
    Admission {
        /// Why, and what to change.
        message: String,
    },
    /// A source that cannot be imported.
    #[error("{message}")]
    Import {
        /// File, place, remedy.
        message: String,
    },
    /// Something at rest is not what it must be.
    #[error("{what} is corrupt: {detail}")]
    Corrupt {
        /// What.
        what: String,
        /// In which way.
        detail: String,
    },
    /// The request itself makes no sense.
    #[error("{message}")]
    Invalid {
        /// What to change.
        message: String,
    },
    /// The machine did not do its part.
    #[error("{message}")]
    Host {
        /// Which part.
        message: String,
    },
}

impl RunnerError {
    pub(crate) fn not_found(what: &'static str, name: &str, known: &[String]) -> Self {
        let nearest = crate::spec::nearest(name, known.iter().map(String::as_str));
        let hint = match nearest {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None if known.is_empty() => String::new(),
            None => format!("; there are {}", known.join(", ")),
        };
        Self::NotFound { what, name: name.to_owned(), hint }
    }

    pub(crate) fn corrupt(what: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.into(), detail: detail.to_string() }
    }
}
