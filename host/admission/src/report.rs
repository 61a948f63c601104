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

/// All checks of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// In the order in which they were made.
    pub checks: Vec<Check>,
    /// None if no case could be run to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
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
