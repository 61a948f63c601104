//! The plugin registry: names and versions over components.

mod admission;
mod resolve;
mod yank;

use refrain_admission::{Report, Signature};
use refrain_domain::canonical::digest_of;
use refrain_domain::{Digest, PluginManifest, World, to_canonical};
use refrain_sandbox::{AdmissionError, ComponentInfo, Sandbox};
use refrain_store::{Publication, RefChange};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::plan::profile_digest;
use crate::{Runner, memo};

const REFS: &str = "plugins/";
const COMPILED: u8 = b'c';

pub use admission::{AdmissionMode, SignaturePolicy};

/// A registered component: a manifest that never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Whether it keeps its contract; none for plugins that travel with the build, whose own tests
    /// say so, and where the operator did not want to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Report>,
    /// Who vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl PluginVersion {
    /// Name and version, as people write them.
    pub fn address(&self) -> String {
        address(&self.manifest)
    }
}

impl Runner {
    /// Registers a component. The same bytes under the same name and version again are no error; with
    /// a signature they gain it.
    ///
    /// # Errors
    /// [`RunnerError::Admission`] for a component that may not come in, [`RunnerError::Exists`]
    /// for other bytes under a version that is taken.
    pub fn register_plugin(
        &self,
        manifest: PluginManifest,
        signature: Option<Signature>,
        component: &[u8],
    ) -> Result<PluginVersion, RunnerError> {
        check_name(&manifest.name)?;
        let digest = Digest::of(component);
        self.check_signature(&manifest, signature.as_ref(), &digest)?;
        let name = ref_name(&manifest.name, &manifest.version);
        if let Some(found) = self.store.get_ref(&name)? {
            let known: PluginVersion = self.read_manifest("plugin version", &found)?;
            return self.register_again(known, found, &manifest, signature, &digest);
        }
        let admitted = self.sandbox.admit(component, &manifest.grants);
        let info = admitted.map_err(|error| refused(&manifest, &error))?;
        let admission = self.prove_plugin(&manifest, component)?;
        let version = self.plugin_version(manifest, component, info)?;
        let version = PluginVersion { admission, signature, ..version };
        let change = self.stage_plugin(&version, None)?;
        self.store.publish(&Publication { refs: vec![change], ..Publication::default() })?;
        Ok(version)
    }

    fn register_again(
        &self,
        known: PluginVersion,
        found: Digest,
        manifest: &PluginManifest,
        signature: Option<Signature>,
        component: &Digest,
    ) -> Result<PluginVersion, RunnerError> {
        if known.component != *component || known.manifest != *manifest {
            let hint =
                " with another component or manifest: versions are immutable, raise the version";
            let name = known.address();
            return Err(RunnerError::Exists { what: "plugin", name, hint: hint.to_owned() });
        }
        if signature.is_none() || signature == known.signature {
            return Ok(known);
        }
        let version = PluginVersion { signature, ..known };
        let change = self.stage_plugin(&version, Some(found))?;
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
            let version = self.plugin_version(manifest.clone(), component, info)?;
            publication.refs.push(self.stage_plugin(&version, None)?);
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

    /// Stages the component; answers what is known of it without running it.
    fn plugin_version(
        &self,
        manifest: PluginManifest,
        component: &[u8],
        info: ComponentInfo,
    ) -> Result<PluginVersion, RunnerError> {
        Ok(PluginVersion {
            format: "refrain.plugin-version/1".to_owned(),
            manifest,
            component: self.store.stage(component)?,
            world: info.world.expect("BUG: admitted without a world"),
            imports: info.imports,
            size_bytes: component.len() as u64,
            admission: None,
            signature: None,
        })
    }

    /// Stages the record; the change makes it the version of that name.
    fn stage_plugin(
        &self,
        version: &PluginVersion,
        expected: Option<Digest>,
    ) -> Result<RefChange, RunnerError> {
        let bytes = to_canonical(version)
            .map_err(|error| RunnerError::corrupt("the plugin version", error))?;
        let name = ref_name(&version.manifest.name, &version.manifest.version);
        Ok(RefChange { name, expected, new: Some(self.store.stage(&bytes)?) })
    }
}

fn refused(manifest: &PluginManifest, error: &AdmissionError) -> RunnerError {
    RunnerError::Admission { message: format!("plugin `{}`: {error}", address(manifest)) }
}

fn address(manifest: &PluginManifest) -> String {
    format!("{}@{}", manifest.name, manifest.version)
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
