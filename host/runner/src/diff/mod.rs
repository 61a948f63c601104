//! Why two runs differ: the first cause, not the hundredth consequence.

mod causes;

use std::collections::{BTreeMap, HashMap};

use refrain_domain::plan::{OUTPUT, Op, Plan, PlannedStep};
use refrain_domain::run::Run;
use refrain_domain::{Metric, Table};
use serde::{Deserialize, Serialize};

use crate::Runner;
use crate::compare::{step_difference, table_difference};
use crate::error::RunnerError;
use causes::Cause;

/// How two runs differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDiff {
    /// Whether plan and outputs are the same.
    pub identical: bool,
    /// The first thing that differs, in the order in which it could have an effect.
    pub first_cause: Option<String>,
    /// Everything that the plans differ in.
    pub causes: Vec<String>,
    /// Steps whose outputs differ.
    pub steps: Vec<String>,
    /// Overall metrics that differ: of the first and of the second run.
    pub metrics: BTreeMap<String, [Option<f64>; 2]>,
}

impl Runner {
    /// Compares two runs.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`] for a run that is not there.
    pub fn diff(&self, a: &str, b: &str) -> Result<RunDiff, RunnerError> {
        let ((a, _), (b, _)) = (self.run(a)?, self.run(b)?);
        let (a_plan, b_plan) = (self.plan_of(&a)?, self.plan_of(&b)?);
        let found = causes::of(&a_plan, &b_plan);
        let causes: Vec<String> = found.iter().map(|cause| self.in_words(cause)).collect();
        let steps = steps_apart((&a_plan, &a), (&b_plan, &b));
        let first_cause = match (causes.first(), steps.first()) {
            (Some(cause), _) => Some(cause.clone()),
            (None, Some(step)) => Some(self.step_apart(step, &a, &b)),
            (None, None) => None,
        };
        let steps = steps.iter().map(|step| step.name.clone()).collect();
        let metrics = self.metric_diff((&a_plan, &a), (&b_plan, &b))?;
        Ok(RunDiff { identical: first_cause.is_none(), first_cause, causes, steps, metrics })
    }

    /// A cause as a sentence; for an input, down to the first row that is another.
    fn in_words(&self, cause: &Cause) -> String {
        let Cause { text, tables } = cause;
        let Some([a, b]) = tables else { return text.clone() };
        let table = |digest| self.read_manifest::<Table>("table", digest);
        let place = match (table(a), table(b)) {
            (Ok(a), Ok(b)) => table_difference(&*self.store, &a, &b),
            // Swept with an old version: the versions' digests must do.
            _ => return text.clone(),
        };
        format!("{text}: {}", place.unwrap_or_else(|| "the rows are the same".to_owned()))
    }

    /// One plan, and other outputs all the same.
    fn step_apart(&self, step: &PlannedStep, a: &Run, b: &Run) -> String {
        let name = &step.name;
        match (a.finished.get(name), b.finished.get(name)) {
            (Some(x), Some(y)) => {
                let place = step_difference(&*self.store, step, x, y);
                format!("{place}, though the plans are the same: replay both runs")
            }
            (Some(_), None) => format!("step `{name}` has finished in the first only"),
            _ => format!("step `{name}` has finished in the second only"),
        }
    }

    fn metric_diff(
        &self,
        a: (&Plan, &Run),
        b: (&Plan, &Run),
    ) -> Result<BTreeMap<String, [Option<f64>; 2]>, RunnerError> {
        let mut all: BTreeMap<String, [Option<f64>; 2]> = BTreeMap::new();
        for (side, (plan, run)) in [a, b].into_iter().enumerate() {
            for step in plan.steps.iter().filter(|step| matches!(step.op, Op::Evaluate { .. })) {
                let output = run.finished.get(&step.name).and_then(|f| f.outputs.get(OUTPUT));
                let Some(digest) = output else { continue };
                let metrics: Vec<Metric> = self.read_manifest("metrics", digest)?;
                let overall = |m: &Metric| m.slice.is_empty() && m.part.is_empty();
                for metric in metrics.into_iter().filter(overall) {
                    let name = format!("{}.{}", step.name, metric.name);
                    all.entry(name).or_default()[side] = metric.value;
                }
            }
        }
        all.retain(|_, [a, b]| a != b);
        Ok(all)
    }
}

/// Steps whose outputs differ, in the first plan's order; then those of the second plan alone.
fn steps_apart<'p>(a: (&'p Plan, &Run), b: (&'p Plan, &Run)) -> Vec<&'p PlannedStep> {
    let outputs = |run: &Run, name: &str| run.finished.get(name).map(|f| f.outputs.clone());
    let mut planned: HashMap<&str, &PlannedStep> = HashMap::with_capacity(b.0.steps.len());
    planned.extend(b.0.steps.iter().map(|step| (step.name.as_str(), step)));
    let mut apart = Vec::new();
    for step in &a.0.steps {
        let also = planned.remove(step.name.as_str());
        if also.is_none() || outputs(a.1, &step.name) != outputs(b.1, &step.name) {
            apart.push(step);
        }
    }
    apart.extend(b.0.steps.iter().filter(|step| planned.contains_key(step.name.as_str())));
    apart
}
