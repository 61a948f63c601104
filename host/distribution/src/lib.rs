//! Plugins in OCI registries: the ones that hold container images hold components too.
//!
//! Invariant: what is pulled is what was pushed — the registry's SHA-256 and our BLAKE3 are both
//! checked before anyone sees a byte — and equal plugins make equal OCI manifests.
//!
//! Absent on purpose: nothing here knows a store or a server, or looks into a component.

mod error;
mod layout;
mod reference;
mod registry;

pub use error::DistributionError;
pub use reference::OciReference;
pub use registry::{Credentials, OciRegistry, Pushed};

use refrain_domain::PluginManifest;

/// A plugin on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its bytes.
    pub component: Vec<u8>,
    /// What it is to be registered as; none: whoever pushed it did not say.
    pub manifest: Option<PluginManifest>,
    /// Who vouches for component and manifest, as `refrain plugin sign` wrote it.
    pub signature: Option<String>,
}

/// What a component says of itself that registries list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surface<'a> {
    /// Its imports' names.
    pub imports: &'a [String],
    /// Its exports' names.
    pub exports: &'a [String],
}
