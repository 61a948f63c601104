//! What the checks found: part of a plugin version's record.

use serde::{Deserialize, Serialize};

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Shown.
    Passed,
    /// Shown not to hold.
    Failed,
    /// Neither: the detail says why.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// In `kebab-case`.
    pub name: String,
    /// Its outcome.
    pub verdict: Verdict,
    /// Why it failed or was skipped; empty when passed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What the plugin used on the first case, to be compared with the version after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Rows it was given.
    pub rows: u64,
    /// Fuel for all of them, all its instances together.
    pub fuel: u64,
    /// The most linear memory of one instance.
    pub memory_bytes_peak: u64,
}

impl Baseline {
    /// How much more it uses than a version before it.
    pub fn against(&self, version: &semver::Version, before: &Self) -> Comparison {
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let ratio = |now: u64, before: u64| now as f64 / before.max(1) as f64;
        let fuel = ratio(self.fuel, before.fuel) / ratio(self.rows, before.rows);
        let memory = ratio(self.memory_bytes_peak, before.memory_bytes_peak);
        Comparison { version: version.clone(), fuel_per_row: fuel, memory_bytes_peak: memory }
    }
}

/// What a plugin uses beside the version before it; above 1: more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The version before.
    pub version: semver::Version,
    /// Fuel a row, as a ratio.
    pub fuel_per_row: f64,
    /// Peak memory, as a ratio.
    pub memory_bytes_peak: f64,
}

/// All checks of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// In the order in which they were made.
    pub checks: Vec<Check>,
    /// None if no case could be run to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// None if there is no version before, or nothing is known of what it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Comparison>,
}

impl Report {
    /// The overall outcome: failed if any check failed, passed if at least one passed.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| self.checks.iter().any(|check| check.verdict == verdict);
        match () {
            () if any(Verdict::Failed) => Verdict::Failed,
            () if any(Verdict::Passed) => Verdict::Passed,
            () => Verdict::Skipped,
        }
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Failed)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}
