//! What can be done next. Pure: a plan and a run in, steps out.

use std::collections::BTreeSet;

use refrain_domain::plan::{Plan, PlannedStep, Source};
use refrain_domain::run::Run;

/// Returns the steps whose inputs all exist and that have not started, in plan order.
pub fn ready<'p>(plan: &'p Plan, run: &Run, started: &BTreeSet<String>) -> Vec<&'p PlannedStep> {
    let exists = |source: &Source| match source {
        Source::Step { step, .. } => run.finished.contains_key(step),
        Source::Input(_) | Source::Artifact(_) => true,
    };
    plan.steps
        .iter()
        .filter(|step| !run.finished.contains_key(&step.name) && !started.contains(&step.name))
        .filter(|step| step.inputs.iter().all(exists))
        .collect()
}

/// Whether every step has its outputs.
pub fn is_complete(plan: &Plan, run: &Run) -> bool {
    plan.steps.iter().all(|step| run.finished.contains_key(&step.name))
}
