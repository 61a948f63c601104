//! What can be seen to be wrong with a spec before any name in it is resolved.

use super::PlanError;
use crate::plugins::is_name;
use crate::spec::{GateSpec, PipelineSpec};

/// Checks names, gate rules and the budget.
pub(super) fn check(spec: &PipelineSpec) -> Result<(), PlanError> {
    need_name("pipeline", &spec.pipeline)?;
    if spec.steps.is_empty() {
        return Err(PlanError::place("steps", "there is nothing to do: add a step"));
    }
    for (index, gate) in spec.gate.iter().enumerate() {
        check_gate(index, gate)?;
    }
    if let Some(register) = &spec.register {
        need_name("register.model", &register.model)?;
        register.alias.iter().try_for_each(|alias| need_name("register.alias", alias))?;
    }
    check_budget(spec)
}

/// Names become parts of addresses, of refs and of other names.
fn need_name(place: &str, name: &str) -> Result<(), PlanError> {
    if is_name(name) {
        return Ok(());
    }
    let problem = format!("`{name}` is no name: use lower-case letters, digits, `-` and `_`");
    Err(PlanError::place(place, problem))
}

/// How complaints call a gate rule.
pub(super) fn gate_place(index: usize, gate: &GateSpec) -> String {
    format!("gate rule {} (`{}`)", index + 1, gate.metric)
}

fn check_gate(index: usize, gate: &GateSpec) -> Result<(), PlanError> {
    let refuse = |problem: &str| Err(PlanError::place(gate_place(index, gate), problem));
    let bounds = [
        ("lower_bound", gate.lower_bound),
        ("upper_bound", gate.upper_bound),
        ("min_absolute_change", gate.min_absolute_change),
        ("min_relative_change", gate.min_relative_change),
    ];
    let is_number = |bound: &Option<f64>| bound.is_none_or(f64::is_finite);
    if let Some((key, _)) = bounds.iter().find(|(_, bound)| !is_number(bound)) {
        return refuse(&format!("`{key}` is not a finite number: give one, or leave it out"));
    }
    if bounds.iter().all(|(_, bound)| bound.is_none()) {
        return refuse(
            "it states no bound: give `lower_bound`, `upper_bound`, or a change and `against`",
        );
    }
    if gate.lower_bound.zip(gate.upper_bound).is_some_and(|(lower, upper)| lower > upper) {
        return refuse("no number is so high and so low: `lower_bound` is above `upper_bound`");
    }
    let changes = gate.min_absolute_change.or(gate.min_relative_change).is_some();
    if changes != gate.against.is_some() {
        return refuse("a change and `against` go together: give both or neither");
    }
    Ok(())
}

/// The largest whole number of which JSON keeps every digit.
const EXACT_MAX: u64 = (1 << 53) - 1;

/// Seeds survive JSON.
pub(super) fn check_seed(step: &str, seed: u64) -> Result<(), PlanError> {
    if seed <= EXACT_MAX {
        return Ok(());
    }
    let problem = format!("`seed` is {seed}: take one of at most {EXACT_MAX}");
    Err(PlanError::step(step, problem))
}

/// A whole number that would be another one in the plan.
pub(super) fn inexact(value: &serde_json::Value) -> Option<&serde_json::Number> {
    match value {
        serde_json::Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            size.is_some_and(|size| size > EXACT_MAX + 1).then_some(number)
        }
        serde_json::Value::Array(items) => items.iter().find_map(inexact),
        serde_json::Value::Object(map) => map.values().find_map(inexact),
        _ => None,
    }
}

fn check_budget(spec: &PipelineSpec) -> Result<(), PlanError> {
    let budget = &spec.budget;
    let zeros = [
        ("budget.fuel", budget.fuel.is_some_and(|fuel| fuel.0 == 0)),
        ("budget.fuel_per_call", budget.fuel_per_call.is_some_and(|fuel| fuel.0 == 0)),
        ("budget.memory_bytes_max", budget.memory_bytes_max.is_some_and(|bytes| bytes.0 == 0)),
    ];
    if budget.memory_bytes_max.is_some_and(|bytes| bytes.0 > EXACT_MAX) {
        let problem = "no machine has so much: lower it, or leave it out";
        return Err(PlanError::place("budget.memory_bytes_max", problem));
    }
    match zeros.into_iter().find(|(_, is_zero)| *is_zero) {
        Some((place, _)) => {
            Err(PlanError::place(place, "nothing runs on 0: raise it, or leave it out"))
        }
        None => Ok(()),
    }
}
