//! Versions that new plans shall not take. Nothing is deleted: plans, models and bundles name
//! components by digest, so what ran with a version runs on, and replays.

use std::collections::BTreeSet;

use refrain_store::{Publication, RefChange};
use semver::Version;

use super::{PluginVersion, ref_name};
use crate::Runner;
use crate::error::RunnerError;

const REFS: &str = "yanked/";

impl Runner {
    /// Yanks a version, or takes that back. Doing it twice is no error.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`] if there is no such version.
    pub fn yank_plugin(
        &self,
        name: &str,
        version: &Version,
        yanked: bool,
    ) -> Result<PluginVersion, RunnerError> {
        let plugin = self.plugin(name, version)?;
        let yank_ref = format!("{REFS}{name}/{version}");
        let expected = self.store.get_ref(&yank_ref)?;
        if expected.is_some() != yanked {
            let record = self.store.get_ref(&ref_name(name, version))?;
            let new = record.filter(|_| yanked);
            let change = RefChange { name: yank_ref, expected, new };
            self.store.publish(&Publication { refs: vec![change], ..Publication::default() })?;
        }
        Ok(plugin)
    }

    /// The versions of a plugin that were yanked.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn yanked_versions(&self, name: &str) -> Result<BTreeSet<Version>, RunnerError> {
        let prefix = format!("{REFS}{name}/");
        let refs = self.store.list_refs(&prefix)?.into_iter();
        Ok(refs.filter_map(|(name, _)| Version::parse(&name[prefix.len()..]).ok()).collect())
    }
}
