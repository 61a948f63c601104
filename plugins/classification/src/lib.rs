//! Measures a classifier of two classes, overall and by slice.
//!
//! The fold keeps score, label and slice of every row, about nine bytes and one for each slicing
//! column; the end sorts the scores once and walks them once for each entry of `slices`. See
//! `README.md` for the parameters and the formulas.
//!
//! Invariant: the metrics depend on the rows in their order, never on how they were parted.

mod losses;
mod params;
mod ranking;
mod read;
mod report;
mod rows;
mod threshold;

use refrain_sdk::evaluator::{Description, Evaluator, Metric};
use refrain_sdk::slices::Slices;
use refrain_sdk::{Batch, Fold, Kind, Result, Schema, slices, state};

pub use params::{Cost, Params};
use rows::{Rows, Saved};

refrain_sdk::export!(evaluator, Classification);

/// The plugin.
#[derive(Debug)]
pub struct Classification;

/// What a label may be.
const LABEL_KINDS: &[Kind] = &[Kind::Boolean, Kind::Int64, Kind::Float64];

/// The rows so far.
#[derive(Debug)]
pub struct Evaluation {
    params: Params,
    label: usize,
    score: usize,
    rows: Rows,
    slices: Slices,
}

impl Evaluator for Classification {
    type Params = Params;
    type Fold = Evaluation;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let fold = Self::start(params, input)?;
        let mut reads = vec![fold.label as u32, fold.score as u32];
        for column in slices::columns(&params.slices) {
            reads.push(input.index_of(column)? as u32);
        }
        reads.sort_unstable();
        reads.dedup();
        Ok(Description { reads, mergeable: true })
    }

    fn start(params: &Params, input: &Schema) -> Result<Evaluation> {
        params.check()?;
        let label = input
            .index_of_kind(&params.label, LABEL_KINDS)
            .map_err(|error| error.context("parameter `label`"))?;
        let score = input
            .index_of_kind(&params.score, &[Kind::Float64])
            .map_err(|error| error.context("parameter `score`"))?;
        let slices = Slices::new(&params.slices, params.max_slices, input)?;
        Ok(Evaluation { params: params.clone(), label, score, rows: Rows::default(), slices })
    }
}

impl Fold for Evaluation {
    type Output = Vec<Metric>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        let first_row = self.rows.len();
        read::scores(&rows, self.score, &self.params.score, first_row, &mut self.rows.scores)?;
        read::labels(&rows, self.label, &self.params.label, first_row, &mut self.rows.labels)?;
        self.slices.update(&rows)
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&(self.rows.save(), self.slices.save()))
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let (rows, slices): (Saved, slices::Saved) = state::decode(saved)?;
        let n_rows = self.rows.merge(rows)?;
        self.slices.merge(slices, n_rows)
    }

    fn finish(self) -> Result<Vec<Metric>> {
        let groupings = self.slices.groupings(self.rows.len())?;
        Ok(report::report(&self.params, &self.rows, &groupings))
    }
}

#[cfg(test)]
mod tests;
