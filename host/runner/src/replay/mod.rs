//! Replay: a run's steps again, without the cache, on any backend and any number of threads; and
//! every output compared, unit by unit.
//!
//! Each step is given the recorded inputs, so a difference is found where it begins.

mod overlay;

use std::sync::Arc;

use refrain_domain::canonical::digest_of;
use refrain_domain::gate::Verdict;
use refrain_domain::plan::{Plan, PlannedStep};
use refrain_domain::run::{Run, Status, StepRecord};
use refrain_domain::{Backend, Digest};
use refrain_store::DynStore;
use serde::{Deserialize, Serialize};

use crate::compare::{Difference, step_difference};
use crate::conclude::{conclude, read_manifest};
use crate::error::RunnerError;
use crate::executor::Control;
use crate::local::LocalExecutor;
use crate::schedule::is_complete;
use crate::step::{StepContext, StepError, run_step};
use crate::{Runner, RunnerOptions, sandbox};
pub(crate) use overlay::Overlay;

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
            Err(StepError::Broken { message, .. }) => {
                return Ok(parted(report, step, None, message));
            }
            Err(StepError::Failed { name, failure, .. }) => {
                return Ok(parted(report, step, Some(name), failure.to_string()));
            }
        };
        report.steps_compared += 1;
        let record: StepRecord = read_manifest(&*overlay, "step record", &again.record)?;
        report.units_compared += record.units.len() as u64;
        if again.record != recorded.record || again.outputs != recorded.outputs {
            report.difference = Some(step_difference(&*overlay, step, recorded, &again));
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
    if let Some(detail) = registration_difference(plan, run) {
        return differs("register", detail);
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

/// A recorded registration that the plan and the verdict do not lead to.
fn registration_difference(plan: &Plan, run: &Run) -> Option<String> {
    let (Some(planned), Some(made)) = (&plan.register, &run.model_version) else { return None };
    if made.model != planned.model {
        return Some(format!("the plan names `{}`, the run `{}`", planned.model, made.model));
    }
    let expected = planned.alias.as_ref().filter(|_| run.verdict == Some(Verdict::Pass));
    let show = |alias: Option<&String>| alias.map_or_else(|| "no".to_owned(), |a| format!("`{a}`"));
    (made.alias.as_ref() != expected).then(|| {
        let (moved, due) = (show(made.alias.as_ref()), show(expected));
        format!("{moved} alias moved, and {due} alias had to")
    })
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
