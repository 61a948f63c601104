//! The plugin registry: names and versions over components.

use refrain_domain::canonical::digest_of;
use refrain_domain::{Digest, Grant, World, to_canonical};
use refrain_sandbox::{AdmissionError, ComponentInfo, Sandbox};
use refrain_store::{Publication, RefChange};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::plan::profile_digest;
use crate::{Runner, memo};

const REFS: &str = "plugins/";
const COMPILED: u8 = b'c';

/// What an operator says of a component when it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginManifest {
    /// The plugin's name: lower-case letters, digits and dashes.
    pub name: String,
    /// Immutable once registered.
    pub version: semver::Version,
    /// What it may have beyond computing.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// An SPDX expression.
    #[serde(default)]
    pub licence: Option<String>,
}

/// A registered component: a manifest that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginVersion {
    /// `refrain.plugin-version/1`.
    pub format: String,
    /// What the operator said.
    pub manifest: PluginManifest,
    /// The component.
    pub component: Digest,
    /// What it implements.
    pub world: World,
    /// What it imports and calls; granted, all of it.
    pub imports: Vec<String>,
    /// Its length.
    pub size_bytes: u64,
}

impl Runner {
    /// Registers a component. The same bytes under the same name and version again are no error.
    ///
    /// # Errors
    /// [`RunnerError::Admission`] for a component that may not come in, [`RunnerError::Exists`]
    /// for other bytes under a version that is taken.
    pub fn register_plugin(
        &self,
        manifest: PluginManifest,
        component: &[u8],
    ) -> Result<PluginVersion, RunnerError> {
        check_name(&manifest.name)?;
        let name = ref_name(&manifest.name, &manifest.version);
        let digest = Digest::of(component);
        if let Some(found) = self.store.get_ref(&name)? {
            let known: PluginVersion = self.read_manifest("plugin version", &found)?;
            if known.component == digest && known.manifest == manifest {
                return Ok(known);
            }
            return Err(RunnerError::Exists {
                what: "plugin",
                name: format!("{}@{}", manifest.name, manifest.version),
                hint:
                    " with another component or manifest: versions are immutable, raise the version"
                        .to_owned(),
            });
        }
        let admitted = self.sandbox.admit(component, &manifest.grants);
        let info = admitted.map_err(|error| refused(&manifest, &error))?;
        let (version, change) = self.stage_plugin(manifest, component, info)?;
        self.store.publish(&Publication { refs: vec![change], ..Publication::default() })?;
        Ok(version)
    }

    /// Registers the plugins that travel with this build, where the store has not their names and
    /// versions yet: a version that is taken stays what it is. They are compiled when first used.
    ///
    /// # Errors
    /// As [`Self::register_plugin`].
    pub fn register_bundled(&self, plugins: &[(PluginManifest, &[u8])]) -> Result<(), RunnerError> {
        let mut publication = Publication::default();
        for (manifest, component) in plugins {
            if self.store.get_ref(&ref_name(&manifest.name, &manifest.version))?.is_some() {
                continue;
            }
            let checked = self.sandbox.check(component, &manifest.grants);
            let info = checked.map_err(|error| refused(manifest, &error))?;
            publication.refs.push(self.stage_plugin(manifest.clone(), component, info)?.1);
        }
        if publication.refs.is_empty() {
            return Ok(());
        }
        Ok(self.store.publish(&publication)?)
    }

    /// Compiles the plugins that these requirements stand for, side by side with whatever else is
    /// going on; whoever needs one of them meanwhile waits for it and not longer. What was compiled
    /// before is remembered, so that a run with nothing to execute does not even start the engine.
    /// What cannot be found or compiled is told by whoever uses it.
    pub fn compile_ahead(&self, requirements: &[String]) {
        let profile = profile_digest(&Sandbox::profile());
        let mut memos = Vec::new();
        for requirement in requirements {
            let Ok(plugin) = self.find_plugin(requirement) else { continue };
            let key = digest_of(&(profile, plugin.component)).expect("BUG: digests have a form");
            if matches!(memo::find::<bool>(&*self.store, COMPILED, &key), Ok(Some(true))) {
                continue;
            }
            let bytes = || self.store.get(&plugin.component).map_err(|error| error.to_string());
            if self.sandbox.load(plugin.component, &bytes, &plugin.manifest.grants).is_ok() {
                memos.push(memo::entry(COMPILED, &key, &true));
            }
        }
        if memos.is_empty() {
            return;
        }
        let publication = Publication { memos, ..Publication::default() };
        if let Err(error) = self.store.publish(&publication) {
            tracing::debug!(%error, "what was compiled is not remembered");
        }
    }

    /// Stages component and manifest; the change makes them the version of that name.
    fn stage_plugin(
        &self,
        manifest: PluginManifest,
        component: &[u8],
        info: ComponentInfo,
    ) -> Result<(PluginVersion, RefChange), RunnerError> {
        let name = ref_name(&manifest.name, &manifest.version);
        let version = PluginVersion {
            format: "refrain.plugin-version/1".to_owned(),
            manifest,
            component: self.store.stage(component)?,
            world: info.world.expect("BUG: admitted without a world"),
            imports: info.imports,
            size_bytes: component.len() as u64,
        };
        let bytes = to_canonical(&version)
            .map_err(|error| RunnerError::corrupt("the plugin version", error))?;
        let new = Some(self.store.stage(&bytes)?);
        Ok((version, RefChange { name, expected: None, new }))
    }

    /// All plugin versions, by name and then by version, oldest first.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn plugins(&self) -> Result<Vec<PluginVersion>, RunnerError> {
        let mut versions = Vec::new();
        for (_, digest) in self.store.list_refs(REFS)? {
            versions.push(self.read_manifest::<PluginVersion>("plugin version", &digest)?);
        }
        versions.sort_by(|a, b| {
            let key = |v: &PluginVersion| (v.manifest.name.clone(), v.manifest.version.clone());
            key(a).cmp(&key(b))
        });
        Ok(versions)
    }

    /// The newest version that a requirement such as `standardize@^0.1`, `standardize@0.1.0` or
    /// `standardize` allows.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], naming what there is instead.
    pub fn find_plugin(&self, requirement: &str) -> Result<PluginVersion, RunnerError> {
        let (name, range) = requirement.split_once('@').unwrap_or((requirement, "*"));
        let range = semver::VersionReq::parse(range).map_err(|error| RunnerError::Invalid {
            message: format!(
                "`{requirement}` is no plugin: `{range}` is no range of versions ({error})"
            ),
        })?;
        let mut found = None;
        let mut versions = Vec::new();
        for (ref_name, digest) in self.store.list_refs(&format!("{REFS}{name}/"))? {
            let text = ref_name.rsplit('/').next().unwrap_or_default();
            let Ok(version) = semver::Version::parse(text) else { continue };
            versions.push(text.to_owned());
            let is_newer = found.as_ref().is_none_or(|(newest, _)| version > *newest);
            if range.matches(&version) && is_newer {
                found = Some((version, digest));
            }
        }
        if let Some((_, digest)) = found {
            return self.read_manifest("plugin version", &digest);
        }
        if !versions.is_empty() {
            let hint = format!("; registered versions of `{name}`: {}", versions.join(", "));
            return Err(RunnerError::NotFound {
                what: "plugin",
                name: requirement.to_owned(),
                hint,
            });
        }
        let names: std::collections::BTreeSet<String> = self
            .store
            .list_refs(REFS)?
            .into_iter()
            .filter_map(|(name, _)| Some(name[REFS.len()..].split_once('/')?.0.to_owned()))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        Err(RunnerError::not_found("plugin", name, &names))
    }
}

fn refused(manifest: &PluginManifest, error: &AdmissionError) -> RunnerError {
    let plugin = format!("{}@{}", manifest.name, manifest.version);
    RunnerError::Admission { message: format!("plugin `{plugin}`: {error}") }
}

fn ref_name(name: &str, version: &semver::Version) -> String {
    format!("{REFS}{name}/{version}")
}

/// Names stand in refs, addresses and file names.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= 100 && name.chars().all(plain)
}

pub(crate) fn check_name(name: &str) -> Result<(), RunnerError> {
    if is_name(name) {
        return Ok(());
    }
    let message = format!("`{name}` is no name: use lower-case letters, digits, `-` and `_`");
    Err(RunnerError::Invalid { message })
}
