//! Plans pipelines, runs plans, replays runs.
//!
//! Data flows one way: spec → plan (pure) → schedule (pure) → units → outputs → events. No step
//! calls back. The event log is the only truth; a restart is `fold`, then `schedule`.
//!
//! Absent on purpose: nothing here prints, listens on a port, or knows sled or wasmtime by name.

mod bundle;
mod catalog;
mod compare;
mod conclude;
mod datasets;
mod diff;
mod drive;
mod error;
mod executor;
mod gc;
mod local;
mod memo;
mod models;
pub mod plan;
mod plugins;
mod recording;
mod replay;
mod runs;
pub mod schedule;
mod sources;
pub mod spec;
mod step;
mod unit;
mod units;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use refrain_domain::Backend;
use refrain_sandbox::{Sandbox, SandboxOptions};
use refrain_store::DynStore;

pub use bundle::{BundleError, VerifyReport, verify};
pub use catalog::StoreCatalog;
pub use compare::Difference;
pub use datasets::{DatasetSummary, ImportRequest};
pub use diff::RunDiff;
pub use drive::Watcher;
pub use error::RunnerError;
pub use executor::{Control, Executor, UnitError};
pub use models::ModelSummary;
pub use plan::{PlanError, ResolvedInput, ResolvedPlugin, plan, plan_decision};
pub use plugins::{AdmissionMode, PluginVersion, SignaturePolicy};
pub use recording::{RetriedUnit, RetryReport, Spent, retry};
pub use replay::{ReplayOptions, ReplayReport};
pub use spec::PipelineSpec;
pub use unit::{Unit, UnitOutput, Work};
pub use units::{Bytes, Count, Span};

use local::LocalExecutor;

/// How a runner is set up. Nothing here can change a result; it can refuse to make one.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// Threads that execute units; 0: one for each core.
    pub threads: usize,
    /// Where compiled components are kept.
    pub cache_dir: Option<std::path::PathBuf>,
    /// How components are executed.
    pub backend: Backend,
    /// What is done with a component that breaks a law of its contract.
    pub admission: AdmissionMode,
    /// Whose signatures count.
    pub signatures: SignaturePolicy,
}

/// A store, a sandbox, and the threads to bring them together.
pub struct Runner {
    store: Arc<DynStore>,
    sandbox: Sandbox,
    options: RunnerOptions,
    executor: Mutex<Option<Arc<LocalExecutor>>>,
    /// Runs that are being driven here: each has one writer.
    driven: Mutex<BTreeSet<String>>,
}

impl Runner {
    /// A runner over a store. Threads and engine start when they are first needed.
    ///
    /// # Errors
    /// [`RunnerError::Host`] if the compile cache cannot be used.
    pub fn new(store: Arc<DynStore>, options: RunnerOptions) -> Result<Self, RunnerError> {
        let sandbox = sandbox(&options, options.backend)?;
        Ok(Self { store, sandbox, options, executor: Mutex::default(), driven: Mutex::default() })
    }

    /// The store.
    pub fn store(&self) -> &Arc<DynStore> {
        &self.store
    }

    /// The sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn executor(&self) -> Arc<LocalExecutor> {
        let mut executor = self.executor.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || {
            let threads = self.options.threads;
            LocalExecutor::new(self.store.clone(), self.sandbox.clone(), threads)
        };
        let started = executor.get_or_insert_with(|| Arc::new(start()));
        started.clone()
    }
}

fn sandbox(options: &RunnerOptions, backend: Backend) -> Result<Sandbox, RunnerError> {
    let cache_dir = options.cache_dir.clone();
    let sandbox = Sandbox::new(SandboxOptions { cache_dir, backend, ..SandboxOptions::default() });
    sandbox.map_err(|error| RunnerError::Host { message: error.to_string() })
}

/// Milliseconds since the epoch, for people: it stands in events and decides nothing.
fn now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "event times are for people, and decide nothing")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
