//! The model: trees, and predictions from them.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Map, Result, Schema, state};

use crate::boost::sigmoid;
use crate::design::{Feature, check_features, feature_width};
use crate::params::Objective;
use crate::table::write_rows;
use crate::tree::Tree;

/// The first number in a model's bytes.
pub const VERSION: u32 = 1;

/// Rows that go through one tree after another together: they stay in the first cache.
const BLOCK_ROWS: usize = 64;

/// What `predict` needs. Its bytes are this struct's, in the SDK's state format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Model {
    /// [`VERSION`].
    pub version: u32,
    /// In the order of the columns handed to `predict`. Trees count a vector's numbers one by one.
    pub features: Vec<Feature>,
    /// What was learned.
    pub objective: Objective,
    /// Classification: the least score that predicts true.
    pub threshold: f64,
    /// The score before the first tree.
    pub baseline: f64,
    /// Their values add up to the score.
    pub trees: Vec<Tree>,
}

/// A model at work on columns of one schema.
#[derive(Debug)]
pub struct Loaded {
    model: Model,
    input: Schema,
}

impl Model {
    /// Reads a model, and checks that its trees end.
    ///
    /// # Errors
    /// [`Error::Failed`] for bytes of something else.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let model: Self = state::decode(bytes).map_err(|error| error.context("the model"))?;
        if model.version != VERSION {
            return Err(Error::failed(format!(
                "the model is of version {}; this plugin reads version {VERSION}",
                model.version
            )));
        }
        let width = feature_width(&model.features);
        match model.trees.iter().position(|tree| !tree.is_sound(width)) {
            None => Ok(model),
            Some(index) => Err(Error::failed(format!("the model: tree {index} is broken"))),
        }
    }

    /// Reads a model and holds it against the schema of the columns to come.
    ///
    /// # Errors
    /// [`Error::Failed`] for bytes of something else, [`Error::InvalidInput`] for other columns.
    pub fn load(bytes: &[u8], input: &Schema) -> Result<Loaded> {
        let model = Self::read(bytes)?;
        check_features(&model.features, input)?;
        Ok(Loaded { model, input: input.clone() })
    }
}

impl Loaded {
    fn scores(&self, rows: &Batch) -> Result<Vec<f64>> {
        let width = feature_width(&self.model.features);
        let mut scores = vec![self.model.baseline; rows.n_rows()];
        let mut values = vec![0.0; BLOCK_ROWS * width];
        for (index, block) in scores.chunks_mut(BLOCK_ROWS).enumerate() {
            let from = index * BLOCK_ROWS;
            write_rows(rows, from, from + block.len(), width, &mut values)?;
            for tree in &self.model.trees {
                for (score, row) in block.iter_mut().zip(values.chunks_exact(width)) {
                    *score += tree.value(row);
                }
            }
        }
        Ok(scores)
    }
}

impl Map for Loaded {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let mut scores = self.scores(&rows)?;
        if self.model.objective == Objective::Regression {
            return Ok(vec![Column::float64(scores)]);
        }
        scores.iter_mut().for_each(|score| *score = sigmoid(*score));
        let prediction = Column::boolean(scores.iter().map(|s| *s >= self.model.threshold));
        Ok(vec![Column::float64(scores), prediction])
    }
}
