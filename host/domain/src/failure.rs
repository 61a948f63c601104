//! [`Failure`]: the four ways in which a unit of work can end without a result.

use serde::{Deserialize, Serialize};

/// A limit that a guest ran into, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The fuel of the call.
    Fuel,
    /// The linear memories together.
    Memory,
    /// The tables together.
    Table,
    /// The stack.
    Stack,
    /// Resource handles.
    Handles,
    /// Captured output.
    Output,
    /// Bytes handed from guest to host in one call.
    Transfer,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Table => "table",
            Self::Stack => "stack",
            Self::Handles => "handle",
            Self::Output => "output",
            Self::Transfer => "transfer",
        })
    }
}

/// Why a unit has no result.
///
/// The first three are the guest's doing, the same on every machine, and may be recorded. A host
/// abort is not: it depends on the machine and the hour, so it is never a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Failure {
    /// The plugin returned an error, or a value that breaks its contract.
    #[error("{kind}: {message}")]
    Error {
        /// `invalid-params`, `invalid-input`, `failed`, `contract`, or `other(<code>)`.
        kind: String,
        /// The plugin's words.
        message: String,
    },
    /// The guest trapped.
    #[error("trap: {message}")]
    Trap {
        /// wasmtime's name of the trap, and the innermost function where known.
        message: String,
    },
    /// The guest ran into a limit.
    #[error("{limit} limit reached: {message}")]
    Limit {
        /// Which one.
        limit: Limit,
        /// The limit's value and what would have been needed, where known.
        message: String,
    },
    /// The host gave up: a wall-clock deadline, memory shortage, cancellation, a fault of ours.
    #[error("host abort: {message}")]
    HostAbort {
        /// Why.
        message: String,
    },
}

impl Failure {
    /// Whether the same inputs give the same failure on every machine.
    pub const fn is_replayable(&self) -> bool {
        !matches!(self, Self::HostAbort { .. })
    }
}
