//! Replay: a run's steps again, without the cache, on any backend and any number of threads; and
//! every output compared, unit by unit.
//!
//! Each step is given the recorded inputs, so a difference is found where it begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use refrain_domain::canonical::digest_of;
use refrain_domain::plan::{Op, Plan, PlannedStep};
use refrain_domain::run::{Run, Status, StepFinished, StepRecord, UnitRecord};
use refrain_domain::{Backend, Column, Digest, Values};
use refrain_store::{
    Artifacts, Bytes, DynStore, Events, MemoryStore, Memos, Publication, Publish, Refs, StoreError,
};
use serde::{Deserialize, Serialize};

use crate::conclude::{conclude, read_manifest};
use crate::error::RunnerError;
use crate::executor::Control;
use crate::local::LocalExecutor;
use crate::schedule::is_complete;
use crate::step::{StepContext, StepError, run_step};
use crate::{Runner, RunnerOptions, sandbox};

/// How to replay. Nothing here can change a result; that is the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplayOptions {
    /// How components are executed.
    pub backend: Backend,
    /// Threads; 0: one for each core.
    pub threads: usize,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Whether every output, and the fuel of every unit, was the same.
    pub identical: bool,
    /// Units that ran again and were compared.
    pub units_compared: u64,
    /// Steps that ran again.
    pub steps_compared: u64,
    /// How components were executed.
    pub backend: Backend,
    /// The first difference.
    pub difference: Option<Difference>,
}

/// Where two executions part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The first step that differs.
    pub step: String,
    /// The unit within it.
    pub unit: Option<String>,
    /// What differs: fuel, an output, a column and row.
    pub detail: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step `{}`", self.step)?;
        if let Some(unit) = &self.unit {
            write!(f, ", unit {unit}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

impl Runner {
    /// Executes a run again and compares everything.
    ///
    /// # Errors
    /// [`RunnerError`] if the run or something it needs is not there. A difference is no error.
    pub fn replay(
        &self,
        id: &str,
        options: ReplayOptions,
        control: &Control,
        watch: &mut dyn FnMut(&str),
    ) -> Result<ReplayReport, RunnerError> {
        let (run, _) = self.run(id)?;
        let plan = self.plan_of(&run)?;
        replay(&self.store, &self.options, &plan, &run, options, control, watch)
    }
}

/// Executes a plan against what a run recorded.
pub(crate) fn replay(
    store: &Arc<DynStore>,
    runner: &RunnerOptions,
    plan: &Plan,
    run: &Run,
    options: ReplayOptions,
    control: &Control,
    watch: &mut dyn FnMut(&str),
) -> Result<ReplayReport, RunnerError> {
    let profile = crate::plan::profile_digest(&refrain_sandbox::Sandbox::profile());
    if plan.profile != profile {
        let message = format!(
            "the run's profile is {}, this version's is {profile}: replay it with the version that made it",
            plan.profile
        );
        return Err(RunnerError::Invalid { message });
    }
    let overlay: Arc<DynStore> = Arc::new(Overlay::new(store.clone()));
    let sandbox = sandbox(runner, options.backend)?;
    let executor = LocalExecutor::new(overlay.clone(), sandbox, options.threads);
    let mut report = ReplayReport {
        identical: true,
        units_compared: 0,
        steps_compared: 0,
        backend: options.backend,
        difference: None,
    };
    for step in &plan.steps {
        let Some(recorded) = run.finished.get(&step.name) else { continue };
        watch(&step.name);
        let context = StepContext {
            plan,
            store: &*overlay,
            executor: &executor,
            control,
            finished: &run.finished,
            reuse: false,
        };
        let again = match run_step(&context, step) {
            Ok((again, _)) => again,
            Err(StepError::Store(error)) => return Err(error.into()),
            Err(error @ (StepError::Aborted { .. } | StepError::Cancelled)) => {
                return Err(RunnerError::Host { message: error.to_string() });
            }
            Err(StepError::Failed { name, failure, .. }) => {
                return Ok(parted(report, step, Some(name), failure.to_string()));
            }
        };
        report.steps_compared += 1;
        let record: StepRecord = read_manifest(&*overlay, "step record", &again.record)?;
        report.units_compared += record.units.len() as u64;
        if again.record != recorded.record || again.outputs != recorded.outputs {
            let difference = first_difference(&overlay, step, recorded, &again, &record)?;
            report.difference = Some(difference);
            report.identical = false;
            return Ok(report);
        }
    }
    if is_complete(plan, run) && run.status == Status::Succeeded {
        report.difference = conclusion_difference(store, plan, run)?;
        report.identical = report.difference.is_none();
    }
    Ok(report)
}

/// Draws the conclusion of a run again: its gate, its verdict, its model version.
fn conclusion_difference(
    store: &Arc<DynStore>,
    plan: &Plan,
    run: &Run,
) -> Result<Option<Difference>, RunnerError> {
    let again = conclude(&**store, plan, run)?;
    let differs = |step: &str, detail: String| {
        Ok(Some(Difference { step: step.to_owned(), unit: None, detail }))
    };
    if again.gate != run.gate || again.verdict != run.verdict {
        return differs("gate", "the recorded metrics lead to another verdict".to_owned());
    }
    let model = again.model.as_ref().map(digest_of).transpose();
    let model = model.map_err(|error| RunnerError::corrupt("the model version", error))?;
    let recorded = run.model_version.as_ref().map(|model| model.digest);
    if model != recorded {
        let show = |d: Option<Digest>| d.map_or_else(|| "nothing".to_owned(), |d| d.to_string());
        let detail = format!("the model version was {} and is {} now", show(recorded), show(model));
        return differs("register", detail);
    }
    Ok(None)
}

fn parted(
    mut report: ReplayReport,
    step: &PlannedStep,
    unit: Option<String>,
    detail: String,
) -> ReplayReport {
    report.identical = false;
    report.difference = Some(Difference { step: step.name.clone(), unit, detail });
    report
}

fn first_difference(
    store: &Arc<DynStore>,
    step: &PlannedStep,
    recorded: &StepFinished,
    again: &StepFinished,
    record: &StepRecord,
) -> Result<Difference, RunnerError> {
    let name = step.name.clone();
    let before: StepRecord = match read_manifest(&**store, "step record", &recorded.record) {
        Ok(before) => before,
        Err(error) => {
            let detail = format!("its record cannot be read: {error}");
            return Ok(Difference { step: name, unit: None, detail });
        }
    };
    for (a, b) in before.units.iter().zip(&record.units) {
        if a != b {
            let detail = unit_difference(store, step, a, b);
            return Ok(Difference { step: name, unit: Some(a.name.clone()), detail });
        }
    }
    let detail = if before.units.len() == record.units.len() {
        let outputs =
            recorded.outputs.iter().find(|(name, digest)| again.outputs.get(*name) != Some(digest));
        outputs.map_or_else(
            || "the step records differ".to_owned(),
            |(name, digest)| format!("output `{name}` was {digest} and is another now"),
        )
    } else {
        format!("{} units before, {} now", before.units.len(), record.units.len())
    };
    Ok(Difference { step: name, unit: None, detail })
}

fn unit_difference(
    store: &Arc<DynStore>,
    step: &PlannedStep,
    a: &UnitRecord,
    b: &UnitRecord,
) -> String {
    if a.key != b.key {
        return format!("its step key was {} and is {} now", a.key.short(), b.key.short());
    }
    for (index, (x, y)) in a.outputs.iter().zip(&b.outputs).enumerate() {
        if x == y {
            continue;
        }
        let column = computed_name(step, index).unwrap_or_else(|| format!("output {index}"));
        let decode = |digest: &Digest| refrain_data::decode_column(&store.get(digest).ok()?).ok();
        return match (decode(x), decode(y)) {
            (Some(x), Some(y)) => match first_row(&x, &y) {
                Some(row) => format!("column `{column}` differs first at row {row}"),
                None => format!("column `{column}` differs in length"),
            },
            _ => format!("`{column}` was {x} and is {y} now"),
        };
    }
    if a.fuel != b.fuel {
        return format!("it used {} fuel before, {} now", a.fuel, b.fuel);
    }
    format!("{} outputs before, {} now", a.outputs.len(), b.outputs.len())
}

/// The name of a column that a unit of this step computes.
fn computed_name(step: &PlannedStep, index: usize) -> Option<String> {
    let schema = match &step.op {
        Op::Apply { description, .. } => description.computed(),
        Op::Predict { description, .. } => description.prediction.clone(),
        Op::PredictForeign { description, .. } => description.prediction.clone(),
        Op::Asof { columns, .. } | Op::Lookup { columns, .. } => {
            return columns.get(index).cloned();
        }
        _ => return None,
    };
    schema.fields.get(index).map(|field| field.name.clone())
}

fn first_row(a: &Column, b: &Column) -> Option<usize> {
    let n = rows(a).min(rows(b));
    (0..n).find(|&row| {
        a.is_valid(row) != b.is_valid(row)
            || match (&a.values, &b.values) {
                (Values::Boolean(x), Values::Boolean(y)) => x[row] != y[row],
                (Values::Int64(x), Values::Int64(y))
                | (Values::TimestampUs(x), Values::TimestampUs(y)) => x[row] != y[row],
                (Values::Float64(x), Values::Float64(y)) => x[row].to_bits() != y[row].to_bits(),
                (Values::Utf8(x), Values::Utf8(y)) | (Values::Binary(x), Values::Binary(y)) => {
                    x.get(row) != y.get(row)
                }
                (Values::Vector(x), Values::Vector(y)) => {
                    x.get(row).map(|v| v.to_bits()) != y.get(row).map(|v| v.to_bits())
                }
                _ => true,
            }
    })
}

fn rows(column: &Column) -> usize {
    match &column.values {
        Values::Boolean(v) => v.len(),
        Values::Int64(v) | Values::TimestampUs(v) => v.len(),
        Values::Float64(v) => v.len(),
        Values::Utf8(v) | Values::Binary(v) => v.len(),
        Values::Vector(v) => v.len(),
    }
}

/// A store to replay in: reads from the run's store, and keeps apart only what differs from it,
/// so that an identical replay takes no room.
struct Overlay {
    base: Arc<DynStore>,
    apart: MemoryStore,
}

impl Overlay {
    fn new(base: Arc<DynStore>) -> Self {
        Self { base, apart: MemoryStore::new() }
    }
}

impl Artifacts for Overlay {
    fn stage(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if self.base.size(&digest)?.is_some() {
            return Ok(digest);
        }
        self.apart.stage(bytes)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn get(&self, digest: &Digest) -> Result<Bytes, StoreError> {
        self.apart.get(digest).or_else(|_| self.base.get(digest))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match self.apart.size(digest)? {
            Some(size) => Ok(Some(size)),
            None => self.base.size(digest),
        }
    }
}

impl Refs for Overlay {
    fn get_ref(&self, name: &str) -> Result<Option<Digest>, StoreError> {
        self.base.get_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>, StoreError> {
        self.base.list_refs(prefix)
    }
}

impl Events for Overlay {
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        self.base.read_events(stream, from)
    }

    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
        self.base.list_streams(prefix)
    }
}

impl Memos for Overlay {
    fn get_memo(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }
}

impl Publish for Overlay {
    fn publish(&self, _publication: &Publication) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The recorded outputs of a run, by step.
pub(crate) fn outputs_of(run: &Run) -> BTreeMap<&str, &BTreeMap<String, Digest>> {
    run.finished.iter().map(|(step, finished)| (step.as_str(), &finished.outputs)).collect()
}
