//! Why two runs differ: the first cause, not the hundredth consequence.

use std::collections::BTreeMap;

use refrain_domain::plan::{OUTPUT, Op, Plan};
use refrain_domain::run::Run;
use refrain_domain::{Digest, Metric};
use serde::{Deserialize, Serialize};

use crate::Runner;
use crate::error::RunnerError;
use crate::replay::outputs_of;

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
        let causes = plan_causes(&a_plan, &b_plan);
        let (a_outputs, b_outputs) = (outputs_of(&a), outputs_of(&b));
        let mut steps: Vec<String> = Vec::new();
        for step in &a_plan.steps {
            let name = step.name.as_str();
            if a_outputs.get(name) != b_outputs.get(name) {
                steps.push(step.name.clone());
            }
        }
        let added = b_plan.steps.iter().filter(|step| a_plan.step(&step.name).is_none());
        steps.extend(added.map(|step| step.name.clone()));
        let first_cause = causes.first().cloned().or_else(|| {
            let step = steps.first()?;
            Some(format!("step `{step}` made other outputs of the same plan: replay both runs"))
        });
        let metrics = self.metric_diff((&a_plan, &a), (&b_plan, &b))?;
        Ok(RunDiff { identical: first_cause.is_none(), first_cause, causes, steps, metrics })
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
                for metric in
                    metrics.into_iter().filter(|m| m.slice.is_empty() && m.part.is_empty())
                {
                    all.entry(format!("{}.{}", step.name, metric.name)).or_default()[side] =
                        metric.value;
                }
            }
        }
        all.retain(|_, [a, b]| a != b);
        Ok(all)
    }
}

/// What two plans differ in, causes before consequences: profile, limits, inputs, then steps.
fn plan_causes(a: &Plan, b: &Plan) -> Vec<String> {
    let mut causes = Vec::new();
    if a.profile != b.profile {
        causes.push(format!(
            "the profile is {} there and {} here",
            a.profile.short(),
            b.profile.short()
        ));
    }
    if a.limits != b.limits {
        causes.push(format!("the limits are {:?} there and {:?} here", a.limits, b.limits));
    }
    for (name, input) in &a.inputs {
        match b.inputs.get(name) {
            None => causes.push(format!("input `{name}` is only in the first")),
            Some(other) if other.version != input.version => causes.push(format!(
                "input `{name}` is version {} ({} rows) there and {} ({} rows) here",
                input.version.short(),
                input.rows,
                other.version.short(),
                other.rows
            )),
            Some(_) => {}
        }
    }
    let new = b.inputs.keys().filter(|name| !a.inputs.contains_key(*name));
    causes.extend(new.map(|name| format!("input `{name}` is only in the second")));
    for step in &a.steps {
        match b.step(&step.name) {
            None => causes.push(format!("step `{}` is only in the first", step.name)),
            Some(other) => causes.extend(step_cause(&step.name, &step.op, &other.op)),
        }
    }
    let new = b.steps.iter().filter(|step| a.step(&step.name).is_none());
    causes.extend(new.map(|step| format!("step `{}` is only in the second", step.name)));
    if a.gate != b.gate {
        causes.push("the gates differ".to_owned());
    }
    causes
}

fn step_cause(name: &str, a: &Op, b: &Op) -> Option<String> {
    if a == b {
        return None;
    }
    let (Some(x), Some(y)) = (a.plugin(), b.plugin()) else {
        return Some(format!("step `{name}` is {} there and {} here", json(a), json(b)));
    };
    let short = |digest: Digest| digest.short();
    Some(if x.component != y.component {
        format!(
            "step `{name}` uses `{}@{}` ({}) there and `{}@{}` ({}) here",
            x.name,
            x.version,
            short(x.component),
            y.name,
            y.version,
            short(y.component)
        )
    } else if x.params != y.params {
        let key = first_key(&x.params, &y.params);
        format!(
            "step `{name}`: parameter `{key}` is {} there and {} here",
            at(&x.params, &key),
            at(&y.params, &key)
        )
    } else if x.seed != y.seed {
        format!("step `{name}`: the seed is {} there and {} here", x.seed, y.seed)
    } else {
        format!("step `{name}` sees another schema or other facts")
    })
}

fn json(op: &Op) -> String {
    serde_json::to_string(op).unwrap_or_default()
}

fn first_key(a: &serde_json::Value, b: &serde_json::Value) -> String {
    let (Some(x), Some(y)) = (a.as_object(), b.as_object()) else { return String::new() };
    let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
    keys.into_iter().find(|key| x.get(*key) != y.get(*key)).cloned().unwrap_or_default()
}

fn at(params: &serde_json::Value, key: &str) -> String {
    params.get(key).map_or_else(|| "absent".to_owned(), ToString::to_string)
}
