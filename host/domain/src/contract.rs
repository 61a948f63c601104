//! What components answer: the records of `wit/`, as domain values that can be stored.

use serde::{Deserialize, Serialize};

use crate::{Field, Schema};

/// Where a column of a transform's output comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputColumn {
    /// The input column at this index, by reference.
    Kept(usize),
    /// A column that `apply` computes, in order.
    Computed(Field),
}

/// What a transform will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformDescription {
    /// Indices of the input columns that the component is handed.
    pub reads: Vec<usize>,
    /// The output's columns in order.
    pub outputs: Vec<OutputColumn>,
    /// Whether the map needs the state of a fit.
    pub needs_fit: bool,
    /// Whether partial fits can be merged.
    pub mergeable: bool,
}

impl TransformDescription {
    /// The columns that `apply` computes.
    pub fn computed(&self) -> Schema {
        let computed = self.outputs.iter().filter_map(|output| match output {
            OutputColumn::Computed(field) => Some(field.clone()),
            OutputColumn::Kept(_) => None,
        });
        Schema { fields: computed.collect() }
    }

    /// The whole output, kept and computed columns in order.
    ///
    /// # Panics
    /// If a kept index is out of range; the sandbox refuses such a description.
    pub fn output(&self, input: &Schema) -> Schema {
        let fields = self.outputs.iter().map(|output| match output {
            OutputColumn::Kept(index) => input.fields[*index].clone(),
            OutputColumn::Computed(field) => field.clone(),
        });
        Schema { fields: fields.collect() }
    }
}

/// What a trainer will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerDescription {
    /// Indices of the input columns that a pass is handed.
    pub training_reads: Vec<usize>,
    /// Indices of the input columns that `predict` is handed.
    pub prediction_reads: Vec<usize>,
    /// The columns that `predict` returns.
    pub prediction: Schema,
    /// Whether partial passes can be merged.
    pub mergeable: bool,
}

/// What a predictor will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictorDescription {
    /// Indices of the input columns that `predict` is handed.
    pub reads: Vec<usize>,
    /// The columns that `predict` returns.
    pub prediction: Schema,
}

/// What an evaluator or a drift detector will read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldDescription {
    /// Indices of the input columns that the fold is handed.
    pub reads: Vec<usize>,
    /// Whether partial folds can be merged.
    pub mergeable: bool,
}

/// A number worth watching during training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// In `snake_case`.
    pub name: String,
    /// At the end of the pass. None stands for a value that is not finite.
    pub value: Option<f64>,
}

/// The end of a training pass.
#[derive(Debug, Clone, PartialEq)]
pub struct PassEnd {
    /// What the next pass, or `finish`, starts from.
    pub state: Vec<u8>,
    /// Whether training has ended.
    pub done: bool,
    /// For people.
    pub measures: Vec<Measure>,
}

/// A name and a value that narrow what a metric is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// A column, or a dimension of the metric.
    pub name: String,
    /// As text.
    pub value: String,
}

/// One number of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// In `snake_case`, as scikit-learn calls it.
    pub name: String,
    /// The rows that it was computed on; empty: all.
    pub slice: Vec<Tag>,
    /// Which part of the metric it is; empty: the metric is one number.
    pub part: Vec<Tag>,
    /// None where the rows do not define it.
    pub value: Option<f64>,
    /// The number of rows it was computed on.
    pub n_rows: u64,
}

/// Whether a column drifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftVerdict {
    /// Beyond the threshold.
    Drifted,
    /// Within the threshold.
    Stable,
    /// Not enough rows to tell.
    Inconclusive,
}

/// One drift measure on one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftScore {
    /// The column measured.
    pub column: String,
    /// In `snake_case`.
    pub measure: String,
    /// None where the windows do not define it.
    pub value: Option<f64>,
    /// Of a hypothesis test.
    pub p_value: Option<f64>,
    /// After correction for many columns.
    pub threshold: f64,
    /// The outcome.
    pub verdict: DriftVerdict,
    /// Non-null rows in the reference window.
    pub n_reference: u64,
    /// Non-null rows in the current window.
    pub n_current: u64,
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactValue {
    /// A count.
    Integer(i64),
    /// A measure.
    Number(f64),
    /// A yes or a no.
    Boolean(bool),
    /// Microseconds since the epoch.
    TimestampUs(i64),
    /// Seconds between two times.
    Seconds(f64),
    /// Anything else.
    Text(String),
}

/// One thing that the host knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Dotted: `rows.since_training`.
    pub name: String,
    /// What it says.
    pub value: FactValue,
}

/// Whether to retrain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerVerdict {
    /// Retrain.
    Fire,
    /// Do not.
    Hold,
    /// The facts do not tell.
    Inconclusive,
}

/// What one rule made of the facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The rule as a person would write it.
    pub rule: String,
    /// Its verdict.
    pub verdict: TriggerVerdict,
    /// The fact's value beside the bound.
    pub detail: String,
}

/// A trigger policy's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The outcome.
    pub verdict: TriggerVerdict,
    /// One sentence.
    pub reason: String,
    /// Every rule that was weighed.
    pub evidence: Vec<Evidence>,
}
