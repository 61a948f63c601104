//! How far the scores are from the labels, as probabilities.

use refrain_sdk::libm;

/// What scikit-learn clips probabilities at before it takes their logarithm.
const CLIP: f64 = f64::EPSILON;

/// The log loss of one row.
pub fn log_loss(score: f64, label: bool) -> f64 {
    let probability = if label { score } else { 1.0 - score };
    -libm::log(probability.clamp(CLIP, 1.0 - CLIP))
}

/// Sums over one group of rows.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    log_loss_sum: f64,
    squared_sum: f64,
    /// Whether some score is no probability.
    is_improper: bool,
}

impl Losses {
    /// Takes in a row; `log_loss` as [`log_loss`] gave it.
    #[inline]
    pub fn push(&mut self, score: f64, label: bool, log_loss: f64) {
        let error = score - f64::from(u8::from(label));
        self.squared_sum += error * error;
        self.log_loss_sum += log_loss;
        self.is_improper |= !(0.0..=1.0).contains(&score);
    }

    /// The metrics by name, over `n` rows. None of them if some score is no probability.
    pub fn metrics(&self, reliability: &Reliability, n: u64) -> [(&'static str, Option<f64>); 3] {
        let is_defined = n > 0 && !self.is_improper;
        let mean = |sum: f64| is_defined.then(|| sum / n as f64);
        [
            ("log_loss", mean(self.log_loss_sum)),
            ("brier_score", mean(self.squared_sum)),
            ("expected_calibration_error", mean(reliability.gap_sum())),
        ]
    }
}

/// The bin of a score among `n_bins` of equal width, each without its lower end and with its
/// upper, and the first with both.
#[inline]
pub fn bin_of(score: f64, n_bins: usize) -> usize {
    let edge = |bin: usize| bin as f64 / n_bins as f64;
    // The product is rounded; the edges decide.
    let mut bin = ((score * n_bins as f64) as usize).min(n_bins - 1);
    if bin > 0 && score <= edge(bin) {
        bin -= 1;
    } else if bin + 1 < n_bins && score > edge(bin + 1) {
        bin += 1;
    }
    bin
}

/// Scores and labels by bins of the score.
#[derive(Debug, Clone)]
pub struct Reliability(Vec<Bin>);

/// The rows of one bin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bin {
    /// Their number.
    pub n: u64,
    /// Those labelled positive.
    pub positive: u64,
    score_sum: f64,
}

impl Bin {
    /// The mean score; none without rows.
    pub fn mean_score(&self) -> Option<f64> {
        (self.n > 0).then(|| self.score_sum / self.n as f64)
    }
}

impl Reliability {
    /// Bins without rows.
    pub fn new(n_bins: usize) -> Self {
        Self(vec![Bin::default(); n_bins])
    }

    /// Takes in a row of a bin that [`bin_of`] found.
    #[inline]
    pub fn push(&mut self, bin: usize, score: f64, label: bool) {
        let bin = &mut self.0[bin];
        bin.n += 1;
        bin.positive += u64::from(label);
        bin.score_sum += score;
    }

    /// The bins from the lowest score.
    pub fn bins(&self) -> &[Bin] {
        &self.0
    }

    /// Σ nᵦ |mean score − positive share|.
    fn gap_sum(&self) -> f64 {
        self.0.iter().map(|bin| (bin.score_sum - bin.positive as f64).abs()).sum()
    }
}
