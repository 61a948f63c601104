//! From a name and a range of versions to a plugin version.

use std::collections::BTreeSet;

use refrain_domain::Digest;
use semver::{Version, VersionReq};

use super::{PluginVersion, REFS, ref_name};
use crate::Runner;
use crate::error::RunnerError;

impl Runner {
    /// All plugin versions, by name and then by version, oldest first.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn plugins(&self) -> Result<Vec<PluginVersion>, RunnerError> {
        self.plugins_under(REFS)
    }

    /// The versions of one plugin, oldest first.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn plugins_of(&self, name: &str) -> Result<Vec<PluginVersion>, RunnerError> {
        self.plugins_under(&format!("{REFS}{name}/"))
    }

    fn plugins_under(&self, prefix: &str) -> Result<Vec<PluginVersion>, RunnerError> {
        let mut versions = Vec::new();
        for (_, digest) in self.store.list_refs(prefix)? {
            versions.push(self.read_manifest::<PluginVersion>("plugin version", &digest)?);
        }
        versions.sort_by(|a, b| {
            let key = |v: &PluginVersion| (v.manifest.name.clone(), v.manifest.version.clone());
            key(a).cmp(&key(b))
        });
        Ok(versions)
    }

    /// One version, yanked or not.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], naming what there is instead.
    pub fn plugin(&self, name: &str, version: &Version) -> Result<PluginVersion, RunnerError> {
        match self.store.get_ref(&ref_name(name, version))? {
            Some(digest) => self.read_manifest("plugin version", &digest),
            None => self.find_plugin(&format!("{name}@={version}")),
        }
    }

    /// The newest version that a requirement such as `standardize@^0.1`, `standardize@0.1.0` or
    /// `standardize` allows, but for those that were yanked.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`], naming what there is instead.
    pub fn find_plugin(&self, requirement: &str) -> Result<PluginVersion, RunnerError> {
        let (name, range) = requirement.split_once('@').unwrap_or((requirement, "*"));
        let range = VersionReq::parse(range).map_err(|error| RunnerError::Invalid {
            message: format!(
                "`{requirement}` is no plugin: `{range}` is no range of versions ({error})"
            ),
        })?;
        let versions = self.plugin_refs(name)?;
        let yanked = self.yanked_versions(name)?;
        let newest = versions
            .iter()
            .filter(|(version, _)| range.matches(version) && !yanked.contains(version))
            .max_by(|a, b| a.0.cmp(&b.0));
        if let Some((_, digest)) = newest {
            return self.read_manifest("plugin version", digest);
        }
        if versions.is_empty() {
            let names: Vec<String> = self.plugin_names()?.into_iter().collect();
            return Err(RunnerError::not_found("plugin", name, &names));
        }
        let known: Vec<String> = versions
            .iter()
            .map(|(version, _)| match yanked.contains(version) {
                true => format!("{version} (yanked)"),
                false => version.to_string(),
            })
            .collect();
        let hint = format!("; registered versions of `{name}`: {}", known.join(", "));
        Err(RunnerError::NotFound { what: "plugin", name: requirement.to_owned(), hint })
    }

    /// Versions and records of a name, oldest first.
    fn plugin_refs(&self, name: &str) -> Result<Vec<(Version, Digest)>, RunnerError> {
        let prefix = format!("{REFS}{name}/");
        let refs = self.store.list_refs(&prefix)?.into_iter();
        let parse = |(name, digest): (String, Digest)| {
            Some((Version::parse(&name[prefix.len()..]).ok()?, digest))
        };
        let mut versions: Vec<_> = refs.filter_map(parse).collect();
        versions.sort();
        Ok(versions)
    }

    fn plugin_names(&self) -> Result<BTreeSet<String>, RunnerError> {
        let refs = self.store.list_refs(REFS)?.into_iter();
        let name =
            |(name, _): (String, Digest)| Some(name[REFS.len()..].split_once('/')?.0.to_owned());
        Ok(refs.filter_map(name).collect())
    }
}
