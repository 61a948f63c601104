//! A run as people and programs want to see it: events, plan and reports in one view.

use std::collections::BTreeMap;

use refrain_domain::plan::{DecisionRecord, OUTPUT, Op, Plan};
use refrain_domain::run::Run;
use refrain_domain::{DriftScore, Metric};
use refrain_runner::Runner;

use crate::wire::{
    DecisionView, GateView, MetricView, RegisteredView, RunSummary, RunView, StepView, time_of_ms,
};

type Result<T> = std::result::Result<T, refrain_runner::RunnerError>;

/// The whole of a run.
pub(crate) fn run_view(runner: &Runner, id: &str, run: &Run) -> Result<RunView> {
    let plan = runner.plan_of(run)?;
    let reports = reports(runner, &plan, run)?;
    let steps = plan.steps.iter().filter_map(|step| {
        let finished = run.finished.get(&step.name)?;
        Some(StepView::new(step.op.name(), finished))
    });
    Ok(RunView {
        run: id.to_owned(),
        pipeline: plan.pipeline.clone(),
        purpose: plan.purpose.into(),
        plan: run.plan.to_string(),
        status: run.status.to_string(),
        message: run.message.clone(),
        units_executed: run.units_executed(),
        units_reused: run.units_reused(),
        fuel: run.finished.values().map(|step| step.fuel).sum(),
        verdict: run.verdict.map(|verdict| verdict.to_string()),
        gate: run.gate.iter().map(GateView::from).collect(),
        model_version: run.model_version.as_ref().map(RegisteredView::from),
        metrics: overall(main_report(&plan).and_then(|step| reports.get(step))),
        reports: reports
            .into_iter()
            .map(|(step, metrics)| (step, metrics.into_iter().map(MetricView::from).collect()))
            .collect(),
        decision: decision(runner, &plan, run)?,
        drift: drift(runner, &plan, run)?,
        steps: steps.collect(),
        submitted_at: time_of_ms(run.submitted_at_ms),
        ended_at: run.ended_at_ms.map(time_of_ms),
        wall_ms: run.ended_at_ms.map(|ended| ended - run.submitted_at_ms),
    })
}

/// A run in a line.
pub(crate) fn run_summary(id: &str, run: &Run) -> RunSummary {
    let model = run.model_version.as_ref();
    RunSummary {
        run: id.to_owned(),
        status: run.status.to_string(),
        verdict: run.verdict.map(|verdict| verdict.to_string()),
        model_version: model.map(|model| format!("{}/{}", model.model, model.version)),
        units_executed: run.units_executed(),
        units_reused: run.units_reused(),
        submitted_at: time_of_ms(run.submitted_at_ms),
        wall_ms: run.ended_at_ms.map(|ended| ended - run.submitted_at_ms),
    }
}

/// The report that the gate looks at first, or else the first of the pipeline's own.
fn main_report(plan: &Plan) -> Option<&str> {
    let gated = plan.gate.first().map(|gate| gate.report.as_str());
    gated.or_else(|| {
        // Names with a dot are the planner's own.
        let own = |name: &str| !name.contains('.') || name == "retrain.performance";
        let mut reports = plan.steps.iter().filter(|step| matches!(step.op, Op::Evaluate { .. }));
        reports.find(|step| own(&step.name)).map(|step| step.name.as_str())
    })
}

fn overall(report: Option<&Vec<Metric>>) -> BTreeMap<String, Option<f64>> {
    let metrics = report.into_iter().flatten();
    let overall = metrics.filter(|metric| metric.slice.is_empty() && metric.part.is_empty());
    overall.map(|metric| (metric.name.clone(), metric.value)).collect()
}

fn reports(runner: &Runner, plan: &Plan, run: &Run) -> Result<BTreeMap<String, Vec<Metric>>> {
    read_each(runner, plan, run, "metrics", |op| matches!(op, Op::Evaluate { .. }))
}

fn drift(runner: &Runner, plan: &Plan, run: &Run) -> Result<BTreeMap<String, Vec<DriftScore>>> {
    read_each(runner, plan, run, "drift scores", |op| matches!(op, Op::Drift { .. }))
}

fn decision(runner: &Runner, plan: &Plan, run: &Run) -> Result<Option<DecisionView>> {
    let is_decision = |op: &Op| matches!(op, Op::Decide { .. });
    let found = read_each::<DecisionRecord>(runner, plan, run, "decision", is_decision)?;
    Ok(found.into_values().next().map(DecisionView::from))
}

/// What every finished step of a kind made, by step.
fn read_each<T: serde::de::DeserializeOwned + serde::Serialize>(
    runner: &Runner,
    plan: &Plan,
    run: &Run,
    what: &str,
    is_wanted: impl Fn(&Op) -> bool,
) -> Result<BTreeMap<String, T>> {
    let mut found = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| is_wanted(&step.op)) {
        let output = run.finished.get(&step.name).and_then(|step| step.outputs.get(OUTPUT));
        if let Some(digest) = output {
            found.insert(step.name.clone(), runner.read_manifest(what, digest)?);
        }
    }
    Ok(found)
}
