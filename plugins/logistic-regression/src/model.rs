//! The model: coefficients by feature, and predictions from them.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Map, Result, Schema, state};

use crate::design::{BLOCK_ROWS, Block, Feature, Layout, Numbers, check_features, numbers_of};
use crate::fold::sigmoid;

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
    /// The least score that predicts true.
    pub threshold: f64,
    /// Whether an optimum was found.
    pub converged: bool,
    /// Passes made.
    pub n_passes: u32,
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

impl Loaded {
    fn scores(&self, rows: &Batch) -> Result<Vec<f64>> {
        let fields = self.input.fields.iter().enumerate();
        let columns: Vec<Numbers> = fields
            .map(|(index, field)| numbers_of(rows, index, field, 0))
            .collect::<Result<_>>()?;
        // All dense: a row's bits must not depend on the rows that come with it.
        let layout = Layout::dense(&columns);
        let coefficients = layout.dense_lanes(&self.model.coefficients);
        let mut block = Block::default();
        let mut scores = Vec::with_capacity(rows.n_rows());
        for from in (0..rows.n_rows()).step_by(BLOCK_ROWS) {
            let to = (from + BLOCK_ROWS).min(rows.n_rows());
            block.fill(&layout, &columns, &[], from, to);
            scores.extend(
                (0..to - from)
                    .map(|row| sigmoid(block.dot(row, &coefficients, &[]) + self.model.intercept)),
            );
        }
        Ok(scores)
    }
}

impl Map for Loaded {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let scores = self.scores(&rows)?;
        let prediction = Column::boolean(scores.iter().map(|s| *s >= self.model.threshold));
        Ok(vec![Column::float64(scores), prediction])
    }
}
