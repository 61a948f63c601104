//! [`Executor`]: whoever can turn a [`Unit`] into a [`UnitOutput`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use refrain_domain::Failure;
use refrain_store::StoreError;

use crate::unit::{Unit, UnitOutput};

/// Ends work from outside. Neither way out is a result.
#[derive(Debug, Clone, Default)]
pub struct Control {
    /// After this moment the host gives up.
    pub deadline: Option<Instant>,
    /// Set: someone asked for it to end.
    pub cancel: Arc<AtomicBool>,
}

impl Control {
    /// Whether someone asked for it to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Why a unit has no output.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// The guest failed, or the host gave it up.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Data at rest is not what its digest's user expects.
    #[error("{0}")]
    Data(String),
}

/// Executes units. Their outputs are staged in the executor's store when it returns.
pub trait Executor: Send + Sync {
    /// Executes these units, in any order and side by side; answers in their order.
    fn execute(
        &self,
        units: &[Unit],
        control: &Control,
    ) -> Vec<Result<UnitOutput, UnitError>>;
}
