//! The reference plugins that travel with this build.

use refrain_domain::PluginManifest;

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// Name and version, with the component's bytes.
pub(crate) fn plugins() -> Vec<(PluginManifest, &'static [u8])> {
    let version: semver::Version =
        env!("CARGO_PKG_VERSION").parse().expect("BUG: cargo's version is one");
    let manifest = |name: &str| PluginManifest {
        name: name.to_owned(),
        version: version.clone(),
        grants: Vec::new(),
        licence: Some(env!("CARGO_PKG_LICENSE").to_owned()),
    };
    BUNDLED.iter().map(|(name, component)| (manifest(name), *component)).collect()
}
