//! From moments to coefficients.
//!
//! Minimises `Σ wᵢ (yᵢ - xᵢ·β - b)² + α‖β‖²`, the intercept `b` free of penalty, as scikit-learn's
//! `Ridge` does. Source: Hastie, Tibshirani & Friedman (2009), "The Elements of Statistical
//! Learning", §3.4.1.

use refrain_sdk::serde::{Deserialize, Serialize};

use crate::design::{dot, factor, packed, packed_len};
use crate::moments::Moments;

/// Pivots at or below this share of their column's sum of squares mean a dependent column.
const PIVOT_MIN: f64 = 1e-12;
/// With a penalty no column is dependent, only rounding can make it look so.
const PIVOT_MIN_PENALISED: f64 = 1e-15;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Solution {
    /// By design column; 0 for a column that depends on those before it.
    pub coefficients: Vec<f64>,
    /// 0 where none was fitted.
    pub intercept: f64,
    /// Columns that depend on those before them.
    pub n_dropped: u32,
    /// The root of the mean squared residual on the training rows.
    pub rmse: f64,
    /// The share of the label's variance that is explained there; NaN for a constant label.
    pub r2: f64,
}

/// Solves for the coefficients of all columns but the last, which is the label.
pub fn solve(moments: &Moments, alpha: f64, fit_intercept: bool) -> Solution {
    let n = moments.mean.len() - 1;
    let products = if fit_intercept { moments.comoment.clone() } else { moments.about_zero() };
    let mut normal = products[..packed_len(n)].to_vec();
    let right = &products[packed(n, 0)..packed(n, n)];
    for i in 0..n {
        normal[packed(i, i)] += alpha;
    }
    let pivot_min = if alpha > 0.0 { PIVOT_MIN_PENALISED } else { PIVOT_MIN };
    let factored = factor(&normal, n, pivot_min);
    let coefficients = factored.solve(right);
    let intercept =
        if fit_intercept { moments.mean[n] - dot(&coefficients, &moments.mean[..n]) } else { 0.0 };
    let mut squares = products[packed(n, n)];
    for i in 0..n {
        let row: f64 = (0..n).map(|j| products[packed(i, j)] * coefficients[j]).sum();
        squares += coefficients[i] * (row - 2.0 * right[i]);
    }
    let squares = squares.max(0.0);
    Solution {
        coefficients,
        intercept,
        n_dropped: factored.n_dropped() as u32,
        rmse: (squares / moments.weight).sqrt(),
        r2: 1.0 - squares / moments.comoment[packed(n, n)],
    }
}
