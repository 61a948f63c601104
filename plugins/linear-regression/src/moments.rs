//! Means and co-moments of features and label, merged pairwise.
//!
//! Products are taken about a point near the mean, so that large means (years, distances) cost no
//! digits. A batch is summed on its own and then merged, so taking in a batch and merging a saved
//! fold of it give the same bits.
//!
//! Source: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance".

use refrain_sdk::serde::{Deserialize, Serialize};

use crate::design::{BLOCK_ROWS, Block, Gram, Lane, Layout, Numbers, packed, packed_len};

/// Weighted first and second moments. The label is the last column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Moments {
    /// Rows.
    pub n_rows: u64,
    /// Their summed weights.
    pub weight: f64,
    /// By column; empty as long as the weight is 0.
    pub mean: Vec<f64>,
    /// `Σ w (x - mean)(x - mean)ᵀ`, the packed lower triangle.
    pub comoment: Vec<f64>,
}

impl Moments {
    /// The moments of one batch of `n_rows` rows.
    pub fn of(columns: &[Numbers], n_rows: usize, weights: Option<&[f64]>) -> Self {
        let n_rows_counted = n_rows as u64;
        let ones = [1.0; BLOCK_ROWS];
        let weights_of =
            |from: usize, to: usize| weights.map_or(&ones[..to - from], |w| &w[from..to]);
        let blocks =
            || (0..n_rows).step_by(BLOCK_ROWS).map(|from| (from, (from + BLOCK_ROWS).min(n_rows)));
        let weight = blocks().map(|(from, to)| weights_of(from, to).iter().sum::<f64>()).sum();
        if weight <= 0.0 {
            return Self { n_rows: n_rows_counted, ..Self::default() };
        }
        let layout = Layout::of(columns, false);
        let mut block = Block::default();
        block.fill(&layout, columns, &[], 0, n_rows.min(BLOCK_ROWS));
        let shift = mean_row(&block);
        let mut gram = Gram::new(&layout);
        for (from, to) in blocks() {
            block.fill(&layout, columns, &shift, from, to);
            gram.add(&block, weights_of(from, to), weights_of(from, to));
        }
        let n = columns.iter().map(Numbers::width).sum();
        let (mut sums, mut comoment) = (vec![0.0; n], vec![0.0; packed_len(n)]);
        gram.add_to(&layout, &mut comoment, &mut sums);
        for i in 0..n {
            for j in 0..=i {
                comoment[packed(i, j)] -= sums[i] * sums[j] / weight;
            }
        }
        let mut mean: Vec<f64> = sums.iter().map(|sum| sum / weight).collect();
        for (slot, &id) in layout.dense_ids.iter().enumerate() {
            mean[id] += shift[slot / 4][slot % 4];
        }
        Self { n_rows: n_rows_counted, weight, mean, comoment }
    }

    /// Adds what another fold holds.
    pub fn merge(&mut self, other: &Self) {
        self.n_rows += other.n_rows;
        if other.mean.is_empty() {
            return;
        }
        if self.mean.is_empty() {
            let n_rows = self.n_rows;
            *self = Self { n_rows, ..other.clone() };
            return;
        }
        let total = self.weight + other.weight;
        let share = other.weight / total;
        let apart: Vec<f64> = other.mean.iter().zip(&self.mean).map(|(o, s)| o - s).collect();
        for i in 0..apart.len() {
            let scale = apart[i] * self.weight * share;
            for (j, gap) in apart.iter().enumerate().take(i + 1) {
                self.comoment[packed(i, j)] += other.comoment[packed(i, j)] + scale * gap;
            }
        }
        self.mean.iter_mut().zip(&apart).for_each(|(mean, apart)| *mean += share * apart);
        self.weight = total;
    }

    /// `Σ w x xᵀ` about zero instead of about the mean.
    pub fn about_zero(&self) -> Vec<f64> {
        let mut products = self.comoment.clone();
        for i in 0..self.mean.len() {
            for j in 0..=i {
                products[packed(i, j)] += self.weight * self.mean[i] * self.mean[j];
            }
        }
        products
    }
}

/// The mean of a block's dense rows, 0 in the padding.
fn mean_row(block: &Block) -> Vec<Lane> {
    let mut sums = vec![[0.0; 4]; block.lanes];
    for row in 0..block.n_rows {
        for (sum, x) in sums.iter_mut().zip(block.row(row)) {
            for k in 0..4 {
                sum[k] += x[k];
            }
        }
    }
    sums.iter_mut().flatten().for_each(|sum| *sum /= block.n_rows as f64);
    sums
}
