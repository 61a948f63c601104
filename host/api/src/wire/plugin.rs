//! Plugins on the wire.

use refrain_domain::Grant;
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
}

/// Plugins that will be needed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompileRequest {
    /// As a pipeline names them: `standardize@^0.1`.
    pub plugins: Vec<String>,
}

/// A registered plugin version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
}

/// Plugins, by name and version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plugins {
    /// Oldest version first within a name.
    pub plugins: Vec<PluginView>,
}

impl From<PluginVersion> for PluginView {
    fn from(plugin: PluginVersion) -> Self {
        let grant = |grant: &Grant| match grant {
            Grant::Wasi => "wasi".to_owned(),
        };
        Self {
            name: plugin.manifest.name,
            version: plugin.manifest.version.to_string(),
            world: plugin.world.to_string(),
            digest: plugin.component.to_string(),
            grants: plugin.manifest.grants.iter().map(grant).collect(),
            imports: plugin.imports,
            licence: plugin.manifest.licence,
            size_bytes: plugin.size_bytes,
        }
    }
}
