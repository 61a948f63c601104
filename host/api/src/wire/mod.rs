//! What goes over the wire. Domain values are turned into these by hand, once, here.
//!
//! Digests are texts `blake3:…`, times RFC 3339 in UTC, spans milliseconds.

mod data;
mod model;
mod plugin;
mod run;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use data::{
    DatasetVersionView, DatasetView, Datasets, ImportOptions, ImportPath, ImportSource, Imported,
    VersionView,
};
pub use model::{AliasMove, ModelVersionView, Models};
pub use plugin::{
    AdmissionView, CheckView, ComparisonView, CompileRequest, PluginView, Plugins, RegisterOptions,
    SignatureView,
};
pub use run::{
    DecisionView, GateView, MetricView, PlanView, PlannedStepView, Purpose, RegisteredView,
    ReplayRequest, ResumeRequest, RunRequest, RunSummary, RunView, Runs, StepView, Submitted,
};

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Refrain's version.
    pub version: String,
    /// The engine that runs components.
    pub engine: String,
    /// The digest of the determinism profile.
    pub profile: String,
}

/// What a collection of garbage did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collected {
    /// Whether it only looked.
    pub dry_run: bool,
    /// Artifacts kept.
    pub kept: u64,
    /// Artifacts swept, or that would be.
    pub swept: u64,
    /// Bytes given back, or that would be.
    pub freed_bytes: u64,
}

/// What a check of the store found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Whether nothing is wrong.
    pub sound: bool,
    /// Artifacts whose digests were verified.
    pub verified: u64,
    /// Everything that is wrong.
    pub faults: Vec<FaultView>,
}

/// Something that is wrong with the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaultView {
    /// The artifact, if it is one.
    pub digest: Option<String>,
    /// What, and where.
    pub detail: String,
}

/// Where a backup goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// A folder on the server's machine, empty or not there yet.
    pub path: String,
}

/// Milliseconds since the epoch as RFC 3339.
pub(crate) fn time_of_ms(ms: i64) -> String {
    refrain_data::format_timestamp_us(ms.saturating_mul(1_000))
}
