//! Recordings: what a plugin was given in production and what it made of it, unit by unit, in one
//! file; and the same units again with another component.
//!
//! A recording is an archive as a bundle is, verified digest by digest, but holds one step's units
//! and no component: an author who is given it learns what their own plugin saw, and nothing else.

mod artifacts;
mod differences;
mod record;
mod retry;

use std::collections::BTreeSet;

use refrain_domain::{Digest, Failure};
use serde::{Deserialize, Serialize};

use crate::bundle::Archive;
use crate::unit::Unit;

pub use retry::retry;

const FORMAT: &str = "refrain.recording/1";

/// What a unit used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Fuel.
    pub fuel: u64,
    /// The most linear memory at any time.
    pub memory_bytes_peak: u64,
    /// How long it took, one unit at a time.
    pub wall_us: u64,
}

/// A unit, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedUnit {
    name: String,
    unit: Unit,
    outputs: Vec<Digest>,
    spent: Spent,
}

/// What a recording says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: String,
    run: String,
    step: String,
    units: Vec<RecordedUnit>,
    artifacts: BTreeSet<Digest>,
}

impl Archive for Index {
    const KIND: &'static str = "recording";
    const FORMAT: &'static str = FORMAT;

    fn format(&self) -> &str {
        &self.format
    }

    fn artifacts(&self) -> &BTreeSet<Digest> {
        &self.artifacts
    }
}

/// What became of a recording's units with another component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetryReport {
    /// The run that was recorded.
    pub run: String,
    /// Its step.
    pub step: String,
    /// Whether every unit made the same bytes. Fuel, memory and time may differ.
    pub identical: bool,
    /// In the order of the recording.
    pub units: Vec<RetriedUnit>,
}

/// What became of one unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetriedUnit {
    /// Its name, such as `apply[3]`.
    pub name: String,
    /// Where its outputs differ from the recorded ones first; none: nowhere.
    pub difference: Option<String>,
    /// How it failed; none: it did not.
    pub failure: Option<Failure>,
    /// What it used when it was recorded.
    pub recorded: Spent,
    /// What it used now; none if it failed.
    pub now: Option<Spent>,
}
