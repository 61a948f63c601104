//! Turns one planned step into units, and their outputs into the step's.
//!
//! Invariant: which units a step has depends on the plan and on digests alone, never on the number
//! of workers or on what happens to be cached.

mod fold_step;
mod map_step;
mod train_step;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use refrain_domain::plan::{Op, Plan, PlannedStep, Source};
use refrain_domain::run::{StepFinished, StepRecord, UnitRecord};
use refrain_domain::{Chunk, Digest, Failure, Limit, Schema, Table, from_canonical, to_canonical};
use refrain_store::{DynStore, Publication, StoreError};

use crate::executor::{Control, Executor, UnitError};
use crate::memo;
use crate::unit::{Environment, Rows, Unit, UnitOutput, Work};

/// Units that are handed to the executor at once. Memos are published in between, so that a killed
/// run loses no more than this.
const UNITS_AT_ONCE: usize = 256;

/// Memos wait this long at most before they are published.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

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

/// What a step needs besides itself.
pub(crate) struct StepContext<'a> {
    pub plan: &'a Plan,
    pub store: &'a DynStore,
    pub executor: &'a dyn Executor,
    pub control: &'a Control,
    /// The outputs of the steps before it.
    pub finished: &'a BTreeMap<String, StepFinished>,
    /// Whether results that are known may stand for execution. Replay says no.
    pub reuse: bool,
}

/// Runs a step, or finds its outputs known.
pub(crate) fn run_step(
    context: &StepContext<'_>,
    step: &PlannedStep,
) -> Result<(StepFinished, Publication), StepError> {
    #[expect(clippy::disallowed_methods, reason = "for people: how long a step took")]
    let started = Instant::now();
    let work = StepRun::new(context, step);
    let step_key = work.key()?;
    if let Some(known) = work.find_known(&step_key, started)? {
        return Ok((known, Publication::default()));
    }
    let outputs = match &step.op {
        Op::Window { .. }
        | Op::Filter { .. }
        | Op::SplitTime { .. }
        | Op::SplitHash { .. }
        | Op::Select { .. }
        | Op::Union
        | Op::Asof { .. }
        | Op::Lookup { .. } => work.host_step()?,
        Op::Apply { plugin, description } => work.apply_step(plugin, description)?,
        Op::Predict { plugin, description } => {
            let d = description;
            work.predict_step(plugin, &d.prediction_reads, &d.prediction)?
        }
        Op::PredictForeign { plugin, description } => {
            work.predict_step(plugin, &description.reads, &description.prediction)?
        }
        Op::Fit { plugin, description } => work.fit_step(plugin, description)?,
        Op::Train { plugin, description } => work.train_step(plugin, description)?,
        Op::Evaluate { plugin, description } | Op::Drift { plugin, description } => {
            work.fold_step(plugin, description)?
        }
        Op::Decide { plugin, looks_at, facts } => work.decide_step(plugin, looks_at, facts)?,
    };
    work.finish(outputs, step_key, started)
}

/// What a step would make, if that is known already.
pub(crate) fn find_known(
    context: &StepContext<'_>,
    step: &PlannedStep,
) -> Result<Option<StepFinished>, StepError> {
    #[expect(clippy::disallowed_methods, reason = "for people: how long a step took")]
    let started = Instant::now();
    let work = StepRun::new(context, step);
    work.find_known(&work.key()?, started)
}

fn elapsed_us(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A step under way.
struct StepRun<'a> {
    context: &'a StepContext<'a>,
    step: &'a PlannedStep,
    tally: Mutex<Tally>,
}

struct Tally {
    units: Vec<UnitRecord>,
    executed: u64,
    reused: u64,
    memos: Vec<(Vec<u8>, Vec<u8>)>,
    published: Instant,
}

/// Output name to artifact.
type Outputs = BTreeMap<String, Digest>;

impl<'a> StepRun<'a> {
    fn new(context: &'a StepContext<'a>, step: &'a PlannedStep) -> Self {
        #[expect(clippy::disallowed_methods, reason = "paces the publishing of memos only")]
        let published = Instant::now();
        let tally =
            Tally { units: Vec::new(), executed: 0, reused: 0, memos: Vec::new(), published };
        Self { context, step, tally: Mutex::new(tally) }
    }

    /// The key of the whole step: the operation, the digests of its inputs, and the environment.
    fn key(&self) -> Result<Digest, StepError> {
        let inputs: Result<Vec<_>, _> =
            (0..self.step.inputs.len()).map(|i| self.input(i)).collect();
        let environment = self.environment(self.step.op.plugin().is_some_and(has_grants));
        let mut op = self.step.op.clone();
        memo::forget_names(&mut op);
        Ok(memo::step_key(&op, &inputs?, &environment))
    }

    fn find_known(
        &self,
        key: &Digest,
        started: Instant,
    ) -> Result<Option<StepFinished>, StepError> {
        if !self.context.reuse {
            return Ok(None);
        }
        let known = memo::find_step(self.context.store, key)?;
        Ok(known.map(|known| StepFinished {
            step: self.step.name.clone(),
            wall_us: elapsed_us(started),
            ..known
        }))
    }

    fn environment(&self, sees_clock: bool) -> Environment {
        let plan = self.context.plan;
        Environment {
            profile: plan.profile,
            limits: plan.limits,
            logical_time_us: if sees_clock { plan.logical_time_us } else { 0 },
        }
    }

    /// The artifact that an input of the step stands for.
    fn input(&self, index: usize) -> Result<Digest, StepError> {
        match &self.step.inputs[index] {
            Source::Artifact(digest) => Ok(*digest),
            Source::Input(name) => match self.context.plan.inputs.get(name) {
                Some(input) => Ok(input.table),
                None => Err(self.aborted(format!("the plan has no input `{name}`"))),
            },
            Source::Step { step, output } => self
                .context
                .finished
                .get(step)
                .and_then(|finished| finished.outputs.get(output).copied())
                .ok_or_else(|| self.aborted(format!("`{step}.{output}` does not exist yet"))),
        }
    }

    /// The table that an input of the step is.
    fn table(&self, index: usize) -> Result<Table, StepError> {
        let bytes = self.context.store.get(&self.input(index)?)?;
        let table: Table =
            from_canonical(&bytes).map_err(|error| self.aborted(error.to_string()))?;
        table.check().map_err(|problem| self.aborted(problem))?;
        Ok(table)
    }

    fn stage_table(&self, table: &Table) -> Result<Digest, StepError> {
        let bytes = to_canonical(table).map_err(|error| self.aborted(error.to_string()))?;
        Ok(self.context.store.stage(&bytes)?)
    }

    fn aborted(&self, message: String) -> StepError {
        StepError::Aborted { step: self.step.name.clone(), message }
    }

    /// Runs units side by side, but for those whose outputs are known; answers in their order.
    fn units(&self, name: &str, work: Vec<Work>) -> Result<Vec<UnitOutput>, StepError> {
        let mut outputs = Vec::with_capacity(work.len());
        let mut work = work.into_iter();
        loop {
            let units: Vec<Unit> =
                work.by_ref().take(UNITS_AT_ONCE).map(|w| self.unit(w)).collect();
            if units.is_empty() {
                return Ok(outputs);
            }
            outputs.extend(self.execute(name, outputs.len(), &units)?);
        }
    }

    /// Runs one unit.
    fn one(&self, name: &str, work: Work) -> Result<UnitOutput, StepError> {
        let mut outputs = self.units(name, vec![work])?;
        Ok(outputs.remove(0))
    }

    fn unit(&self, work: Work) -> Unit {
        let environment =
            work.component().map(|component| self.environment(!component.grants.is_empty()));
        Unit { environment, work }
    }

    fn execute(
        &self,
        name: &str,
        first: usize,
        units: &[Unit],
    ) -> Result<Vec<UnitOutput>, StepError> {
        let keys: Vec<Digest> = units.iter().map(Unit::key).collect();
        let mut known = Vec::with_capacity(units.len());
        for key in &keys {
            known.push(match self.context.reuse {
                true => memo::find_unit(self.context.store, key)?,
                false => None,
            });
        }
        let missing: Vec<Unit> = units
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(unit, _)| unit.clone())
            .collect();
        let mut made = self.context.executor.execute(&missing, self.context.control).into_iter();
        let mut outputs = Vec::with_capacity(units.len());
        let mut failed = None;
        for (index, (key, known)) in keys.iter().zip(known).enumerate() {
            let name = format!("{name}[{}]", first + index);
            let executed = known.is_none();
            let output = match known {
                Some(output) => output,
                None => match made.next().expect("BUG: fewer answers than units") {
                    Ok(output) => output,
                    Err(error) => {
                        failed.get_or_insert_with(|| self.failed(name, error));
                        continue;
                    }
                },
            };
            self.record(name, *key, &output, executed);
            outputs.push(output);
        }
        let Some(failed) = failed else {
            self.publish_now_and_then()?;
            return Ok(outputs);
        };
        // What was made beside the failure need not be made again when the run is taken up.
        self.publish_memos()?;
        Err(failed)
    }

    fn failed(&self, name: String, error: UnitError) -> StepError {
        match error {
            UnitError::Failure(Failure::HostAbort { message }) => {
                if self.context.control.is_cancelled() {
                    return StepError::Cancelled;
                }
                self.aborted(message)
            }
            UnitError::Failure(failure) => {
                let unit = self.lock().units.len() as u64;
                StepError::Failed { step: self.step.name.clone(), unit, name, failure }
            }
            UnitError::Store(error) => StepError::Store(error),
            UnitError::Data(message) => self.aborted(message),
        }
    }

    fn record(&self, name: String, key: Digest, output: &UnitOutput, executed: bool) {
        let mut tally = self.lock();
        let outputs = output.outputs.clone();
        tally.units.push(UnitRecord { name, key, outputs, fuel: output.fuel });
        if executed {
            tally.executed += 1;
            tally.memos.push(memo::unit_entry(&key, output));
        } else {
            tally.reused += 1;
        }
    }

    fn publish_now_and_then(&self) -> Result<(), StepError> {
        if self.lock().published.elapsed() < PUBLISH_EVERY {
            return Ok(());
        }
        self.publish_memos()
    }

    fn publish_memos(&self) -> Result<(), StepError> {
        if !self.context.reuse {
            return Ok(());
        }
        let memos = {
            let mut tally = self.lock();
            #[expect(clippy::disallowed_methods, reason = "paces the publishing of memos only")]
            let now = Instant::now();
            tally.published = now;
            std::mem::take(&mut tally.memos)
        };
        let publication = Publication { memos, ..Publication::default() };
        Ok(self.context.store.publish(&publication)?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn finish(
        self,
        outputs: Outputs,
        step_key: Digest,
        started: Instant,
    ) -> Result<(StepFinished, Publication), StepError> {
        let step = self.step.name.clone();
        let tally = self.tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fuel = tally.units.iter().map(|unit| unit.fuel).sum();
        let record = StepRecord { units: tally.units };
        let bytes = to_canonical(&record).map_err(|error| StepError::Aborted {
            step: step.clone(),
            message: error.to_string(),
        })?;
        let finished = StepFinished {
            step,
            outputs,
            record: self.context.store.stage(&bytes)?,
            units_executed: tally.executed,
            units_reused: tally.reused,
            fuel,
            wall_us: elapsed_us(started),
        };
        let mut memos = tally.memos;
        memos.push(memo::step_entry(&step_key, &finished));
        Ok((finished, Publication { memos, ..Publication::default() }))
    }
}

fn has_grants(plugin: &refrain_domain::plan::PluginUse) -> bool {
    !plugin.grants.is_empty()
}

/// The columns of a chunk that a component reads.
fn project(chunk: &Chunk, reads: &[usize]) -> Chunk {
    Chunk { rows: chunk.rows, columns: reads.iter().map(|&i| chunk.columns[i]).collect() }
}

/// The rows of one chunk, as a fold sees them.
fn rows_of(schema: &Schema, chunk: &Chunk, reads: &[usize]) -> Rows {
    Rows { schema: schema.clone(), chunks: vec![project(chunk, reads)] }
}
