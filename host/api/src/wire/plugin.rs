//! Plugins on the wire.

use refrain_admission::{Report, SignatureState};
use refrain_runner::PluginVersion;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is said of a component that is registered: query parameters beside raw bytes, or the JSON
/// part `manifest` of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegisterOptions {
    /// The plugin's name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Semantic version; immutable once registered.
    pub version: String,
    /// What it may have beyond computing, separated by commas: `wasi`, or nothing.
    #[serde(default)]
    pub grants: String,
    /// An SPDX expression.
    #[serde(default)]
    pub licence: Option<String>,
    /// `ed25519:…`, as `refrain plugin sign` makes it of the component and all of the above.
    #[serde(default)]
    pub signature: Option<String>,
}

/// Plugins that will be needed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompileRequest {
    /// As a pipeline names them: `standardize@^0.1`.
    pub plugins: Vec<String>,
}

/// A registered plugin version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The contract that it implements, such as `transform@0.1.0`.
    pub world: String,
    /// The component's digest.
    pub digest: String,
    /// What it may have beyond computing.
    pub grants: Vec<String>,
    /// What it imports and calls.
    pub imports: Vec<String>,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// Its length.
    pub size_bytes: u64,
    /// Whether new plans pass it over.
    pub yanked: bool,
    /// Who vouches for it.
    pub signature: SignatureView,
    /// Whether it keeps its contract; none where it was not asked.
    pub admission: Option<AdmissionView>,
}

/// Who vouches for a plugin version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignatureView {
    /// `unsigned`, `failed` or `verified`.
    pub state: String,
    /// The signer's public key, where verified.
    pub key: Option<String>,
    /// Why it does not count, where failed.
    pub reason: Option<String>,
    /// The signature itself, for whoever would rather verify it on their own.
    pub text: Option<String>,
}

/// What a plugin's run through the laws of its contract has shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdmissionView {
    /// `passed`, `failed` or `skipped`.
    pub verdict: String,
    /// One for each law.
    pub checks: Vec<CheckView>,
    /// Fuel for each row of the trial.
    pub fuel_per_row: Option<u64>,
    /// The most linear memory of one instance.
    pub memory_bytes_peak: Option<u64>,
    /// What it uses beside the version before it.
    pub compared: Option<ComparisonView>,
}

/// A law, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckView {
    /// Such as `repeatable`.
    pub name: String,
    /// `passed`, `failed` or `skipped`.
    pub verdict: String,
    /// Why it failed or was skipped.
    pub detail: String,
}

/// What a plugin uses beside the version before it; above 1: more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparisonView {
    /// The version before.
    pub version: String,
    /// Fuel a row, as a ratio.
    pub fuel_per_row: f64,
    /// Peak memory, as a ratio.
    pub memory_bytes_peak: f64,
}

/// Plugins, by name and version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plugins {
    /// Oldest version first within a name.
    pub plugins: Vec<PluginView>,
}

impl PluginView {
    /// A plugin version, with what is thought of it now.
    pub fn new(plugin: PluginVersion, signature: SignatureState, yanked: bool) -> Self {
        Self {
            name: plugin.manifest.name,
            version: plugin.manifest.version.to_string(),
            world: plugin.world.to_string(),
            digest: plugin.component.to_string(),
            grants: plugin.manifest.grants.iter().map(ToString::to_string).collect(),
            imports: plugin.imports,
            licence: plugin.manifest.licence,
            size_bytes: plugin.size_bytes,
            yanked,
            signature: SignatureView::new(signature, plugin.signature.map(|made| made.to_string())),
            admission: plugin.admission.map(AdmissionView::from),
        }
    }
}

impl SignatureView {
    fn new(found: SignatureState, text: Option<String>) -> Self {
        let state = found.to_string();
        let (key, reason) = match found {
            SignatureState::Unsigned => (None, None),
            SignatureState::Failed { reason } => (None, Some(reason)),
            SignatureState::Verified { key } => (Some(key), None),
        };
        Self { state, key, reason, text }
    }
}

impl From<Report> for AdmissionView {
    fn from(report: Report) -> Self {
        let verdict = report.verdict().to_string();
        let check = |check: refrain_admission::Check| CheckView {
            name: check.name,
            verdict: check.verdict.to_string(),
            detail: check.detail,
        };
        let baseline = report.baseline.as_ref();
        Self {
            verdict,
            fuel_per_row: baseline.map(|baseline| baseline.fuel / baseline.rows.max(1)),
            memory_bytes_peak: baseline.map(|baseline| baseline.memory_bytes_peak),
            compared: report.compared.map(|compared| ComparisonView {
                version: compared.version.to_string(),
                fuel_per_row: compared.fuel_per_row,
                memory_bytes_peak: compared.memory_bytes_peak,
            }),
            checks: report.checks.into_iter().map(check).collect(),
        }
    }
}
