//! Linear regression with an L2 penalty, in one pass.
//!
//! The pass sums means and co-moments, a fold in parallel over groups of rows; its end solves the
//! normal equations. See `README.md` for the parameters.

pub mod design;
pub mod model;
pub mod moments;
pub mod ridge;

use refrain_sdk::serde::Deserialize;
use refrain_sdk::trainer::{Description, Measure, PassEnd, Trainer};
use refrain_sdk::{Batch, Error, Field, Fold, Kind, Result, Schema, state};

use design::{Numbers, Roles, feature_width, numbers_of, target_values, weight_values};
use model::{Loaded, Model};
use moments::Moments;
use ridge::{Solution, solve};

/// The most design columns: co-moments beyond are too large to send between instances.
pub const COLUMNS_MAX: usize = 1024;

/// The trainer.
#[derive(Debug)]
pub struct LinearRegression;

refrain_sdk::export!(trainer, LinearRegression);

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// A boolean, int64 or float64 column.
    pub label: String,
    /// Columns to learn from; all that qualify, if absent.
    pub features: Option<Vec<String>>,
    /// The strength of the penalty; 0 for none.
    #[serde(default = "one")]
    pub alpha: f64,
    /// Whether there is an intercept.
    #[serde(default = "yes")]
    pub fit_intercept: bool,
    /// A column of sample weights.
    pub weight: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// The pass over the rows.
#[derive(Debug)]
pub struct Pass {
    input: Schema,
    roles: Roles,
    alpha: f64,
    fit_intercept: bool,
    moments: Moments,
}

fn roles(params: &Params, input: &Schema) -> Result<Roles> {
    if !(params.alpha >= 0.0 && params.alpha.is_finite()) {
        return Err(Error::params(format!(
            "parameter `alpha` must be a number of at least 0, not {}",
            params.alpha
        )));
    }
    let label = (params.label.as_str(), Kind::NUMERIC);
    Roles::find(input, params.features.as_deref(), label, params.weight.as_deref())
}

impl Trainer for LinearRegression {
    type Params = Params;
    type Pass = Pass;
    type Model = Loaded;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let roles = roles(params, input)?;
        let width = feature_width(&roles.features_of(input));
        if width > COLUMNS_MAX {
            return Err(Error::params(format!(
                "the features hold {width} numbers a row, and linear-regression takes at most \
                 {COLUMNS_MAX}: name fewer in `features`, or use gradient-boosting"
            )));
        }
        Ok(Description {
            training_reads: roles.reads(),
            prediction_reads: roles.features,
            prediction: Schema::new(vec![Field::new("prediction", Kind::Float64, false)]),
            mergeable: true,
        })
    }

    fn pass(params: &Params, input: &Schema, _seed: u64, _state: &[u8]) -> Result<Pass> {
        Ok(Pass {
            input: input.clone(),
            roles: roles(params, input)?,
            alpha: params.alpha,
            fit_intercept: params.fit_intercept,
            moments: Moments::default(),
        })
    }

    fn finish(params: &Params, input: &Schema, bytes: &[u8]) -> Result<Vec<u8>> {
        let features = roles(params, input)?.features_of(input);
        let Solution { coefficients, intercept, .. } = state::decode(bytes)?;
        state::encode(&Model { version: model::VERSION, features, coefficients, intercept })
    }

    fn model(input: &Schema, bytes: &[u8]) -> Result<Loaded> {
        Model::load(bytes, input)
    }
}

impl Fold for Pass {
    type Output = PassEnd;

    fn update(&mut self, rows: Batch) -> Result<()> {
        rows.check(&self.input)?;
        let first_row = self.moments.n_rows;
        let name = |index: u32| self.input.fields[index as usize].name.as_str();
        let mut columns: Vec<Numbers> = (self.roles.features.iter())
            .map(|i| numbers_of(&rows, *i as usize, &self.input.fields[*i as usize], first_row))
            .collect::<Result<_>>()?;
        let label = self.roles.label;
        let what = format!("label `{}`", name(label));
        let labels = target_values(&rows, label as usize, &what, first_row)?;
        columns.push(Numbers::Float64(&labels));
        let weights = (self.roles.weight)
            .map(|i| weight_values(&rows, i as usize, name(i), first_row))
            .transpose()?;
        self.moments.merge(&Moments::of(&columns, rows.n_rows(), weights.as_deref()));
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&self.moments)
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.moments.merge(&state::decode(saved)?);
        Ok(())
    }

    fn finish(self) -> Result<PassEnd> {
        if self.moments.n_rows == 0 {
            return Err(Error::input("there are no rows to train on"));
        }
        if self.moments.mean.is_empty() {
            return Err(Error::input("all rows weigh 0: there is nothing to train on"));
        }
        let solution = solve(&self.moments, self.alpha, self.fit_intercept);
        let measures = vec![
            Measure::new("rmse", solution.rmse),
            Measure::new("r2", solution.r2),
            Measure::new("columns_dropped", f64::from(solution.n_dropped)),
        ];
        Ok(PassEnd { state: state::encode(&solution)?, done: true, measures })
    }
}
