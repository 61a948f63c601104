//! Logistic regression for two classes, by Newton's method.
//!
//! Every pass sums loss, gradient and Hessian at fixed coefficients over all rows: a fold, in
//! parallel over groups of rows. Its end takes the step. See `README.md` for the parameters.

#[path = "../../linear-regression/src/design/mod.rs"]
pub mod design;
pub mod fold;
pub mod model;
pub mod params;
pub mod solver;

use refrain_sdk::trainer::{Description, Measure, PassEnd, Trainer};
use refrain_sdk::{Batch, Error, Field, Fold, Kind, Result, Schema, state};

use design::{Numbers, Roles, feature_width, label_values, numbers_of, weight_values};
use fold::{Point, Rows, Totals};
use model::{Loaded, Model};
use params::Params;
use solver::{Settings, State};

/// The most design columns: a Hessian beyond is too large to send between instances.
pub const COLUMNS_MAX: usize = 512;

/// The trainer.
#[derive(Debug)]
pub struct LogisticRegression;

refrain_sdk::export!(trainer, LogisticRegression);

/// One pass over the rows.
#[derive(Debug)]
pub struct Pass {
    input: Schema,
    roles: Roles,
    settings: Settings,
    state: State,
    point: Point,
    totals: Totals,
}

fn roles(params: &Params, input: &Schema) -> Result<Roles> {
    let label = (params.label.as_str(), &[Kind::Boolean, Kind::Int64][..]);
    Roles::find(input, params.features.as_deref(), label, params.weight.as_deref())
}

impl Trainer for LogisticRegression {
    type Params = Params;
    type Pass = Pass;
    type Model = Loaded;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        params.settings()?;
        let roles = roles(params, input)?;
        let width = feature_width(&roles.features_of(input));
        if width > COLUMNS_MAX {
            return Err(Error::params(format!(
                "the features hold {width} numbers a row, and logistic-regression takes at most \
                 {COLUMNS_MAX}: name fewer in `features`, or use gradient-boosting"
            )));
        }
        Ok(Description {
            training_reads: roles.reads(),
            prediction_reads: roles.features,
            prediction: Schema::new(vec![
                Field::new("score", Kind::Float64, false),
                Field::new("prediction", Kind::Boolean, false),
            ]),
            mergeable: true,
        })
    }

    fn pass(params: &Params, input: &Schema, _seed: u64, bytes: &[u8]) -> Result<Pass> {
        let (settings, roles) = (params.settings()?, roles(params, input)?);
        let state = if bytes.is_empty() {
            let n = feature_width(&roles.features_of(input)) + usize::from(settings.fit_intercept);
            State::start(n, &settings)
        } else {
            state::decode(bytes)?
        };
        let (point, totals) = (state.point(&settings), Totals::default());
        Ok(Pass { input: input.clone(), roles, settings, state, point, totals })
    }

    fn finish(params: &Params, input: &Schema, bytes: &[u8]) -> Result<Vec<u8>> {
        let features = roles(params, input)?.features_of(input);
        let State { mut coefficients, converged, n_passes, .. } = state::decode(bytes)?;
        let width = feature_width(&features);
        let intercept = coefficients.get(width).copied().unwrap_or(0.0);
        coefficients.truncate(width);
        let threshold = params.threshold;
        let version = model::VERSION;
        state::encode(&Model {
            version,
            features,
            coefficients,
            intercept,
            threshold,
            converged,
            n_passes,
        })
    }

    fn model(input: &Schema, bytes: &[u8]) -> Result<Loaded> {
        Model::load(bytes, input)
    }
}

impl Fold for Pass {
    type Output = PassEnd;

    fn update(&mut self, rows: Batch) -> Result<()> {
        rows.check(&self.input)?;
        let first_row = self.totals.n_rows.iter().sum();
        let name = |index: u32| self.input.fields[index as usize].name.as_str();
        let columns: Vec<Numbers> = (self.roles.features.iter())
            .map(|i| numbers_of(&rows, *i as usize, &self.input.fields[*i as usize], first_row))
            .collect::<Result<_>>()?;
        let label = self.roles.label;
        let labels = label_values(&rows, label as usize, name(label), first_row)?;
        let weights = (self.roles.weight)
            .map(|i| weight_values(&rows, i as usize, name(i), first_row))
            .transpose()?;
        let weights = weights.as_deref();
        self.totals
            .merge(&Totals::of(&Rows { columns: &columns, labels: &labels, weights }, &self.point));
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&self.totals)
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.totals.merge(&state::decode(saved)?);
        Ok(())
    }

    fn finish(mut self) -> Result<PassEnd> {
        self.refuse_one_class()?;
        let progress = self.state.advance(&self.totals, &self.settings);
        let mut measures = Vec::new();
        if let Some(progress) = progress {
            measures.push(Measure::new("objective", progress.objective));
            measures.push(Measure::new("loss_mean", progress.loss_mean));
            measures.push(Measure::new("gradient_max", progress.gradient_max));
        }
        measures.push(Measure::new("converged", f64::from(u8::from(self.state.converged))));
        Ok(PassEnd { state: state::encode(&self.state)?, done: self.state.done, measures })
    }
}

impl Pass {
    fn refuse_one_class(&self) -> Result<()> {
        let label = &self.input.fields[self.roles.label as usize].name;
        let Totals { n_rows, weight, .. } = &self.totals;
        if n_rows[0] + n_rows[1] == 0 {
            return Err(Error::input("there are no rows to train on"));
        }
        for class in 0..2 {
            if n_rows[class] == 0 {
                return Err(Error::input(format!(
                    "label `{label}` is {} in all {} rows: two classes are needed",
                    class == 0,
                    n_rows[1 - class]
                )));
            }
            if weight[class] <= 0.0 {
                return Err(Error::input(format!(
                    "all rows whose label `{label}` is {} weigh 0: two classes are needed",
                    class == 1
                )));
            }
        }
        Ok(())
    }
}
