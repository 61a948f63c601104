//! Weighted sums of products of design columns, and of the columns themselves.
//!
//! Dense columns are multiplied four rows at a time in lanes; sparse ones by their nonzeros alone.
//! So a one-hot group of forty costs a row what two numbers cost.

use super::block::{Block, Lane, Layout};

/// `Σ c·x·xᵀ` and `Σ s·x` over the rows of one batch.
#[derive(Debug)]
pub struct Gram {
    lanes: usize,
    n_dense: usize,
    dense_dense: Vec<Lane>,
    sparse_dense: Vec<Lane>,
    sparse_sparse: Vec<f64>,
    sum_dense: Vec<Lane>,
    sum_sparse: Vec<f64>,
}

/// The place of `(i, j)` in a packed lower triangle.
pub fn packed(i: usize, j: usize) -> usize {
    let (high, low) = if i >= j { (i, j) } else { (j, i) };
    high * (high + 1) / 2 + low
}

/// The length of a packed lower triangle of `n` rows.
pub fn packed_len(n: usize) -> usize {
    n * (n + 1) / 2
}

impl Gram {
    /// All sums zero.
    pub fn new(layout: &Layout) -> Self {
        let (lanes, n_dense, n_sparse) =
            (layout.lanes, layout.dense_ids.len(), layout.sparse_ids.len());
        Self {
            lanes,
            n_dense,
            dense_dense: vec![[0.0; 4]; n_dense * lanes],
            sparse_dense: vec![[0.0; 4]; n_sparse * lanes],
            sparse_sparse: vec![0.0; packed_len(n_sparse)],
            sum_dense: vec![[0.0; 4]; lanes],
            sum_sparse: vec![0.0; n_sparse],
        }
    }

    /// Adds a block. `curvature` weighs the products and `slope` the columns, one a row.
    pub fn add(&mut self, block: &Block, curvature: &[f64], slope: &[f64]) {
        let at = |values: &[f64], row: usize| values.get(row).copied().unwrap_or(0.0);
        for first in (0..block.n_rows).step_by(4) {
            let rows: [&[Lane]; 4] = std::array::from_fn(|k| block.row(first + k));
            let weights: Lane = std::array::from_fn(|k| at(curvature, first + k));
            let slopes: Lane = std::array::from_fn(|k| at(slope, first + k));
            self.add_products(rows, weights);
            add_scaled(&mut self.sum_dense, rows, slopes);
        }
        for row in 0..block.n_rows {
            self.add_nonzeros(block.row(row), block.nonzeros_of(row), curvature[row], slope[row]);
        }
    }

    fn add_products(&mut self, rows: [&[Lane]; 4], weights: Lane) {
        for slot in 0..self.n_dense {
            let (lane, place) = (slot / 4, slot % 4);
            let scale: Lane = std::array::from_fn(|k| weights[k] * rows[k][lane][place]);
            // The lower triangle, rounded up to whole lanes.
            let target = &mut self.dense_dense[slot * self.lanes..][..=lane];
            add_scaled(target, rows, scale);
        }
    }

    fn add_nonzeros(
        &mut self,
        dense: &[Lane],
        nonzeros: &[(u32, f64)],
        curvature: f64,
        slope: f64,
    ) {
        for (n_before, &(slot, value)) in nonzeros.iter().enumerate() {
            let slot = slot as usize;
            let scale = curvature * value;
            let target = &mut self.sparse_dense[slot * self.lanes..][..self.lanes];
            for (sum, x) in target.iter_mut().zip(dense) {
                for k in 0..4 {
                    sum[k] += scale * x[k];
                }
            }
            let target = &mut self.sparse_sparse[packed(slot, 0)..];
            for &(other, other_value) in &nonzeros[..=n_before] {
                target[other as usize] += scale * other_value;
            }
            self.sum_sparse[slot] += slope * value;
        }
    }

    /// Adds the sums to a packed lower triangle and to a vector, both in the order of the design.
    pub fn add_to(&self, layout: &Layout, products: &mut [f64], sums: &mut [f64]) {
        for (slot, &id) in layout.dense_ids.iter().enumerate() {
            sums[id] += self.sum_dense[slot / 4][slot % 4];
            let row = &self.dense_dense[slot * self.lanes..];
            for (other, &other_id) in layout.dense_ids[..=slot].iter().enumerate() {
                products[packed(id, other_id)] += row[other / 4][other % 4];
            }
        }
        for (slot, &id) in layout.sparse_ids.iter().enumerate() {
            sums[id] += self.sum_sparse[slot];
            let row = &self.sparse_dense[slot * self.lanes..];
            for (other, &other_id) in layout.dense_ids.iter().enumerate() {
                products[packed(id, other_id)] += row[other / 4][other % 4];
            }
            for (other, &other_id) in layout.sparse_ids[..=slot].iter().enumerate() {
                products[packed(id, other_id)] += self.sparse_sparse[packed(slot, other)];
            }
        }
    }
}

/// `target += Σₖ scale[k]·rows[k]`, as many lanes as `target` has.
fn add_scaled(target: &mut [Lane], rows: [&[Lane]; 4], scale: Lane) {
    let n = target.len();
    let [a, b, c, d] = [&rows[0][..n], &rows[1][..n], &rows[2][..n], &rows[3][..n]];
    for (index, sum) in target.iter_mut().enumerate() {
        for k in 0..4 {
            sum[k] += (scale[0] * a[index][k] + scale[1] * b[index][k])
                + (scale[2] * c[index][k] + scale[3] * d[index][k]);
        }
    }
}
