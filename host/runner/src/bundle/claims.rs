//! Whether what a bundle says of its run holds together, before anything is executed.

use std::collections::BTreeMap;

use refrain_data::DatasetVersion;
use refrain_domain::plan::{Plan, PlannedInput};
use refrain_domain::run::{Run, Status, StepFinished, StepRecord};
use refrain_domain::{Digest, Schema, Table};
use refrain_store::{DynStore, StoreError};

use super::write::needed;
use super::{BundleError, Index};
use crate::conclude::read_foreign_manifest;
use crate::datasets::StoreBlocks;
use crate::error::RunnerError;
use crate::plan::check;

type Claimed<T = ()> = Result<T, BundleError>;

fn claim(detail: impl Into<String>) -> BundleError {
    BundleError::Claim { name: None, detail: detail.into() }
}

fn claim_of(digest: &Digest, detail: impl Into<String>) -> BundleError {
    BundleError::Claim { name: Some(digest.to_string()), detail: detail.into() }
}

/// A manifest that cannot be read is a claim that does not hold.
fn unread(error: RunnerError) -> BundleError {
    match error {
        RunnerError::Store(StoreError::Missing { digest }) => {
            BundleError::Missing { name: digest.to_string() }
        }
        other => claim(other.to_string()),
    }
}

/// The run that the events make.
pub(super) fn run_of(index: &Index) -> Claimed<Run> {
    let run =
        Run::fold(&index.events).map_err(|e| claim(format!("its events make no run: {e}")))?;
    if run.plan != index.plan {
        return Err(claim(format!("its events are of plan {}, it names {}", run.plan, index.plan)));
    }
    if run.status != Status::Succeeded {
        return Err(claim(format!("its run has {}, and proves nothing", run.status)));
    }
    Ok(run)
}

/// The plan, if it could be executed on the inputs that came with it.
pub(super) fn plan_of(store: &DynStore, run: &Run) -> Claimed<Plan> {
    let plan: Plan = read_foreign_manifest(store, "plan", &run.plan).map_err(unread)?;
    let mut schemas = BTreeMap::new();
    for (name, input) in &plan.inputs {
        schemas.insert(name.clone(), input_schema(store, name, input)?);
    }
    check(&plan, &schemas)
        .map_err(|problem| claim_of(&run.plan, format!("its plan: {problem}")))?;
    Ok(plan)
}

/// The schema of an input whose manifest and rows say the same as the plan.
fn input_schema(store: &DynStore, name: &str, input: &PlannedInput) -> Claimed<Schema> {
    let says = |what: &str| claim_of(&input.version, format!("input `{name}`: {what}"));
    let version: DatasetVersion =
        read_foreign_manifest(store, "dataset version", &input.version).map_err(unread)?;
    let of_version = PlannedInput {
        dataset: version.name,
        version: input.version,
        table: version.table,
        event_time: version.event_time,
        rows: version.rows,
    };
    if of_version != *input {
        return Err(says("the plan and the dataset version disagree"));
    }
    let table: Table = read_foreign_manifest(store, "table", &input.table).map_err(unread)?;
    table
        .check()
        .map_err(|problem| claim_of(&input.table, format!("input `{name}`: {problem}")))?;
    if table.rows() != input.rows {
        return Err(says(&format!("it has {} rows, the plan says {}", table.rows(), input.rows)));
    }
    // Columns that no step reads would else be believed unseen.
    for chunk in &table.chunks {
        refrain_data::read_batch(chunk, &table.schema, &StoreBlocks(store))
            .map_err(|error| claim_of(&input.table, format!("input `{name}`: {error}")))?;
    }
    Ok(table.schema)
}

/// Every planned step has finished with the outputs that it promised, and no other step has.
pub(super) fn check_steps(store: &DynStore, plan: &Plan, run: &Run) -> Claimed {
    for step in &plan.steps {
        let finished = run.finished.get(&step.name);
        let finished = finished
            .ok_or_else(|| claim(format!("its events do not finish step `{}`", step.name)))?;
        let mut promised: Vec<&String> = step.outputs.iter().map(|output| &output.name).collect();
        promised.sort();
        if !finished.outputs.keys().eq(promised) {
            let detail = format!("step `{}` has other outputs than its plan promises", step.name);
            return Err(claim(detail));
        }
        check_counts(store, finished)?;
    }
    match run.finished.keys().find(|name| plan.step(name).is_none()) {
        Some(name) => Err(claim(format!("its events finish step `{name}`, which is not planned"))),
        None => Ok(()),
    }
}

fn check_counts(store: &DynStore, finished: &StepFinished) -> Claimed {
    let record: StepRecord =
        read_foreign_manifest(store, "step record", &finished.record).map_err(unread)?;
    let n_units = finished.units_executed.checked_add(finished.units_reused);
    if n_units != Some(record.units.len() as u64) {
        let detail = format!("step `{}` counts other units than it records", finished.step);
        return Err(claim_of(&finished.record, detail));
    }
    let fuel = record.units.iter().try_fold(0_u64, |sum, unit| sum.checked_add(unit.fuel));
    if fuel != Some(finished.fuel) {
        let detail = format!("step `{}` counts other fuel than its units used", finished.step);
        return Err(claim_of(&finished.record, detail));
    }
    Ok(())
}

/// The bundle holds what its run leads to, no more and no less.
pub(super) fn check_artifacts(store: &DynStore, index: &Index, plan: &Plan, run: &Run) -> Claimed {
    let needed = needed(store, plan, run).map_err(unread)?;
    if let Some(missing) = needed.difference(&index.artifacts).next() {
        return Err(BundleError::Missing { name: missing.to_string() });
    }
    match index.artifacts.difference(&needed).next() {
        Some(surplus) => Err(BundleError::Entry {
            name: surplus.to_string(),
            detail: "its run does not lead to",
        }),
        None => Ok(()),
    }
}
