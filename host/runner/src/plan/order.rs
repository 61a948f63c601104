//! The order of steps: each after those that it reads, ties by name.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanError;
use crate::spec::{PipelineSpec, StepSpec};

/// The names of all steps, in an order that depends on nothing but the spec.
pub(super) fn topological(spec: &PipelineSpec) -> Result<Vec<String>, PlanError> {
    let mut waits_for: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, step) in &spec.steps {
        if name.contains('.') || name.is_empty() {
            return Err(PlanError::DottedName { name: name.clone() });
        }
        let steps = references(step).into_iter().map(step_of);
        waits_for.insert(name, steps.filter(|read| spec.steps.contains_key(*read)).collect());
    }
    let mut order: Vec<String> = Vec::with_capacity(waits_for.len());
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < waits_for.len() {
        let ready: Vec<&str> = waits_for
            .iter()
            .filter(|(name, reads)| !done.contains(*name) && reads.is_subset(&done))
            .map(|(name, _)| *name)
            .collect();
        if ready.is_empty() {
            waits_for.retain(|name, _| !done.contains(name));
            return Err(PlanError::Cycle { steps: find_cycle(&waits_for) });
        }
        order.extend(ready.iter().map(|name| (*name).to_owned()));
        done.extend(ready);
    }
    Ok(order)
}

/// Everything that a step reads, as it is written.
fn references(step: &StepSpec) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    if let Some(asof) = &step.asof {
        all.extend([asof.left.as_str(), &asof.right]);
    }
    if let Some(lookup) = &step.lookup {
        all.extend([lookup.left.as_str(), &lookup.right]);
    }
    if let Some(predict) = &step.predict {
        all.extend([predict.model.as_str(), &predict.input]);
    }
    all.extend(step.filter.iter().map(|filter| filter.input.as_str()));
    all.extend(step.select.iter().map(|select| select.input.as_str()));
    all.extend(step.split.iter().map(|split| split.input.as_str()));
    all.extend(step.window.iter().map(|window| window.input.as_str()));
    all.extend(step.union.iter().flatten().map(String::as_str));
    all.extend(step.apply.iter().flatten().map(String::as_str));
    let single = [&step.input, &step.fit, &step.model, &step.reference, &step.current];
    all.extend(single.into_iter().flatten().map(String::as_str));
    all
}

fn step_of(reference: &str) -> &str {
    reference.split_once('.').map_or(reference, |(step, _)| step)
}

/// Follows the first unfinished read of each step until one comes again.
fn find_cycle(waits_for: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut path: Vec<&str> = Vec::new();
    let mut at = waits_for.keys().next().copied().unwrap_or_default();
    loop {
        if let Some(start) = path.iter().position(|name| *name == at) {
            let circle = path[start..].iter().chain([&at]);
            return circle.map(|name| (*name).to_owned()).collect();
        }
        path.push(at);
        let next = waits_for[at].iter().find(|name| waits_for.contains_key(*name));
        at = next.copied().unwrap_or(at);
    }
}
