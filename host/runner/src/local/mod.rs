//! [`LocalExecutor`]: units on the cores of this machine.

mod columns;
mod fold;
mod host_work;
mod joins;
mod map;
mod train;

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use refrain_domain::{Batch, Chunk, Digest, Schema};
use refrain_sandbox::{Plugin, Sandbox, UnitContext, Usage};
use refrain_store::DynStore;

use crate::executor::{Control, Executor, UnitError};
use crate::unit::{Component, Environment, Unit, UnitOutput, Work};
use columns::ColumnCache;
use joins::JoinCache;

/// Executes units in a pool of threads, over one store and one sandbox.
pub struct LocalExecutor {
    store: Arc<DynStore>,
    sandbox: Sandbox,
    threads: usize,
    pool: OnceLock<rayon::ThreadPool>,
    columns: ColumnCache,
    joins: JoinCache,
}

/// Bytes of decoded columns that stay in memory for the steps after the one that made them.
const COLUMN_CACHE_BYTES_MAX: usize = 256 << 20;

/// Bytes of indexed right sides that stay in memory for the joins to come.
const JOIN_CACHE_BYTES_MAX: usize = 256 << 20;

type UnitResult = Result<UnitOutput, UnitError>;

impl LocalExecutor {
    /// An executor of `threads` threads; 0: one for each core.
    pub fn new(store: Arc<DynStore>, sandbox: Sandbox, threads: usize) -> Self {
        let columns = ColumnCache::new(COLUMN_CACHE_BYTES_MAX);
        let joins = JoinCache::new(JOIN_CACHE_BYTES_MAX);
        Self { store, sandbox, threads, pool: OnceLock::new(), columns, joins }
    }

    /// The pool starts with the first unit: a run with nothing to do needs none.
    fn pool(&self) -> &rayon::ThreadPool {
        self.pool.get_or_init(|| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(self.threads)
                .thread_name(|index| format!("refrain-unit-{index}"))
                .build()
                .expect("BUG: the operating system gives no threads")
        })
    }

    fn execute_one(&self, unit: &Unit, control: &Control) -> UnitResult {
        let call = Call { executor: self, environment: unit.environment.as_ref(), control };
        match &unit.work {
            Work::Keep { predicate, schema, chunk } => self.keep(predicate, schema, chunk),
            Work::Join { right, schema, chunk } => self.join(right, schema, chunk),
            Work::Apply { component, input, chunk, computed, state } => {
                call.apply(component, input, chunk, computed, state.as_ref())
            }
            Work::Predict { component, input, chunk, prediction, model } => {
                call.predict(component, input, chunk, prediction, model)
            }
            Work::FitPart { component, rows } => call.fit_part(component, rows),
            Work::FitMerge { component, input, saved } => call.fit_merge(component, input, saved),
            Work::FitWhole { component, rows } => call.fit_whole(component, rows),
            Work::PassPart { component, rows, state } => {
                call.pass_part(component, rows, state.as_ref())
            }
            Work::PassMerge { component, input, state, saved } => {
                call.pass_merge(component, input, state.as_ref(), saved)
            }
            Work::PassWhole { component, rows, state } => {
                call.pass_whole(component, rows, state.as_ref())
            }
            Work::Finish { component, input, state } => call.finish(component, input, state),
            Work::FoldPart { component, rows, current } => {
                call.fold_part(component, rows, *current)
            }
            Work::FoldMerge { component, input, saved } => call.fold_merge(component, input, saved),
            Work::FoldWhole { component, reference, rows } => {
                call.fold_whole(component, reference, rows)
            }
            Work::Decide { component, facts } => call.decide(component, facts),
        }
    }

    /// Stages an artifact as the one output of a unit.
    fn artifact(&self, bytes: &[u8], usage: &Usage) -> UnitResult {
        Ok(output(vec![self.store.stage(bytes)?], 0, usage))
    }

    /// Writes a batch's columns as the output of a unit.
    fn chunk(&self, batch: Batch, schema: &Schema, usage: &Usage) -> UnitResult {
        let rows = u32::try_from(batch.rows).expect("BUG: a chunk of more than 2^32 rows");
        let outputs = self.columns.write(&*self.store, batch, schema)?;
        Ok(output(outputs, rows, usage))
    }

    /// Reads all columns of a chunk.
    fn batch(&self, schema: &Schema, chunk: &Chunk) -> Result<Batch, UnitError> {
        self.columns.read(&*self.store, schema, chunk)
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, units: &[Unit], control: &Control) -> Vec<UnitResult> {
        if units.is_empty() {
            return Vec::new();
        }
        if let Err(failed) = self.index_joins(units) {
            return failed;
        }
        // One at a time, not in blocks: chunks differ in size, and the last one decides the time.
        self.pool().install(|| {
            units.par_iter().with_max_len(1).map(|unit| self.execute_one(unit, control)).collect()
        })
    }
}

fn output(outputs: Vec<Digest>, rows: u32, usage: &Usage) -> UnitOutput {
    let Usage { fuel_used: fuel, memory_bytes_peak, .. } = *usage;
    UnitOutput { outputs, rows, fuel, memory_bytes_peak }
}

/// One unit's way into the sandbox.
struct Call<'a> {
    executor: &'a LocalExecutor,
    environment: Option<&'a Environment>,
    control: &'a Control,
}

impl Call<'_> {
    fn plugin(&self, component: &Component) -> Result<Plugin, UnitError> {
        let store = &self.executor.store;
        load_plugin(&self.executor.sandbox, &**store, component)
    }

    fn context(&self, component: &Component) -> UnitContext {
        let environment = self.environment.expect("BUG: a component's unit without environment");
        UnitContext {
            limits: environment.limits,
            seed: component.seed,
            logical_time_us: environment.logical_time_us,
            deadline: self.control.deadline,
            cancel: Some(self.control.flag()),
        }
    }

    fn bytes(&self, digest: &Digest) -> Result<refrain_store::Bytes, UnitError> {
        Ok(self.executor.store.get(digest)?)
    }

    fn optional_bytes(&self, digest: Option<&Digest>) -> Result<refrain_store::Bytes, UnitError> {
        digest.map_or_else(|| Ok(Arc::from([])), |digest| self.bytes(digest))
    }
}

/// Compiles a component, or finds it compiled.
pub(crate) fn load_plugin(
    sandbox: &Sandbox,
    store: &DynStore,
    component: &Component,
) -> Result<Plugin, UnitError> {
    let bytes = || store.get(&component.component).map_err(|error| error.to_string());
    sandbox
        .load(component.component, &bytes, &component.grants)
        .map_err(|error| UnitError::Data(error.to_string()))
}

/// The parameters as components get them.
fn params(component: &Component) -> String {
    let bytes = refrain_domain::to_canonical(&component.params)
        .expect("BUG: parameters without a canonical form");
    String::from_utf8(bytes).expect("BUG: JSON that is not UTF-8")
}
