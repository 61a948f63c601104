//! [`Plan`]: a pipeline with every name resolved to a digest.
//!
//! Invariant: equal plans are equal bytes, and nothing outside a plan decides what its steps
//! compute. Plugin names and versions stand in it for people; digests decide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::{
    Fact, FoldDescription, PredictorDescription, TrainerDescription, TransformDescription,
};
use crate::gate::GateRule;
use crate::{Digest, Grant, Limits, Schema, World};

/// The `format` of the plans that this version writes and reads.
pub const PLAN_FORMAT: &str = "refrain.plan/1";

/// What a run will do, to the last byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// Whether it trains or decides whether to.
    pub purpose: Purpose,
    /// The digest of the [`crate::Profile`].
    pub profile: Digest,
    /// Of every unit.
    pub limits: Limits,
    /// Where clocks stand, in microseconds since the epoch: the latest event time of the inputs.
    pub logical_time_us: i64,
    /// By name.
    pub inputs: BTreeMap<String, PlannedInput>,
    /// In an order in which every step comes after the steps that it reads.
    pub steps: Vec<PlannedStep>,
    /// What must hold before an alias moves.
    pub gate: Vec<PlannedGate>,
    /// Where the model goes.
    pub register: Option<PlannedRegister>,
    /// Fuel that all units together may use; 0: no bound.
    pub fuel_max: u64,
}

/// Why a plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The pipeline itself.
    Train,
    /// Its `retrain` section: is there reason to train?
    Decide,
}

/// A dataset version that a plan reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedInput {
    /// The dataset's name.
    pub dataset: String,
    /// The dataset version's manifest.
    pub version: Digest,
    /// Its [`crate::Table`].
    pub table: Digest,
    /// The column of event times, and their range.
    pub event_time: Option<EventTime>,
    /// The number of rows.
    pub rows: u64,
}

/// When the rows of a dataset happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTime {
    /// A column of kind timestamp-us.
    pub column: String,
    /// The earliest, in microseconds since the epoch.
    pub min_us: i64,
    /// The latest.
    pub max_us: i64,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// Unique within the plan.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// What it reads, in the order that the operation expects.
    pub inputs: Vec<Source>,
    /// What it makes.
    pub outputs: Vec<PlannedOutput>,
}

/// Where a step's input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An input of the plan, by name.
    Input(String),
    /// An output of an earlier step.
    Step {
        /// The step.
        step: String,
        /// Its output.
        output: String,
    },
    /// An artifact that an earlier run made: a fitted state or a model.
    Artifact(Digest),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input(name) => f.write_str(name),
            Self::Step { step, output } if output == OUTPUT => f.write_str(step),
            Self::Step { step, output } => write!(f, "{step}.{output}"),
            Self::Artifact(digest) => write!(f, "{digest}"),
        }
    }
}

/// The name of the output of a step that has just one.
pub const OUTPUT: &str = "out";

/// Something that a step makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedOutput {
    /// Unique within the step.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
}

/// The kinds of artifact that a step can make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// A [`crate::Table`] of this schema.
    Table(Schema),
    /// The fitted state of a transform.
    State,
    /// A model's bytes.
    Model,
    /// Metrics: canonical JSON of `Vec<Metric>`.
    Metrics,
    /// Drift scores: canonical JSON of `Vec<DriftScore>`.
    Drift,
    /// A trigger's decision: canonical JSON of a [`DecisionRecord`].
    Decision,
}

/// A trigger's decision with the facts that it weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// In the order in which the trigger saw them.
    pub facts: Vec<Fact>,
    /// What it said.
    pub decision: crate::contract::Decision,
}

/// A component and all that was decided about its use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginUse {
    /// For people.
    pub name: String,
    /// For people.
    pub version: semver::Version,
    /// The component.
    pub component: Digest,
    /// What it implements.
    pub world: World,
    /// What it may have beyond computing.
    pub grants: Vec<Grant>,
    /// Its parameters.
    pub params: serde_json::Value,
    /// At most 2^53 - 1, so that it survives JSON.
    pub seed: u64,
}

/// What a step does. Host operators move rows; everything cleverer is a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Rows with `from_us <= column < to_us`.
    Window {
        /// A column of kind timestamp-us.
        column: String,
        /// Inclusive.
        from_us: Option<i64>,
        /// Exclusive.
        to_us: Option<i64>,
    },
    /// Columns of the last row on the right at or before each row on the left.
    Asof {
        /// Key columns, of the same names on both sides.
        by: Vec<String>,
        /// The time on the left.
        left_on: String,
        /// The time on the right.
        right_on: String,
        /// Older rows do not match.
        tolerance_us: Option<i64>,
        /// The right's columns to add.
        columns: Vec<String>,
    },
    /// Columns of the row on the right with equal keys.
    Lookup {
        /// Key columns, of the same names on both sides.
        by: Vec<String>,
        /// The right's columns to add.
        columns: Vec<String>,
    },
    /// All rows of all inputs, in order.
    Union,
    /// Rows whose boolean column is true.
    Filter {
        /// A column of kind boolean. Null is not true.
        by: String,
    },
    /// Some of the columns.
    Select {
        /// In the order asked for.
        columns: Vec<String>,
    },
    /// `train` before the boundary, `holdout` from it on.
    SplitTime {
        /// A column of kind timestamp-us. Null goes to neither; the plan's user filters it first.
        column: String,
        /// The first microsecond of the holdout.
        at_us: i64,
    },
    /// `holdout` gets a share of the keys, `train` the rest.
    SplitHash {
        /// The columns whose values make the key.
        by: Vec<String>,
        /// Millionths of the key space.
        holdout_ppm: u32,
        /// Another seed, another split.
        seed: u64,
    },
    /// Fits a transform: input 0 to a state.
    Fit {
        /// The transform.
        plugin: PluginUse,
        /// What it said it would do.
        description: TransformDescription,
    },
    /// Applies a transform to input 0. Input 1, if there is one, is its state.
    Apply {
        /// The transform.
        plugin: PluginUse,
        /// What it said it would do.
        description: TransformDescription,
    },
    /// Trains on input 0. Outputs `model`.
    Train {
        /// The trainer.
        plugin: PluginUse,
        /// What it said it would do.
        description: TrainerDescription,
    },
    /// Appends predictions to input 0 by the model that is input 1.
    Predict {
        /// The trainer whose model it is.
        plugin: PluginUse,
        /// What it said it would do.
        description: TrainerDescription,
    },
    /// Appends predictions to input 0 by a model from elsewhere, which is input 1.
    PredictForeign {
        /// The predictor.
        plugin: PluginUse,
        /// What it said it would do.
        description: PredictorDescription,
    },
    /// Evaluates input 0.
    Evaluate {
        /// The evaluator.
        plugin: PluginUse,
        /// What it said it would do.
        description: FoldDescription,
    },
    /// Compares input 1 (current) with input 0 (reference).
    Drift {
        /// The detector.
        plugin: PluginUse,
        /// What it said it would do.
        description: FoldDescription,
    },
    /// Weighs facts: those known when the plan was made, and those that the inputs (drift scores,
    /// metrics) tell.
    Decide {
        /// The trigger.
        plugin: PluginUse,
        /// The names of the facts that it looks at.
        looks_at: Vec<String>,
        /// Known when the plan was made.
        facts: Vec<Fact>,
    },
}

impl Op {
    /// The plugin that the step calls, if it calls one.
    pub const fn plugin(&self) -> Option<&PluginUse> {
        match self {
            Self::Fit { plugin, .. }
            | Self::Apply { plugin, .. }
            | Self::Train { plugin, .. }
            | Self::Predict { plugin, .. }
            | Self::PredictForeign { plugin, .. }
            | Self::Evaluate { plugin, .. }
            | Self::Drift { plugin, .. }
            | Self::Decide { plugin, .. } => Some(plugin),
            _ => None,
        }
    }

    /// The word for this operation, as it stands in the plan's JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Window { .. } => "window",
            Self::Asof { .. } => "asof",
            Self::Lookup { .. } => "lookup",
            Self::Union => "union",
            Self::Filter { .. } => "filter",
            Self::Select { .. } => "select",
            Self::SplitTime { .. } => "split-time",
            Self::SplitHash { .. } => "split-hash",
            Self::Fit { .. } => "fit",
            Self::Apply { .. } => "apply",
            Self::Train { .. } => "train",
            Self::Predict { .. } => "predict",
            Self::PredictForeign { .. } => "predict-foreign",
            Self::Evaluate { .. } => "evaluate",
            Self::Drift { .. } => "drift",
            Self::Decide { .. } => "decide",
        }
    }
}

/// A gate rule and where its numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedGate {
    /// The rule.
    pub rule: GateRule,
    /// The step whose metrics it reads.
    pub report: String,
    /// The step that evaluated the baseline on the same rows; none if there is no baseline yet.
    pub baseline: Option<String>,
}

/// Where a model goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRegister {
    /// The model's name.
    pub model: String,
    /// The step that trains it.
    pub step: String,
    /// The alias to move when the gate passes.
    pub alias: Option<String>,
}

impl Plan {
    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&PlannedStep> {
        self.steps.iter().find(|step| step.name == name)
    }
}
