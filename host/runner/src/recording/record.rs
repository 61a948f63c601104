//! Records a step: executes its units once more, one at a time, and keeps what went in and out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use refrain_domain::Digest;
use refrain_domain::run::StepRecord;
use refrain_store::DynStore;

use super::artifacts::{columns, private};
use super::{FORMAT, Index, RecordedUnit, Spent};
use crate::bundle::pack;
use crate::conclude::read_manifest;
use crate::error::RunnerError;
use crate::executor::{Control, Executor, UnitError};
use crate::local::LocalExecutor;
use crate::replay::Overlay;
use crate::step::{StepContext, run_step};
use crate::unit::{Unit, UnitOutput};
use crate::{Runner, sandbox};

impl Runner {
    /// Writes what a step's units were given and what they made; answers how many they are.
    ///
    /// They are executed once more for it, so that what they use is measured one at a time; if they
    /// make anything else than the run has recorded, nothing is written.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], and [`RunnerError::Invalid`] for a step without a plugin, one that
    /// is not finished, or one that does not replay; [`RunnerError::Host`] if writing fails.
    pub fn record(
        &self,
        id: &str,
        step: &str,
        control: &Control,
        to: &mut dyn Write,
    ) -> Result<u64, RunnerError> {
        let (run, _) = self.run(id)?;
        let plan = self.plan_of(&run)?;
        let names: Vec<String> = plan.steps.iter().map(|step| step.name.clone()).collect();
        let planned =
            plan.step(step).ok_or_else(|| RunnerError::not_found("step", step, &names))?;
        let invalid = |why: String| RunnerError::Invalid {
            message: format!("step `{step}` of run `{id}` cannot be recorded: {why}"),
        };
        if planned.op.plugin().is_none() {
            return Err(invalid("the host does it itself, without a plugin".to_owned()));
        }
        let finished = run.finished.get(step);
        let finished = finished.ok_or_else(|| invalid("it is not finished".to_owned()))?;
        let overlay: Arc<DynStore> = Arc::new(Overlay::new(self.store.clone()));
        let local =
            LocalExecutor::new(overlay.clone(), sandbox(&self.options, self.options.backend)?, 1);
        let executor = Recorder { local, units: Mutex::default() };
        let context = StepContext {
            plan: &plan,
            store: &*overlay,
            executor: &executor,
            control,
            finished: &run.finished,
            reuse: false,
        };
        let (again, _) = run_step(&context, planned).map_err(|error| invalid(error.to_string()))?;
        if again.record != finished.record {
            return Err(invalid("it does not replay: see `refrain replay`".to_owned()));
        }
        let record: StepRecord = read_manifest(&*overlay, "step record", &again.record)?;
        let index = index(id, step, executor.units.into_inner(), &record);
        pack(&index, &*overlay, to)?;
        Ok(index.units.len() as u64)
    }
}

fn index(
    run: &str,
    step: &str,
    units: Result<Vec<Seen>, PoisonError<Vec<Seen>>>,
    record: &StepRecord,
) -> Index {
    let names: BTreeMap<Digest, &str> =
        record.units.iter().map(|unit| (unit.key, unit.name.as_str())).collect();
    let mut artifacts = BTreeSet::new();
    let mut recorded = Vec::new();
    for Seen { mut unit, output, wall_us } in units.unwrap_or_else(PoisonError::into_inner) {
        let name = names.get(&unit.key()).map_or_else(String::new, |name| (*name).to_owned());
        artifacts.extend(columns(&unit.work));
        artifacts.extend(private(&mut unit.work).into_iter().map(|digest| *digest));
        artifacts.extend(&output.outputs);
        let spent =
            Spent { fuel: output.fuel, memory_bytes_peak: output.memory_bytes_peak, wall_us };
        recorded.push(RecordedUnit { name, unit, outputs: output.outputs, spent });
    }
    let (run, step) = (run.to_owned(), step.to_owned());
    Index { format: FORMAT.to_owned(), run, step, units: recorded, artifacts }
}

/// An executor that remembers what it was given.
struct Recorder {
    local: LocalExecutor,
    units: Mutex<Vec<Seen>>,
}

struct Seen {
    unit: Unit,
    output: UnitOutput,
    wall_us: u64,
}

impl Executor for Recorder {
    fn execute(&self, units: &[Unit], control: &Control) -> Vec<Result<UnitOutput, UnitError>> {
        units.iter().map(|unit| self.one(unit, control)).collect()
    }
}

impl Recorder {
    fn one(&self, unit: &Unit, control: &Control) -> Result<UnitOutput, UnitError> {
        let (output, wall_us) = timed(&self.local, unit, control);
        let output = output?;
        let seen = Seen { unit: unit.clone(), output: output.clone(), wall_us };
        self.units.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        Ok(output)
    }
}

/// Executes one unit alone, and tells how many microseconds it took.
pub(super) fn timed(
    executor: &LocalExecutor,
    unit: &Unit,
    control: &Control,
) -> (Result<UnitOutput, UnitError>, u64) {
    #[expect(clippy::disallowed_methods, reason = "for people: how long a unit took")]
    let started = Instant::now();
    let output = executor.execute(std::slice::from_ref(unit), control).remove(0);
    (output, u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX))
}
