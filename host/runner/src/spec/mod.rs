//! [`PipelineSpec`]: what a user writes, in YAML or JSON.
//!
//! Invariant: an unknown key is an error that names the nearest known one.
//! Absent on purpose: nothing here resolves a name; that is [`crate::plan`].

mod operators;
mod parse;

use std::collections::BTreeMap;

use refrain_domain::gate::GateRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Count, Span};
pub use operators::{
    AsofSpec, FilterSpec, Holdout, LookupSpec, PredictSpec, SelectSpec, SplitBy, SplitSpec,
    WindowSpec,
};
pub(crate) use parse::suggest;
pub use parse::{SpecError, nearest};

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineSpec {
    /// The pipeline's name.
    pub pipeline: String,
    /// For people: what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For people: team, runbook, whatever helps at night.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub owner: BTreeMap<String, String>,
    /// Datasets, by the name that steps call them.
    pub inputs: BTreeMap<String, InputSpec>,
    /// Steps by name. Their order follows from what they read.
    pub steps: BTreeMap<String, StepSpec>,
    /// What must hold before the alias moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<GateSpec>,
    /// Where the model goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<RegisterSpec>,
    /// When to train again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrain: Option<RetrainSpec>,
    /// What a run may use.
    #[serde(default)]
    pub budget: BudgetSpec,
}

/// A dataset that the pipeline reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// The dataset's name, at its latest version, or `name@blake3:…` for a fixed one.
    pub dataset: String,
    /// A file to import when the store does not know it, relative to the pipeline's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The column that says when a row happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// Only the last so much event time, such as `90d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Span>,
    /// Column to kind, where inference should not decide.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schema: BTreeMap<String, String>,
    /// The texts that mean a missing value, in CSV. Default: empty and `NA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
    /// What to do with a malformed row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub malformed: Malformed,
    /// Quality expectations; their results become part of the dataset version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<serde_json::Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What to do with a malformed row. It is never dropped silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Malformed {
    /// Fail, naming line and column.
    #[default]
    Fail,
    /// Keep it apart, in an artifact of its own, with the reason.
    Quarantine,
}

/// A step: a host operator, or a plugin. Exactly one of `asof`, `lookup`, `union`, `filter`,
/// `select`, `split`, `window`, `predict` and `plugin` is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepSpec {
    /// Point-in-time join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asof: Option<AsofSpec>,
    /// Join by equal keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<LookupSpec>,
    /// All rows of several tables of one schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub union: Option<Vec<String>>,
    /// Rows whose boolean column is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterSpec>,
    /// Some of the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectSpec>,
    /// Two tables from one: `<step>.train` and `<step>.holdout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSpec>,
    /// Rows in a range of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowSpec>,
    /// Appends a model's predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predict: Option<PredictSpec>,
    /// A plugin and the versions that will do: `standardize@^0.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The table that the plugin reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// For a transform: the table to fit on, where it is not `input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<String>,
    /// For a transform: the tables to apply it to. `split.train` becomes `<step>.train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<Vec<String>>,
    /// For an evaluator: the step whose model predicts first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// For a drift detector: what the world looked like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// For a drift detector: what it looks like now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The plugin's parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<serde_json::Value>,
    /// The plugin's randomness, 0 to 2^53 - 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A gate rule, and where its numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateSpec {
    /// The metric's name.
    pub metric: String,
    /// Column to value; `*` means every value of that column.
    #[serde(default)]
    pub slice: BTreeMap<String, String>,
    /// The metric must not be below it.
    #[serde(default)]
    pub lower_bound: Option<f64>,
    /// The metric must not be above it.
    #[serde(default)]
    pub upper_bound: Option<f64>,
    /// The metric must be better than the baseline's by at least this much; may be negative.
    #[serde(default)]
    pub min_absolute_change: Option<f64>,
    /// The same as a share of the baseline's value.
    #[serde(default)]
    pub min_relative_change: Option<f64>,
    /// Whether more is better.
    #[serde(default = "yes")]
    pub greater_is_better: bool,
    /// Slices with fewer rows do not decide.
    #[serde(default)]
    pub min_rows: Option<u64>,
    /// The baseline: `models:/name@alias`.
    #[serde(default)]
    pub against: Option<String>,
    /// The evaluating step; default the only one.
    #[serde(default)]
    pub report: Option<String>,
}

const fn yes() -> bool {
    true
}

impl GateSpec {
    /// The rule without where its numbers come from.
    pub fn rule(&self) -> GateRule {
        GateRule {
            metric: self.metric.clone(),
            slice: self.slice.clone(),
            lower_bound: self.lower_bound,
            upper_bound: self.upper_bound,
            min_absolute_change: self.min_absolute_change,
            min_relative_change: self.min_relative_change,
            greater_is_better: self.greater_is_better,
            min_rows: self.min_rows,
        }
    }
}

/// Where the model goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterSpec {
    /// The model's name.
    pub model: String,
    /// The training step; default the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The alias that moves when the gate passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

/// When to train again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrainSpec {
    /// The input whose new rows matter. It needs an event time.
    pub watch: String,
    /// The table, before any split, whose rows are compared and evaluated.
    pub table: String,
    /// The model in place, `models:/name@alias`; default what `register` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// How far the new rows have moved from those that the model was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<PluginSpec>,
    /// The evaluating step that tells how the model does on the new rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The policy.
    pub trigger: PluginSpec,
}

/// A plugin and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginSpec {
    /// A plugin and the versions that will do.
    pub plugin: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Option<serde_json::Value>,
}

/// What a run may use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetSpec {
    /// Fuel for all units together; replay counts the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Count>,
    /// Fuel for one call into a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel_per_call: Option<Count>,
    /// Memory of one component instance, such as `1GiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes_max: Option<Bytes>,
    /// Wall-clock time of the run, such as `10m`. Passing it aborts the run; it can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<Span>,
}

impl PipelineSpec {
    /// Every plugin that the pipeline names, once.
    pub fn plugins(&self) -> std::collections::BTreeSet<&str> {
        let steps = self.steps.values().filter_map(|step| step.plugin.as_deref());
        let retrain = self.retrain.iter().flat_map(|retrain| {
            let drift = retrain.drift.iter().map(|drift| drift.plugin.as_str());
            drift.chain([retrain.trigger.plugin.as_str()])
        });
        steps.chain(retrain).collect()
    }

    /// The JSON Schema that editors check pipelines against.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
