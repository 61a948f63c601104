//! Plans and runs on the wire.

use std::collections::BTreeMap;

use refrain_domain::Metric;
use refrain_domain::gate::GateResult;
use refrain_domain::plan::{DecisionRecord, Plan, Purpose as PlanPurpose};
use refrain_domain::run::{RegisteredModel, StepFinished};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pipeline to be run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The pipeline, as YAML or JSON text.
    pub pipeline: String,
    /// Dataset versions by input, where the latest of the dataset should not stand. Inputs that
    /// name a file need one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// What for.
    #[serde(default)]
    pub purpose: Purpose,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The pipeline itself: train, evaluate, gate, register.
    #[default]
    Train,
    /// Its `retrain` section: is there reason to train?
    Decide,
}

impl From<PlanPurpose> for Purpose {
    fn from(purpose: PlanPurpose) -> Self {
        match purpose {
            PlanPurpose::Train => Self::Train,
            PlanPurpose::Decide => Self::Decide,
        }
    }
}

/// The name of a run that was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The run.
    pub run: String,
    /// Its plan.
    pub plan: String,
}

/// A run to be taken up again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResumeRequest {
    /// Wall-clock time that it may take from now, in milliseconds.
    pub wall_ms: Option<u64>,
}

/// How to replay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayRequest {
    /// `cranelift` or `pulley`; default the former.
    pub backend: Option<String>,
    /// Threads; 0: one for each core.
    pub threads: usize,
}

/// A plan, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    /// Its digest, should it be run.
    pub plan: String,
    /// The pipeline.
    pub pipeline: String,
    /// Steps in an order in which every one comes after those that it reads.
    pub steps: Vec<PlannedStepView>,
    /// The plan itself.
    #[schema(value_type = Object)]
    pub manifest: Plan,
}

/// A step of a plan, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStepView {
    /// The step.
    pub step: String,
    /// What it does.
    pub op: String,
    /// The plugin that does it.
    pub plugin: Option<String>,
    /// What it reads.
    pub inputs: Vec<String>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// The run.
    pub run: String,
    /// `submitted`, `running`, `succeeded`, `failed`, `aborted` or `cancelled`.
    pub status: String,
    /// What the gate found.
    pub verdict: Option<String>,
    /// The model version that it made, such as `flight-delay/3`.
    pub model_version: Option<String>,
    /// Units that ran.
    pub units_executed: u64,
    /// Units whose results were known.
    pub units_reused: u64,
    /// When it was submitted.
    pub submitted_at: String,
    /// From submission to end.
    pub wall_ms: Option<i64>,
}

/// Runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Runs {
    /// Newest first within a pipeline.
    pub runs: Vec<RunSummary>,
    /// Runs that match, of which these are some.
    pub total: u64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// The run.
    pub run: String,
    /// The pipeline.
    pub pipeline: String,
    /// What for.
    pub purpose: Purpose,
    /// The plan's digest.
    pub plan: String,
    /// `submitted`, `running`, `succeeded`, `failed`, `aborted` or `cancelled`.
    pub status: String,
    /// Why it failed or was given up.
    pub message: Option<String>,
    /// Units that ran.
    pub units_executed: u64,
    /// Units whose results were known.
    pub units_reused: u64,
    /// Fuel of all units, executed or reused.
    pub fuel: u64,
    /// What the gate found: `pass`, `fail` or `inconclusive`; null without a gate.
    pub verdict: Option<String>,
    /// The gate, rule by rule.
    pub gate: Vec<GateView>,
    /// The model version made.
    pub model_version: Option<RegisteredView>,
    /// Overall metrics of the pipeline's report, by name; null where the rows do not define one.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// All metrics of every evaluating step, slices and parts too.
    pub reports: BTreeMap<String, Vec<MetricView>>,
    /// Whether to train, for a run that decides.
    pub decision: Option<DecisionView>,
    /// Drift scores by step.
    #[schema(value_type = Object)]
    pub drift: BTreeMap<String, Vec<refrain_domain::DriftScore>>,
    /// Steps that are done, in plan order.
    pub steps: Vec<StepView>,
    /// When it was submitted.
    pub submitted_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// From submission to end.
    pub wall_ms: Option<i64>,
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// The step.
    pub step: String,
    /// What it does.
    pub op: String,
    /// Units that ran.
    pub units_executed: u64,
    /// Units whose results were known.
    pub units_reused: u64,
    /// Fuel of all its units.
    pub fuel: u64,
    /// Microseconds that it took here.
    pub wall_us: u64,
    /// Output name to digest.
    pub outputs: BTreeMap<String, String>,
    /// The record of its units.
    pub record: String,
}

impl StepView {
    pub(crate) fn new(op: &str, finished: &StepFinished) -> Self {
        let outputs = finished.outputs.iter();
        Self {
            step: finished.step.clone(),
            op: op.to_owned(),
            units_executed: finished.units_executed,
            units_reused: finished.units_reused,
            fuel: finished.fuel,
            wall_us: finished.wall_us,
            outputs: outputs.map(|(name, digest)| (name.clone(), digest.to_string())).collect(),
            record: finished.record.to_string(),
        }
    }
}

/// What a gate rule found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GateView {
    /// The metric.
    pub metric: String,
    /// The slice that the rule is about.
    pub slice: BTreeMap<String, String>,
    /// `pass`, `fail` or `inconclusive`; null: the rule did not apply.
    pub verdict: Option<String>,
    /// The slice that decided, the value there, and the bound.
    pub detail: String,
}

impl From<&GateResult> for GateView {
    fn from(result: &GateResult) -> Self {
        Self {
            metric: result.rule.metric.clone(),
            slice: result.rule.slice.clone(),
            verdict: result.verdict.map(|verdict| verdict.to_string()),
            detail: result.detail.clone(),
        }
    }
}

/// A model version that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisteredView {
    /// The model.
    pub model: String,
    /// Counted from 1.
    pub version: u64,
    /// The manifest.
    pub digest: String,
    /// The alias that moved to it.
    pub alias: Option<String>,
}

impl From<&RegisteredModel> for RegisteredView {
    fn from(model: &RegisteredModel) -> Self {
        Self {
            model: model.model.clone(),
            version: model.version,
            digest: model.digest.to_string(),
            alias: model.alias.clone(),
        }
    }
}

/// One number of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricView {
    /// In `snake_case`, as scikit-learn calls it.
    pub metric: String,
    /// Column to value; empty: all rows.
    pub slice: BTreeMap<String, String>,
    /// Which part of the metric it is; empty: the metric is one number.
    pub part: BTreeMap<String, String>,
    /// Null where the rows do not define it.
    pub value: Option<f64>,
    /// The rows it was computed on.
    pub n_rows: u64,
}

impl From<Metric> for MetricView {
    fn from(metric: Metric) -> Self {
        let map = |tags: Vec<refrain_domain::Tag>| {
            tags.into_iter().map(|tag| (tag.name, tag.value)).collect()
        };
        Self {
            metric: metric.name,
            slice: map(metric.slice),
            part: map(metric.part),
            value: metric.value,
            n_rows: metric.n_rows,
        }
    }
}

/// Whether to train, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    /// `fire`, `hold` or `inconclusive`.
    pub verdict: String,
    /// One sentence.
    pub reason: String,
    /// Every rule that was weighed, and every fact.
    #[schema(value_type = Object)]
    pub record: DecisionRecord,
}

impl From<DecisionRecord> for DecisionView {
    fn from(record: DecisionRecord) -> Self {
        let verdict = serde_json::to_value(record.decision.verdict).ok();
        let verdict = verdict.as_ref().and_then(|verdict| verdict.as_str()).unwrap_or_default();
        Self { verdict: verdict.to_owned(), reason: record.decision.reason.clone(), record }
    }
}
