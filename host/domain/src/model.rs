//! [`ModelVersion`]: a model with its whole lineage.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::TransformDescription;
use crate::gate::{GateResult, Verdict};
use crate::plan::{PlannedInput, PluginUse};
use crate::{Digest, Schema};

/// The `format` of the model versions that this version writes and reads.
pub const MODEL_FORMAT: &str = "refrain.model-version/1";

/// A manifest: everything that it takes to predict, and everything that it came from.
///
/// It names the plan, not the run: two runs of one plan make one and the same model version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelVersion {
    /// [`MODEL_FORMAT`].
    pub format: String,
    /// The model's name.
    pub model: String,
    /// The plan that made it.
    pub plan: Digest,
    /// The dataset versions that went into it.
    pub inputs: BTreeMap<String, PlannedInput>,
    /// The trainer.
    pub trainer: PluginUse,
    /// Of the table it was trained on.
    pub input: Schema,
    /// The model's bytes.
    pub state: Digest,
    /// Fitted transforms between the last host operator and the trainer, in order.
    pub transforms: Vec<FittedTransform>,
    /// The metrics of each evaluation, by step.
    pub metrics: BTreeMap<String, Digest>,
    /// What the gate found.
    pub gate: Vec<GateResult>,
    /// The gate as a whole.
    pub verdict: Verdict,
}

/// A transform as it was when the model was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedTransform {
    /// The transform.
    pub plugin: PluginUse,
    /// What it said it would do, given `input`.
    pub description: TransformDescription,
    /// Of the table that it is applied to.
    pub input: Schema,
    /// Its fitted state, if it needs one.
    pub state: Option<Digest>,
}
