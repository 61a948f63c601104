//! How a component lies in a registry: the CNCF's "Wasm OCI Artifact Layout", which
//! `wkg`, `oci-wasm` and others read and write.
//!
//! One layer, which is the component, under a small config that lists what it imports and exports.
//! What a plugin's manifest says beyond that goes into annotations.

use std::collections::BTreeMap;

use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use refrain_domain::{Digest, PluginManifest};
use serde::Serialize;

use crate::{Package, Surface};

const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
const LAYER_TYPE: &str = "application/wasm";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A time that says nothing, so that equal plugins make equal manifests.
const CREATED: &str = "1970-01-01T00:00:00Z";

const NAME: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";
const LICENCE: &str = "org.opencontainers.image.licenses";
const GRANTS: &str = "refrain.grants";
const COMPONENT: &str = "refrain.component";
const SIGNATURE: &str = "refrain.signature";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WasmConfig<'a> {
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'a str; 1],
    component: ComponentNames<'a>,
}

#[derive(Serialize)]
struct ComponentNames<'a> {
    exports: &'a [String],
    imports: &'a [String],
    target: Option<&'a str>,
}

/// What is uploaded.
pub(crate) struct Upload {
    pub layer: ImageLayer,
    pub config: Config,
    pub manifest: OciImageManifest,
}

impl Upload {
    pub(crate) fn new(package: Package, surface: Surface<'_>) -> Self {
        let annotations = annotations(&package);
        let layer = ImageLayer::new(package.component, LAYER_TYPE.to_owned(), None);
        let config = WasmConfig {
            created: CREATED,
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [&layer.sha256_digest()],
            component: ComponentNames {
                exports: surface.exports,
                imports: surface.imports,
                target: None,
            },
        };
        let config = serde_json::to_vec(&config).expect("BUG: a config without a JSON form");
        let config = Config::new(config, CONFIG_TYPE.to_owned(), None);
        let layers = std::slice::from_ref(&layer);
        let mut manifest = OciImageManifest::build(layers, &config, Some(annotations));
        manifest.media_type = Some(MANIFEST_TYPE.to_owned());
        Self { layer, config, manifest }
    }
}

fn annotations(package: &Package) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let mut say = |key: &str, value: String| annotations.insert(key.to_owned(), value);
    say(COMPONENT, Digest::of(&package.component).to_string());
    if let Some(manifest) = &package.manifest {
        say(NAME, manifest.name.clone());
        say(VERSION, manifest.version.to_string());
        let grants: Vec<&str> = manifest.grants.iter().map(|grant| grant.name()).collect();
        say(GRANTS, grants.join(","));
        if let Some(licence) = &manifest.licence {
            say(LICENCE, licence.clone());
        }
    }
    if let Some(signature) = &package.signature {
        say(SIGNATURE, signature.clone());
    }
    annotations
}

/// What a manifest in a registry says of the component under it.
pub(crate) struct Listing {
    pub layer: OciDescriptor,
    /// None where someone else's tool pushed it.
    pub component: Option<String>,
    pub manifest: Option<PluginManifest>,
    pub signature: Option<String>,
}

impl Listing {
    /// Reads one; the error says what is there instead of a component.
    pub(crate) fn read(manifest: OciImageManifest) -> Result<Self, String> {
        if manifest.config.media_type != CONFIG_TYPE {
            let found = &manifest.config.media_type;
            return Err(format!("its config is `{found}`, not `{CONFIG_TYPE}`"));
        }
        let [layer] = manifest.layers.as_slice() else {
            return Err(format!("it has {} layers, not one", manifest.layers.len()));
        };
        if layer.media_type != LAYER_TYPE {
            return Err(format!("its layer is `{}`, not `{LAYER_TYPE}`", layer.media_type));
        }
        let said = manifest.annotations.unwrap_or_default();
        Ok(Self {
            layer: layer.clone(),
            component: said.get(COMPONENT).cloned(),
            manifest: plugin_manifest(&said)?,
            signature: said.get(SIGNATURE).cloned(),
        })
    }
}

/// What was pushed without our annotations has no grants, not even none.
fn plugin_manifest(said: &BTreeMap<String, String>) -> Result<Option<PluginManifest>, String> {
    let (Some(name), Some(version), Some(grants)) =
        (said.get(NAME), said.get(VERSION), said.get(GRANTS))
    else {
        return Ok(None);
    };
    let version = version.parse().map_err(|error| format!("its version `{version}`: {error}"))?;
    let grant =
        |name: &str| name.parse().map_err(|_| format!("it asks for `{name}`, which is no grant"));
    let grants = grants.split(',').filter(|name| !name.is_empty()).map(grant);
    Ok(Some(PluginManifest {
        name: name.clone(),
        version,
        grants: grants.collect::<Result<_, _>>()?,
        licence: said.get(LICENCE).cloned(),
    }))
}
