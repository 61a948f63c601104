//! Models on the wire.

use refrain_runner::ModelSummary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A model version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelVersionView {
    /// The model's name.
    pub model: String,
    /// Counted from 1.
    pub version: u64,
    /// The manifest: an artifact with everything that went into the model.
    pub digest: String,
    /// The aliases that name it.
    pub aliases: Vec<String>,
    /// What the gate found: `pass`, `fail` or `inconclusive`.
    pub verdict: String,
}

/// Model versions, by model and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Models {
    /// Oldest first within a model.
    pub models: Vec<ModelVersionView>,
}

/// Where an alias goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasMove {
    /// The version.
    pub version: u64,
}

impl From<ModelSummary> for ModelVersionView {
    fn from(model: ModelSummary) -> Self {
        Self {
            model: model.model,
            version: model.version,
            digest: model.digest.to_string(),
            aliases: model.aliases,
            verdict: model.verdict.to_string(),
        }
    }
}
