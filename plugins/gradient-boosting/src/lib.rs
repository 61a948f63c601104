//! Gradient boosting over histograms, in the way of LightGBM.
//!
//! One pass takes in all rows; its end codes them in bins and grows the trees. All sums that decide
//! a split are integers, so nothing depends on the order of additions. See `README.md`.

pub mod bins;
pub mod boost;
#[path = "../../linear-regression/src/design/mod.rs"]
pub mod design;
pub mod grow;
pub mod histogram;
pub mod model;
pub mod params;
pub mod split;
pub mod table;
pub mod tree;

use refrain_sdk::trainer::{Description, Measure, PassEnd, Trainer};
use refrain_sdk::{Batch, Error, Field, Fold, Kind, Result, Schema, state};

use bins::Coded;
use boost::{Settings, boost};
use design::{Roles, feature_width, label_values, target_values};
use histogram::ROWS_MAX;
use model::{Loaded, Model};
use params::{Objective, Params};
use table::Table;

/// The most numbers a row: each has a histogram in every leaf.
pub const COLUMNS_MAX: usize = 4096;

/// The trainer.
#[derive(Debug)]
pub struct GradientBoosting;

refrain_sdk::export!(trainer, GradientBoosting);

/// The pass over the rows.
#[derive(Debug)]
pub struct Pass {
    input: Schema,
    params: Params,
    settings: Settings,
    roles: Roles,
    features: Table,
    labels: Vec<f64>,
}

fn roles(params: &Params, input: &Schema) -> Result<Roles> {
    let label = (params.label.as_str(), params.objective.label_kinds());
    Roles::find(input, params.features.as_deref(), label, None)
}

impl Trainer for GradientBoosting {
    type Params = Params;
    type Pass = Pass;
    type Model = Loaded;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        params.settings(0)?;
        let roles = roles(params, input)?;
        let width = feature_width(&roles.features_of(input));
        if width > COLUMNS_MAX {
            return Err(Error::params(format!(
                "the features hold {width} numbers a row, and gradient-boosting takes at most \
                 {COLUMNS_MAX}: name fewer in `features`"
            )));
        }
        let prediction = match params.objective {
            Objective::Classification => vec![
                Field::new("score", Kind::Float64, false),
                Field::new("prediction", Kind::Boolean, false),
            ],
            Objective::Regression => vec![Field::new("prediction", Kind::Float64, false)],
        };
        Ok(Description {
            training_reads: roles.reads(),
            prediction_reads: roles.features,
            prediction: Schema::new(prediction),
            mergeable: false,
        })
    }

    fn pass(params: &Params, input: &Schema, seed: u64, _state: &[u8]) -> Result<Pass> {
        let roles = roles(params, input)?;
        Ok(Pass {
            settings: params.settings(seed)?,
            params: params.clone(),
            features: Table::new(input, roles.features.len()),
            roles,
            input: input.clone(),
            labels: Vec::new(),
        })
    }

    /// The pass ends in the model itself.
    fn finish(_params: &Params, _input: &Schema, bytes: &[u8]) -> Result<Vec<u8>> {
        Model::read(bytes).map(|_| bytes.to_vec())
    }

    fn model(input: &Schema, bytes: &[u8]) -> Result<Loaded> {
        Model::load(bytes, input)
    }
}

impl Fold for Pass {
    type Output = PassEnd;

    fn update(&mut self, rows: Batch) -> Result<()> {
        rows.check(&self.input)?;
        let (label, first_row) = (self.roles.label as usize, self.labels.len() as u64);
        let name = &self.input.fields[label].name;
        if self.labels.len() + rows.n_rows() > ROWS_MAX {
            return Err(Error::input(format!(
                "there are more than {ROWS_MAX} rows: train on a sample of them"
            )));
        }
        if self.params.objective == Objective::Classification {
            let labels = label_values(&rows, label, name, first_row)?;
            self.labels.extend(labels.iter().map(|label| f64::from(*label)));
        } else {
            let what = format!("label `{name}`");
            self.labels.extend_from_slice(&target_values(&rows, label, &what, first_row)?);
        }
        self.features.push(&rows)
    }

    fn finish(self) -> Result<PassEnd> {
        self.refuse_one_class()?;
        let mut coded = Coded::new();
        let bins_max = self.params.max_bins as usize;
        self.features.for_each_feature(|values| coded.push(values.iter().copied(), bins_max));
        // The codes are all that training needs: the values make room for the trees.
        drop(self.features);
        let boosted = boost(&coded, &self.labels, &self.settings);
        let n_leaves: usize = boosted.trees.iter().map(tree::Tree::n_leaves).sum();
        let measures = vec![
            Measure::new("loss_mean", boosted.loss_mean),
            Measure::new("trees", boosted.trees.len() as f64),
            Measure::new("leaves_mean", n_leaves as f64 / boosted.trees.len() as f64),
        ];
        let model = Model {
            version: model::VERSION,
            features: self.roles.features_of(&self.input),
            objective: self.params.objective,
            threshold: self.params.threshold,
            baseline: boosted.baseline,
            trees: boosted.trees,
        };
        Ok(PassEnd { state: state::encode(&model)?, done: true, measures })
    }
}

impl Pass {
    fn refuse_one_class(&self) -> Result<()> {
        let Some(first) = self.labels.first() else {
            return Err(Error::input("there are no rows to train on"));
        };
        let is_one = self.labels.iter().all(|label| label == first);
        if self.params.objective == Objective::Classification && is_one {
            return Err(Error::input(format!(
                "label `{}` is {} in all {} rows: two classes are needed",
                self.params.label,
                *first == 1.0,
                self.labels.len()
            )));
        }
        Ok(())
    }
}
