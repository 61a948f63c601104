//! What follows from finished steps: the gate's verdict, and the model version.
//!
//! Invariant: a function of the plan and of what the steps made, so a replay comes to the same
//! conclusion, and so does whoever verifies a bundle.

use refrain_domain::gate::{Baseline, GateResult, Verdict, overall, weigh};
use refrain_domain::model::{FittedTransform, MODEL_FORMAT, ModelVersion};
use refrain_domain::plan::{OUTPUT, Op, Plan, PlannedRegister, PlannedStep, Purpose, Source};
use refrain_domain::run::Run;
use refrain_domain::{CanonicalError, Digest, Metric, Schema, Table, from_canonical, from_stored};
use refrain_store::DynStore;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RunnerError;

/// How a run ends when all its steps are done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conclusion {
    pub gate: Vec<GateResult>,
    /// None where there was no gate.
    pub verdict: Option<Verdict>,
    pub model: Option<ModelVersion>,
}

/// Weighs the gate, and writes down what the model is and where it came from.
pub(crate) fn conclude(
    store: &DynStore,
    plan: &Plan,
    run: &Run,
) -> Result<Conclusion, RunnerError> {
    let gate = weigh_gate(store, plan, run)?;
    let is_gated = plan.purpose == Purpose::Train && !plan.gate.is_empty();
    let verdict = is_gated.then(|| overall(&gate));
    let register = plan.register.as_ref();
    let model = register.map(|r| model_version(store, plan, run, r, &gate, verdict)).transpose()?;
    Ok(Conclusion { gate, verdict, model })
}

/// Reads a manifest by digest.
pub(crate) fn read_manifest<T: DeserializeOwned>(
    store: &DynStore,
    what: &str,
    digest: &Digest,
) -> Result<T, RunnerError> {
    read_by(from_stored, store, what, digest)
}

/// Reads a manifest that somebody else wrote: it has to be in canonical form.
pub(crate) fn read_foreign_manifest<T: DeserializeOwned + Serialize>(
    store: &DynStore,
    what: &str,
    digest: &Digest,
) -> Result<T, RunnerError> {
    read_by(from_canonical, store, what, digest)
}

fn read_by<T>(
    parse: fn(&[u8]) -> Result<T, CanonicalError>,
    store: &DynStore,
    what: &str,
    digest: &Digest,
) -> Result<T, RunnerError> {
    parse(&store.get(digest)?)
        .map_err(|error| RunnerError::corrupt(format!("{what} {digest}"), error))
}

fn weigh_gate(store: &DynStore, plan: &Plan, run: &Run) -> Result<Vec<GateResult>, RunnerError> {
    let metrics = |step: &str| -> Result<Vec<Metric>, RunnerError> {
        match output(run, step, OUTPUT) {
            Some(digest) => read_manifest(store, "metrics", &digest),
            None => Ok(Vec::new()),
        }
    };
    let mut results = Vec::with_capacity(plan.gate.len());
    for gate in &plan.gate {
        let report = metrics(&gate.report)?;
        let baseline = gate.baseline.as_deref().map(metrics).transpose()?;
        let baseline = baseline.as_deref().map_or(Baseline::None, Baseline::Metrics);
        results.push(weigh(&gate.rule, &report, baseline));
    }
    Ok(results)
}

fn model_version(
    store: &DynStore,
    plan: &Plan,
    run: &Run,
    register: &PlannedRegister,
    gate: &[GateResult],
    verdict: Option<Verdict>,
) -> Result<ModelVersion, RunnerError> {
    let broken = |detail: &str| RunnerError::corrupt(format!("plan {}", run.plan), detail);
    let step = plan.step(&register.step).ok_or_else(|| broken("no training step"))?;
    let Op::Train { plugin, .. } = &step.op else { return Err(broken("no training step")) };
    let metrics = plan.steps.iter().filter(|step| matches!(step.op, Op::Evaluate { .. }));
    Ok(ModelVersion {
        format: MODEL_FORMAT.to_owned(),
        model: register.model.clone(),
        plan: run.plan,
        inputs: plan.inputs.clone(),
        trainer: plugin.clone(),
        input: table_schema(store, plan, run, &step.inputs[0])?,
        state: output(run, &step.name, OUTPUT).ok_or_else(|| broken("no model"))?,
        transforms: transforms_before(store, plan, run, step)?,
        metrics: metrics
            .filter_map(|step| Some((step.name.clone(), output(run, &step.name, OUTPUT)?)))
            .collect(),
        gate: gate.to_vec(),
        verdict: verdict.unwrap_or(Verdict::Inconclusive),
    })
}

/// The schema of a table that a step reads.
fn table_schema(
    store: &DynStore,
    plan: &Plan,
    run: &Run,
    source: &Source,
) -> Result<Schema, RunnerError> {
    let digest = match source {
        Source::Input(name) => plan.inputs.get(name).map(|input| input.table),
        Source::Step { step, output: name } => output(run, step, name),
        Source::Artifact(digest) => Some(*digest),
    };
    let missing = || RunnerError::corrupt(format!("plan {}", run.plan), "a table is missing");
    let table: Table = read_manifest(store, "table", &digest.ok_or_else(missing)?)?;
    Ok(table.schema)
}

/// The fitted transforms between the last host operator and the trainer.
fn transforms_before(
    store: &DynStore,
    plan: &Plan,
    run: &Run,
    trainer: &PlannedStep,
) -> Result<Vec<FittedTransform>, RunnerError> {
    let mut transforms = Vec::new();
    let mut source = &trainer.inputs[0];
    while let Source::Step { step, .. } = source
        && let Some(step) = plan.step(step)
        && let Op::Apply { plugin, description } = &step.op
    {
        let state = match step.inputs.get(1) {
            Some(Source::Artifact(digest)) => Some(*digest),
            Some(Source::Step { step, output: name }) => output(run, step, name),
            _ => None,
        };
        transforms.push(FittedTransform {
            plugin: plugin.clone(),
            description: description.clone(),
            input: table_schema(store, plan, run, &step.inputs[0])?,
            state,
        });
        source = &step.inputs[0];
    }
    transforms.reverse();
    Ok(transforms)
}

/// What a finished step made.
fn output(run: &Run, step: &str, output: &str) -> Option<Digest> {
    run.finished.get(step)?.outputs.get(output).copied()
}
