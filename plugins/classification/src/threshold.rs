//! What a threshold makes of the scores: counts of the four outcomes and the ratios of them.

use crate::params::Cost;

/// Rows by prediction and label.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcomes {
    /// Predicted positive, labelled positive.
    pub true_positive: u64,
    /// Predicted positive, labelled negative.
    pub false_positive: u64,
    /// Predicted negative, labelled negative.
    pub true_negative: u64,
    /// Predicted negative, labelled positive.
    pub false_negative: u64,
}

/// None for a ratio to nothing: the rows do not define it.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Outcomes {
    /// Takes in a row.
    pub fn push(&mut self, predicted: bool, label: bool) {
        let count = match (predicted, label) {
            (true, true) => &mut self.true_positive,
            (true, false) => &mut self.false_positive,
            (false, false) => &mut self.true_negative,
            (false, true) => &mut self.false_negative,
        };
        *count += 1;
    }

    /// Rows labelled positive.
    pub fn positive(&self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// Rows labelled negative.
    pub fn negative(&self) -> u64 {
        self.true_negative + self.false_positive
    }

    /// All rows.
    pub fn n(&self) -> u64 {
        self.positive() + self.negative()
    }

    /// The metrics by name.
    pub fn metrics(&self) -> [(&'static str, Option<f64>); 7] {
        let Self { true_positive, false_positive, true_negative, .. } = *self;
        let predicted_positive = true_positive + false_positive;
        let recall = ratio(true_positive, self.positive());
        let specificity = ratio(true_negative, self.negative());
        let balanced = recall.zip(specificity).map(|(recall, other)| (recall + other) / 2.0);
        // 2 / (1/precision + 1/recall), without dividing by a precision that is not defined.
        let f1 = ratio(2 * true_positive, predicted_positive + self.positive());
        [
            ("accuracy", ratio(true_positive + true_negative, self.n())),
            ("balanced_accuracy", balanced),
            ("precision", ratio(true_positive, predicted_positive)),
            ("recall", recall),
            ("f1", f1),
            ("positive_rate", ratio(self.positive(), self.n())),
            ("predicted_positive_rate", ratio(predicted_positive, self.n())),
        ]
    }

    /// The cost of all rows together.
    pub fn cost(&self, cost: &Cost) -> f64 {
        self.true_positive as f64 * cost.true_positive
            + self.false_positive as f64 * cost.false_positive
            + self.true_negative as f64 * cost.true_negative
            + self.false_negative as f64 * cost.false_negative
    }
}
