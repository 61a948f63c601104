//! The order of steps: each after those that it reads, ties by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::PlanError;
use crate::spec::{PipelineSpec, StepSpec};

/// The names of all steps, in an order that depends on nothing but the spec: wave by wave, each of
/// the steps whose reads were all in the waves before it. Looks at every read twice.
pub(super) fn topological(spec: &PipelineSpec) -> Result<Vec<String>, PlanError> {
    let mut waits_for: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut readers: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, step) in &spec.steps {
        if name.contains('.') || name.is_empty() {
            return Err(PlanError::DottedName { name: name.clone() });
        }
        let steps = references(step).into_iter().map(step_of);
        let reads: BTreeSet<&str> = steps.filter(|read| spec.steps.contains_key(*read)).collect();
        reads.iter().for_each(|read| readers.entry(read).or_default().push(name));
        waits_for.insert(name, reads);
    }
    let mut missing: HashMap<&str, usize> =
        waits_for.iter().map(|(name, reads)| (*name, reads.len())).collect();
    let is_first = |(_, reads): &(&&str, &BTreeSet<&str>)| reads.is_empty();
    let mut wave: Vec<&str> = waits_for.iter().filter(is_first).map(|(name, _)| *name).collect();
    let mut order: Vec<String> = Vec::with_capacity(waits_for.len());
    while !wave.is_empty() {
        let mut next = Vec::new();
        for reader in wave.iter().filter_map(|name| readers.get(name)).flatten() {
            let left = missing.entry(reader).or_default();
            *left -= 1;
            if *left == 0 {
                next.push(*reader);
            }
        }
        next.sort_unstable();
        order.extend(wave.iter().map(|name| (*name).to_owned()));
        wave = next;
    }
    if order.len() < waits_for.len() {
        waits_for.retain(|name, _| missing[name] > 0);
        return Err(PlanError::Cycle { steps: find_cycle(&waits_for) });
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
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut at = waits_for.keys().next().copied().unwrap_or_default();
    loop {
        if let Some(start) = seen.insert(at, path.len()) {
            let circle = path[start..].iter().chain([&at]);
            return circle.map(|name| (*name).to_owned()).collect();
        }
        path.push(at);
        let next = waits_for[at].iter().find(|name| waits_for.contains_key(*name));
        at = next.copied().unwrap_or(at);
    }
}
