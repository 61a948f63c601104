//! One pass over the rows: loss, gradient and Hessian at the pass's coefficients.
//!
//! Invariant: a batch is summed on its own and then merged, so taking in a batch and merging a
//! saved fold of it give the same bits.

use refrain_sdk::serde::{Deserialize, Serialize};

use crate::design::{BLOCK_ROWS, Block, Gram, Layout, Numbers, packed_len};

/// What a pass adds up. Gradient and Hessian are of the plain sum of losses, without penalty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Totals {
    /// Rows of class 0 and of class 1.
    pub n_rows: [u64; 2],
    /// Their summed sample weights, without class weights.
    pub weight: [f64; 2],
    /// The weighted sum of the losses, in nats.
    pub loss: f64,
    /// By design column; empty in the counting pass.
    pub gradient: Vec<f64>,
    /// The packed lower triangle; empty in the counting pass.
    pub hessian: Vec<f64>,
}

/// Where a pass takes its sums.
#[derive(Debug, Clone)]
pub struct Point {
    /// By design column; the intercept, if any, is the last. Empty: only count.
    pub coefficients: Vec<f64>,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// What a row of each class weighs.
    pub class_weight: [f64; 2],
}

/// The rows of one batch.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The features.
    pub columns: &'a [Numbers<'a>],
    /// 0 or 1 a row.
    pub labels: &'a [u8],
    /// Sample weights, if there are any.
    pub weights: Option<&'a [f64]>,
}

impl Totals {
    /// Adds what another fold of the same pass holds.
    pub fn merge(&mut self, other: &Self) {
        for class in 0..2 {
            self.n_rows[class] += other.n_rows[class];
            self.weight[class] += other.weight[class];
        }
        self.loss += other.loss;
        add(&mut self.gradient, &other.gradient);
        add(&mut self.hessian, &other.hessian);
    }

    /// The sums over one batch.
    pub fn of(rows: &Rows, point: &Point) -> Self {
        let mut totals = Self::default();
        for (row, &label) in rows.labels.iter().enumerate() {
            totals.n_rows[usize::from(label)] += 1;
            totals.weight[usize::from(label)] += rows.weights.map_or(1.0, |w| w[row]);
        }
        if !point.coefficients.is_empty() && !rows.labels.is_empty() {
            totals.add_derivatives(rows, point);
        }
        totals
    }

    fn add_derivatives(&mut self, rows: &Rows, point: &Point) {
        let layout = Layout::of(rows.columns, point.intercept);
        let dense = layout.dense_lanes(&point.coefficients);
        let sparse = layout.sparse_values(&point.coefficients);
        let mut gram = Gram::new(&layout);
        let mut block = Block::default();
        let (mut curvature, mut slope) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
        let mut losses = [0.0; 4];
        let n_rows = rows.labels.len();
        for from in (0..n_rows).step_by(BLOCK_ROWS) {
            let to = (from + BLOCK_ROWS).min(n_rows);
            block.fill(&layout, rows.columns, &[], from, to);
            for row in from..to {
                let label = rows.labels[row];
                let weight = point.class_weight[usize::from(label)]
                    * rows.weights.map_or(1.0, |weights| weights[row]);
                let term = loss(block.dot(row - from, &dense, &sparse), label == 1);
                losses[row % 4] += weight * term.value;
                slope[row - from] = weight * term.slope;
                curvature[row - from] = weight * term.curvature;
            }
            gram.add(&block, &curvature[..to - from], &slope[..to - from]);
        }
        let n = point.coefficients.len();
        self.loss = (losses[0] + losses[1]) + (losses[2] + losses[3]);
        self.gradient = vec![0.0; n];
        self.hessian = vec![0.0; packed_len(n)];
        gram.add_to(&layout, &mut self.hessian, &mut self.gradient);
    }
}

/// The logistic loss of one row and its two derivatives by the raw score.
struct Term {
    value: f64,
    slope: f64,
    curvature: f64,
}

/// `log(1 + exp(∓raw))`, from `exp(-|raw|)` alone so that nothing overflows.
///
/// `exp` and `log1p` are the `libm` crate's: the guest's bits, on every machine.
fn loss(raw: f64, positive: bool) -> Term {
    let e = libm::exp(-raw.abs());
    let tail = e / (1.0 + e);
    let probability = if raw >= 0.0 { 1.0 / (1.0 + e) } else { tail };
    let wrong_side = if (raw < 0.0) == positive { raw.abs() } else { 0.0 };
    Term {
        value: libm::log1p(e) + wrong_side,
        slope: probability - f64::from(u8::from(positive)),
        curvature: tail / (1.0 + e),
    }
}

/// `1 / (1 + exp(-raw))`.
pub fn sigmoid(raw: f64) -> f64 {
    let e = libm::exp(-raw.abs());
    if raw >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// Sums of a fold that saw no rows are empty.
fn add(target: &mut Vec<f64>, other: &[f64]) {
    if target.is_empty() {
        target.extend_from_slice(other);
    } else {
        target.iter_mut().zip(other).for_each(|(t, o)| *t += o);
    }
}
