//! How well the scores order the rows: area under the ROC curve, and average precision.

/// One group of rows, handed over from the highest score to the lowest.
///
/// Invariant: the area is a ratio of integers, exact until its one division. Products stay below
/// 2⁶³, because a fold has fewer than 2³² rows.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Rows above the ties.
    positive: u64,
    negative: u64,
    /// Rows of the score that is being handed over.
    score_key: u64,
    tied_positive: u64,
    tied_negative: u64,
    /// Twice the number of pairs in which the positive row ranks higher, ties counted as half.
    pairs_twice: u64,
    /// Precision at the score of each positive row.
    precision_sum: f64,
}

impl Ranking {
    /// Takes in the next row. Equal scores have equal keys.
    #[inline]
    pub fn push(&mut self, score_key: u64, label: bool) {
        if score_key != self.score_key {
            self.close();
            self.score_key = score_key;
        }
        self.tied_positive += u64::from(label);
        self.tied_negative += u64::from(!label);
    }

    /// Moves the ties above.
    fn close(&mut self) {
        self.pairs_twice += self.tied_negative * (2 * self.positive + self.tied_positive);
        self.positive += self.tied_positive;
        self.negative += self.tied_negative;
        if self.tied_positive > 0 {
            let precision = self.positive as f64 / (self.positive + self.negative) as f64;
            self.precision_sum += self.tied_positive as f64 * precision;
        }
        (self.tied_positive, self.tied_negative) = (0, 0);
    }

    /// The metrics by name.
    pub fn metrics(mut self) -> [(&'static str, Option<f64>); 2] {
        self.close();
        let all_twice = 2 * self.positive * self.negative;
        let area = (all_twice > 0).then(|| self.pairs_twice as f64 / all_twice as f64);
        let precision = (self.positive > 0).then(|| self.precision_sum / self.positive as f64);
        [("roc_auc", area), ("average_precision", precision)]
    }
}
