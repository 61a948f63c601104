//! `x·β + b` for all rows of a batch.

use super::block::{BLOCK_ROWS, Block, Layout};
use super::numbers::Numbers;

/// One number a row. All columns are dense here: the bits of a row must not depend on the rows
/// that come with it.
pub fn raw_scores(
    columns: &[Numbers],
    n_rows: usize,
    coefficients: &[f64],
    intercept: f64,
) -> Vec<f64> {
    let layout = Layout::dense(columns);
    let coefficients = layout.dense_lanes(coefficients);
    let mut block = Block::default();
    let mut scores = Vec::with_capacity(n_rows);
    for from in (0..n_rows).step_by(BLOCK_ROWS) {
        let to = (from + BLOCK_ROWS).min(n_rows);
        block.fill(&layout, columns, &[], from, to);
        scores.extend((0..to - from).map(|row| block.dot(row, &coefficients, &[]) + intercept));
    }
    scores
}
