//! Cholesky factorisation of a packed symmetric matrix, scaled to a unit diagonal first.
//!
//! The scaling makes one pivot tolerance right for columns of any unit.
//! Source: Higham (2002), "Accuracy and Stability of Numerical Algorithms", chapter 10.

use super::gram::{packed, packed_len};

/// `A = D L Lᵀ D` with a diagonal `D`; dropped columns are left out of `A`.
#[derive(Debug)]
pub struct Cholesky {
    n: usize,
    scale: Vec<f64>,
    lower: Vec<f64>,
    kept: Vec<bool>,
}

/// Factors the packed lower triangle of a symmetric matrix of `n` rows.
///
/// A column whose pivot, relative to its diagonal, is at most `pivot_min` is a linear combination
/// of the columns before it and is dropped: [`Cholesky::solve`] gives it 0.
pub fn factor(matrix: &[f64], n: usize, pivot_min: f64) -> Cholesky {
    let mut scale = vec![0.0; n];
    let mut kept = vec![false; n];
    for i in 0..n {
        let diagonal = matrix[packed(i, i)];
        kept[i] = diagonal > 0.0 && diagonal.is_finite();
        scale[i] = if kept[i] { diagonal.sqrt() } else { 1.0 };
    }
    let mut lower = vec![0.0; packed_len(n)];
    for i in 0..n {
        if !kept[i] {
            continue;
        }
        let (before, rest) = lower.split_at_mut(packed(i, 0));
        let row = &mut rest[..=i];
        for j in (0..i).filter(|j| kept[*j]) {
            let other = &before[packed(j, 0)..=packed(j, j)];
            let scaled = matrix[packed(i, j)] / (scale[i] * scale[j]);
            row[j] = (scaled - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = 1.0 - dot(&row[..i], &row[..i]);
        kept[i] = pivot > pivot_min;
        if kept[i] {
            row[i] = pivot.sqrt();
        } else {
            row.fill(0.0);
        }
    }
    Cholesky { n, scale, lower, kept }
}

impl Cholesky {
    /// Columns that were left out.
    pub fn n_dropped(&self) -> usize {
        self.kept.iter().filter(|kept| !**kept).count()
    }

    /// The `x` of `A x = right`, 0 in dropped columns.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.n];
        for i in (0..self.n).filter(|i| self.kept[*i]) {
            let row = &self.lower[packed(i, 0)..=packed(i, i)];
            x[i] = (right[i] / self.scale[i] - dot(&row[..i], &x[..i])) / row[i];
        }
        for i in (0..self.n).rev().filter(|i| self.kept[*i]) {
            let row = &self.lower[packed(i, 0)..=packed(i, i)];
            x[i] /= row[i];
            let value = x[i];
            x[..i].iter_mut().zip(row).for_each(|(x, l)| *x -= value * l);
        }
        x.iter().zip(&self.scale).map(|(x, s)| x / s).collect()
    }
}

/// The inner product of two slices of one length, in eight lanes.
pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left, right) = (left.chunks(8), right.chunks(8));
    for (a, b) in left.zip(right) {
        for (k, (a, b)) in a.iter().zip(b).enumerate() {
            sums[k] += a * b;
        }
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
}
