//! Bundles: a run with everything it takes to execute it again, in one tar file.
//!
//! A bundle holds `bundle-<digest>.json`, then one file for each artifact under `artifacts/`, named
//! by its digest, in order. Whoever verifies trusts nothing but digests: the index against its name,
//! every artifact against its own, what the index claims against the artifacts, and then every step
//! by executing it.
//!
//! Invariant: bundles of one run are equal bytes, and a bundle holds what its run leads to, no more
//! and no less.

mod archive;
mod claims;
mod unpack;
mod verify;
mod write;

use std::collections::BTreeSet;

use refrain_domain::Digest;
use refrain_domain::run::RunEvent;
use serde::{Deserialize, Serialize};

use crate::replay::ReplayReport;

pub(crate) use archive::{Archive, pack};
pub(crate) use unpack::unpack;
pub use verify::verify;

const FORMAT: &str = "refrain.bundle/1";

/// A file that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No tar file, or one that ends too early.
    #[error("the bundle cannot be read: {detail}")]
    Unreadable {
        /// Why.
        detail: String,
    },
    /// The index is missing, damaged, or of another version.
    #[error("the bundle's index {name} is damaged: {detail}")]
    Index {
        /// Its name.
        name: String,
        /// What is wrong.
        detail: String,
    },
    /// An entry that no bundle has.
    #[error("the bundle holds `{name}`, which {detail}: bundle the run again")]
    Entry {
        /// Its name.
        name: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// An artifact is not what its name says.
    #[error("artifact {name} of the bundle is damaged: its bytes have the digest {found}")]
    Artifact {
        /// Its name.
        name: String,
        /// What its bytes amount to.
        found: Digest,
    },
    /// An artifact is not there.
    #[error("artifact {name} is missing from the bundle")]
    Missing {
        /// Its name.
        name: String,
    },
    /// What the bundle says of its run does not hold together.
    #[error("{detail}")]
    Claim {
        /// The artifact at fault, if it is one.
        name: Option<String>,
        /// What does not hold.
        detail: String,
    },
}

impl BundleError {
    /// The artifact or index at fault.
    fn at_fault(&self) -> Option<&str> {
        match self {
            Self::Unreadable { .. } => None,
            Self::Index { name, .. }
            | Self::Entry { name, .. }
            | Self::Artifact { name, .. }
            | Self::Missing { name } => Some(name),
            Self::Claim { name, .. } => name.as_deref(),
        }
    }
}

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: String,
    run: String,
    plan: Digest,
    events: Vec<RunEvent>,
    artifacts: BTreeSet<Digest>,
}

impl Archive for Index {
    const KIND: &'static str = "bundle";
    const FORMAT: &'static str = FORMAT;

    fn format(&self) -> &str {
        &self.format
    }

    fn artifacts(&self) -> &BTreeSet<Digest> {
        &self.artifacts
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Whether every artifact is what its name says, everything that the bundle claims holds, and
    /// every step gives its outputs again.
    pub valid: bool,
    /// The run.
    pub run: Option<String>,
    /// Artifacts whose digests were verified.
    pub artifacts: u64,
    /// The model version that the run made.
    pub model_version: Option<Digest>,
    /// The execution of every step.
    pub replay: Option<ReplayReport>,
    /// The artifact at fault.
    pub artifact: Option<String>,
    /// What is wrong.
    pub problem: Option<String>,
}
