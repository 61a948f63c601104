//! Errors: whose mistake it is, and a text for that person.

use crate::Error;

/// What every fallible call of a plugin answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The parameters are wrong. Name the parameter and say what it may be.
    pub fn params(message: impl Into<String>) -> Self {
        Self::InvalidParams(message.into())
    }

    /// The parameters are right, the data is not. Name the column and say what it lacks.
    pub fn input(message: impl Into<String>) -> Self {
        Self::InvalidInput(message.into())
    }

    /// Parameters and data are right, and still it did not work.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// Puts `context: ` before the text.
    #[must_use]
    pub fn context(self, context: impl std::fmt::Display) -> Self {
        match self {
            Self::InvalidParams(text) => Self::InvalidParams(format!("{context}: {text}")),
            Self::InvalidInput(text) => Self::InvalidInput(format!("{context}: {text}")),
            Self::Failed(text) => Self::Failed(format!("{context}: {text}")),
            Self::Other((code, text)) => Self::Other((code, format!("{context}: {text}"))),
        }
    }

    /// The text for a person.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::InvalidParams(text)
            | Self::InvalidInput(text)
            | Self::Failed(text)
            | Self::Other((_, text)) => text,
        }
    }

    /// A host that calls `call` before `before`: its mistake, not the user's.
    pub(crate) fn out_of_order(call: &str, before: &str) -> Self {
        Self::Failed(format!("`{call}` was called before `{before}`"))
    }
}
