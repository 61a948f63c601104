//! [`StepError`]: why a step has no outputs.

use refrain_domain::{Failure, Limit};
use refrain_store::StoreError;

/// Why a step has no outputs.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A unit failed; it would fail again.
    #[error("step `{step}`, {name}: {failure}{}", remedy(.failure))]
    Failed {
        /// The step.
        step: String,
        /// Counted from 0 within the step.
        unit: u64,
        /// What the unit did, and to which chunk: `apply[3]`.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// Something that the step reads, or its plan, is not what it must be.
    #[error("step `{step}`: {message}")]
    Broken {
        /// The step.
        step: String,
        /// What, and in which way.
        message: String,
    },
    /// The host gave up.
    #[error("step `{step}`: {message}")]
    Aborted {
        /// The step.
        step: String,
        /// Why.
        message: String,
    },
    /// Someone asked for it to end.
    #[error("cancelled")]
    Cancelled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Limits are the pipeline's to raise; whatever else a guest says, it says itself.
fn remedy(failure: &Failure) -> &'static str {
    match failure {
        Failure::Limit { limit: Limit::Fuel, .. } => "; raise `budget.fuel_per_call`",
        Failure::Limit { limit: Limit::Memory, .. } => "; raise `budget.memory_bytes_max`",
        _ => "",
    }
}
