//! The parameters, with scikit-learn's names and defaults where it has them.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::{Error, Result};

use crate::solver::Settings;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// A boolean column, or int64 of 0 and 1.
    pub label: String,
    /// Columns to learn from; all that qualify, if absent.
    pub features: Option<Vec<String>>,
    /// The inverse strength of the penalty.
    #[serde(default = "one")]
    pub c: f64,
    /// Whether there is an intercept.
    #[serde(default = "yes")]
    pub fit_intercept: bool,
    /// Passes after which training ends, converged or not.
    #[serde(default = "hundred")]
    pub max_passes: u32,
    /// The largest mean gradient component of a converged model.
    #[serde(default = "tolerance")]
    pub tolerance: f64,
    /// A column of sample weights.
    pub weight: Option<String>,
    /// `balanced`, or null.
    pub class_weight: Option<ClassWeight>,
    /// The least score that predicts true.
    #[serde(default = "half")]
    pub threshold: f64,
}

/// How classes are weighed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum ClassWeight {
    /// Both classes weigh the same in total.
    Balanced,
}

impl Params {
    /// What the solver is told.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a number out of range.
    pub fn settings(&self) -> Result<Settings> {
        let refuse = |name: &str, must: &str, value: f64| {
            Err(Error::params(format!("parameter `{name}` must be {must}, not {value}")))
        };
        if !(self.c > 0.0 && self.c.is_finite()) {
            return refuse("c", "a number above 0", self.c);
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return refuse("tolerance", "a number above 0", self.tolerance);
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return refuse("threshold", "a number from 0 to 1", self.threshold);
        }
        if self.max_passes == 0 {
            return refuse("max_passes", "at least 1", 0.0);
        }
        Ok(Settings {
            c: self.c,
            fit_intercept: self.fit_intercept,
            balanced: self.class_weight.is_some(),
            passes_max: self.max_passes,
            tolerance: self.tolerance,
        })
    }
}

fn one() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}

fn tolerance() -> f64 {
    1e-8
}

fn hundred() -> u32 {
    100
}

fn yes() -> bool {
    true
}
