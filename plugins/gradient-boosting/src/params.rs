//! The parameters, with LightGBM's and scikit-learn's defaults.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Error, Kind, Result};

use crate::boost::{Loss, Settings};
use crate::grow::Shape;
use crate::split::Limits;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// The column to predict.
    pub label: String,
    /// What kind of label it is.
    pub objective: Objective,
    /// Columns to learn from; all that qualify, if absent.
    pub features: Option<Vec<String>>,
    /// Trees to grow.
    #[serde(default = "hundred")]
    pub n_trees: u32,
    /// What leaf values are multiplied with.
    #[serde(default = "tenth")]
    pub learning_rate: f64,
    /// The most leaves of a tree.
    #[serde(default = "thirty_one")]
    pub max_leaves: u32,
    /// The most splits between root and leaf.
    pub max_depth: Option<u32>,
    /// The least rows of a leaf.
    #[serde(default = "twenty")]
    pub min_samples_leaf: u32,
    /// The penalty on leaf values.
    #[serde(default)]
    pub l2: f64,
    /// The most bins of a feature, missing values apart.
    #[serde(default = "most_bins")]
    pub max_bins: u32,
    /// The share of rows that each tree sees.
    #[serde(default = "one")]
    pub subsample: f64,
    /// What decides which rows those are; the step's own seed, if absent.
    pub seed: Option<u64>,
    /// Classification: the least score that predicts true.
    #[serde(default = "half")]
    pub threshold: f64,
}

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Objective {
    /// Two classes, by the logistic loss.
    Classification,
    /// A number, by the squared error.
    Regression,
}

impl Objective {
    /// What a label may be.
    pub fn label_kinds(self) -> &'static [Kind] {
        match self {
            Self::Classification => &[Kind::Boolean, Kind::Int64],
            Self::Regression => Kind::NUMERIC,
        }
    }
}

impl Params {
    /// What boosting is told; `seed` is the step's.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a number out of range.
    pub fn settings(&self, seed: u64) -> Result<Settings> {
        let check = |name: &str, is_right: bool, must: &str| {
            let refuse = || Error::params(format!("parameter `{name}` must be {must}"));
            if is_right { Ok(()) } else { Err(refuse()) }
        };
        let is_positive = |value: f64| value > 0.0 && value.is_finite();
        check("n_trees", (1..=100_000).contains(&self.n_trees), "from 1 to 100000")?;
        check("learning_rate", is_positive(self.learning_rate), "a number above 0")?;
        check("max_leaves", (2..=65_536).contains(&self.max_leaves), "from 2 to 65536")?;
        check("max_depth", self.max_depth != Some(0), "at least 1")?;
        check("min_samples_leaf", self.min_samples_leaf > 0, "at least 1")?;
        check("l2", self.l2 >= 0.0 && self.l2.is_finite(), "a number of at least 0")?;
        check("max_bins", (2..=255).contains(&self.max_bins), "from 2 to 255")?;
        check("subsample", self.subsample > 0.0 && self.subsample <= 1.0, "above 0 and at most 1")?;
        check("threshold", (0.0..=1.0).contains(&self.threshold), "a number from 0 to 1")?;
        let limits = Limits { rows_min: u64::from(self.min_samples_leaf), l2: self.l2 };
        Ok(Settings {
            loss: match self.objective {
                Objective::Classification => Loss::Logistic,
                Objective::Regression => Loss::Squared,
            },
            n_trees: self.n_trees,
            shape: Shape {
                leaves_max: self.max_leaves as usize,
                depth_max: self.max_depth.unwrap_or(u32::MAX),
                limits,
                learning_rate: self.learning_rate,
            },
            subsample: self.subsample,
            seed: self.seed.unwrap_or(seed),
        })
    }
}

fn hundred() -> u32 {
    100
}

fn tenth() -> f64 {
    0.1
}

fn thirty_one() -> u32 {
    31
}

fn twenty() -> u32 {
    20
}

fn most_bins() -> u32 {
    255
}

fn one() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}
