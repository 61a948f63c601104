//! The parameters and their bounds.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::slices::SliceBy;
use refrain_sdk::{Error, Result};

/// The most bins of a reliability diagram.
pub const BINS_MAX: usize = 1000;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// A boolean column, or int64 or float64 of 0 and 1.
    pub label: String,
    /// The column of scores: what `logistic-regression` and `gradient-boosting` call it.
    #[serde(default = "score")]
    pub score: String,
    /// A score of at least so much counts as positive.
    #[serde(default = "half")]
    pub threshold: f64,
    /// Columns, periods and combinations to slice by.
    #[serde(default)]
    pub slices: Vec<SliceBy>,
    /// Slices of fewer rows are not reported.
    #[serde(default = "one")]
    pub min_slice_rows: u64,
    /// The most slices of one entry of `slices`.
    #[serde(default = "thousand")]
    pub max_slices: usize,
    /// What each outcome costs; none: no cost is reported.
    #[serde(default)]
    pub cost: Option<Cost>,
    /// Bins of equal width for calibration.
    #[serde(default = "ten")]
    pub bins: usize,
}

/// The cost of one row by its outcome; negative for a gain.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields, default)]
pub struct Cost {
    /// Predicted positive, labelled positive.
    pub true_positive: f64,
    /// Predicted positive, labelled negative.
    pub false_positive: f64,
    /// Predicted negative, labelled negative.
    pub true_negative: f64,
    /// Predicted negative, labelled positive.
    pub false_negative: f64,
}

fn score() -> String {
    "score".to_owned()
}

fn half() -> f64 {
    0.5
}

fn one() -> u64 {
    1
}

fn ten() -> usize {
    10
}

fn thousand() -> usize {
    1000
}

impl Params {
    /// Refuses what no type refuses.
    pub fn check(&self) -> Result<()> {
        if self.label == self.score {
            return Err(Error::params("`label` and `score` are the same column"));
        }
        if self.bins == 0 || self.bins > BINS_MAX {
            return Err(Error::params(format!(
                "`bins` is {}, and must be 1 to {BINS_MAX}",
                self.bins
            )));
        }
        Ok(())
    }
}
