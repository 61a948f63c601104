//! The model: coefficients by feature, and predictions from them.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Map, Result, Schema, state};

use crate::design::{Feature, Numbers, check_features, numbers_of, raw_scores};

/// The first number in a model's bytes.
pub const VERSION: u32 = 1;

/// What `predict` needs. Its bytes are this struct's, in the SDK's state format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Model {
    /// [`VERSION`].
    pub version: u32,
    /// In the order of the columns handed to `predict`.
    pub features: Vec<Feature>,
    /// By design column: features in order, each as many as it is wide.
    pub coefficients: Vec<f64>,
    /// 0 where none was fitted.
    pub intercept: f64,
}

/// A model at work on columns of one schema.
#[derive(Debug)]
pub struct Loaded {
    model: Model,
    input: Schema,
}

impl Model {
    /// Reads a model and holds it against the schema of the columns to come.
    ///
    /// # Errors
    /// [`Error::Failed`] for bytes of something else, [`Error::InvalidInput`] for other columns.
    pub fn load(bytes: &[u8], input: &Schema) -> Result<Loaded> {
        let model: Self = state::decode(bytes).map_err(|error| error.context("the model"))?;
        if model.version != VERSION {
            return Err(Error::failed(format!(
                "the model is of version {}; this plugin reads version {VERSION}",
                model.version
            )));
        }
        check_features(&model.features, input)?;
        Ok(Loaded { model, input: input.clone() })
    }
}

impl Map for Loaded {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let fields = self.input.fields.iter().enumerate();
        let columns: Vec<Numbers> = fields
            .map(|(index, field)| numbers_of(&rows, index, field, 0))
            .collect::<Result<_>>()?;
        let Model { coefficients, intercept, .. } = &self.model;
        let predictions = raw_scores(&columns, rows.n_rows(), coefficients, *intercept);
        Ok(vec![Column::float64(predictions)])
    }
}
