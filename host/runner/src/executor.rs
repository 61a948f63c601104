//! [`Executor`]: whoever can turn a [`Unit`] into a [`UnitOutput`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use refrain_domain::Failure;
use refrain_store::StoreError;

use crate::unit::{Unit, UnitOutput};

/// Ends work from outside. No way out is a result.
#[derive(Debug, Clone, Default)]
pub struct Control {
    /// After this moment the host gives up.
    pub deadline: Option<Instant>,
    cancel: Arc<AtomicBool>,
    interrupt: Arc<AtomicBool>,
}

impl Control {
    /// A control with a deadline.
    pub fn until(deadline: Option<Instant>) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// Ends the work for good.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Ends the work for now: a run stays as it is, and can be taken up again.
    pub fn interrupt(&self) {
        self.interrupt.store(true, Ordering::Relaxed);
        self.cancel();
    }

    /// Whether the work has to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Whether it has to end for now only.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Set when the work has to end.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
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
    fn execute(&self, units: &[Unit], control: &Control) -> Vec<Result<UnitOutput, UnitError>>;
}
