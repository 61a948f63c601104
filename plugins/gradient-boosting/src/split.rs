//! The best split of a leaf, from its histogram.
//!
//! The gain of a split is what it takes off the second-order approximation of the loss, doubled:
//! `GL²/(HL+λ) + GR²/(HR+λ) - G²/(H+λ)`. Ties go to the first feature and the lowest code, as in
//! scikit-learn. Source: Chen & Guestrin (2016), "XGBoost", equation 7.

use crate::bins::Coded;
use crate::histogram::{Scale, Sum, Totals};

/// Children with less curvature are not made, as in scikit-learn.
const CURVATURE_MIN: f64 = 1e-3;

/// What a split must leave.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The least rows of a leaf.
    pub rows_min: u64,
    /// λ, the penalty on leaf values.
    pub l2: f64,
}

/// A way to part a leaf in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Which feature.
    pub feature: u32,
    /// Codes up to this one go left.
    pub code: u8,
    /// Whether missing values go left.
    pub missing_left: bool,
    /// Above 0.
    pub gain: f64,
    /// The sum of the left child.
    pub left: Sum,
}

impl Limits {
    /// What a leaf of these sums adds to a row's score, before the learning rate.
    pub fn value(&self, totals: Totals) -> f64 {
        -totals.gradient / (totals.curvature + self.l2 + 1e-15)
    }

    fn worth(&self, totals: Totals) -> f64 {
        totals.gradient * totals.gradient / (totals.curvature + self.l2 + 1e-15)
    }

    fn allows(&self, child: Totals) -> bool {
        child.count >= self.rows_min && child.curvature >= CURVATURE_MIN
    }
}

/// Looks through all features of a leaf whose sums are `total`.
pub fn best_split(
    coded: &Coded,
    histogram: &[Sum],
    total: Sum,
    scale: &Scale,
    limits: &Limits,
) -> Option<Split> {
    let mut best: Option<Split> = None;
    let search = Search { total, scale, limits, worth: limits.worth(scale.totals(total)) };
    for (feature, bins) in coded.bins.iter().enumerate() {
        let sums = &histogram[coded.starts[feature]..coded.starts[feature + 1]];
        let n_codes = bins.n_codes();
        let missing = sums[n_codes];
        let mut left = [0; 2];
        // Missing values on the right; alone there, too, if the training data has any.
        let n_ends = n_codes - usize::from(!bins.has_missing);
        for (code, sum) in sums[..n_ends].iter().enumerate() {
            left = add(left, *sum);
            search.consider(&mut best, feature, code, false, left);
        }
        if !bins.has_missing {
            continue;
        }
        // From the right, missing values on the left.
        let mut right = [0; 2];
        for code in (0..n_codes - 1).rev() {
            right = add(right, sums[code + 1]);
            search.consider(&mut best, feature, code, true, subtract(total, right));
        }
        debug_assert_eq!(add(add(right, sums[0]), missing), total);
    }
    best
}

struct Search<'a> {
    total: Sum,
    scale: &'a Scale,
    limits: &'a Limits,
    worth: f64,
}

impl Search<'_> {
    fn consider(
        &self,
        best: &mut Option<Split>,
        feature: usize,
        code: usize,
        missing_left: bool,
        left: Sum,
    ) {
        let rows_min = self.limits.rows_min;
        let right = subtract(self.total, left);
        if self.scale.count(left) < rows_min || self.scale.count(right) < rows_min {
            return;
        }
        let (left_totals, right_totals) = (self.scale.totals(left), self.scale.totals(right));
        if !self.limits.allows(left_totals) || !self.limits.allows(right_totals) {
            return;
        }
        let gain = self.limits.worth(left_totals) + self.limits.worth(right_totals) - self.worth;
        if gain > best.map_or(0.0, |best| best.gain) {
            let (feature, code) = (feature as u32, code as u8);
            *best = Some(Split { feature, code, missing_left, gain, left });
        }
    }
}

fn add(a: Sum, b: Sum) -> Sum {
    [a[0] + b[0], a[1] + b[1]]
}

/// `a - b`, where `b` sums some of the rows of `a`.
pub fn subtract(a: Sum, b: Sum) -> Sum {
    [a[0] - b[0], a[1] - b[1]]
}
