//! What can be done next. Pure: a plan and a run in, steps out.

use std::collections::BTreeSet;

use refrain_domain::plan::{Plan, PlannedStep, Source};
use refrain_domain::run::Run;

/// Returns the steps whose inputs all exist and that have not started, in plan order.
pub fn ready<'p>(plan: &'p Plan, run: &Run, started: &BTreeSet<String>) -> Vec<&'p PlannedStep> {
    plan.steps.iter().filter(|step| is_ready(step, run, started)).collect()
}

/// Whether a step's inputs all exist, and it has not started.
pub fn is_ready(step: &PlannedStep, run: &Run, started: &BTreeSet<String>) -> bool {
    let exists = |source: &Source| match source {
        Source::Step { step, .. } => run.finished.contains_key(step),
        Source::Input(_) | Source::Artifact(_) => true,
    };
    let has_begun = run.finished.contains_key(&step.name) || started.contains(&step.name);
    !has_begun && step.inputs.iter().all(exists)
}

/// Whether every step has its outputs.
pub fn is_complete(plan: &Plan, run: &Run) -> bool {
    plan.steps.iter().all(|step| run.finished.contains_key(&step.name))
}
