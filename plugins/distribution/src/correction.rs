//! Verdicts, with thresholds corrected for the number of tests.

use refrain_sdk::drift::Verdict;

use crate::params::{Correction, Params};
use crate::score::Scored;

/// Corrects the thresholds of tests, then compares every score with its own.
pub fn judge(params: &Params, scores: &mut [Scored]) {
    correct(params.correction, scores);
    for scored in scores {
        let score = &mut scored.score;
        let drifted = if scored.measure.is_test() {
            score.p_value.map(|probability| probability <= score.threshold)
        } else {
            score.value.map(|value| value >= score.threshold)
        };
        score.verdict = match drifted.filter(|_| scored.has_rows) {
            None => Verdict::Inconclusive,
            Some(true) => Verdict::Drifted,
            Some(false) => Verdict::Stable,
        };
    }
}

/// Tests that cannot tell do not count, and keep their threshold.
///
/// Sources: Bonferroni (1936); Benjamini & Hochberg (1995), "Controlling the false discovery rate".
fn correct(correction: Correction, scores: &mut [Scored]) {
    let mut tests: Vec<&mut Scored> =
        scores.iter_mut().filter(|s| s.measure.is_test() && s.has_rows).collect();
    tests.retain(|scored| scored.score.p_value.is_some());
    let n = tests.len() as f64;
    let factor = match correction {
        Correction::None => 1.0,
        Correction::Bonferroni => 1.0 / n,
        Correction::BenjaminiHochberg => {
            // As shares of their thresholds, so that thresholds may differ.
            let share = |s: &&mut Scored| s.score.p_value.map(|p| p / s.score.threshold);
            let mut shares: Vec<f64> = tests.iter().filter_map(share).collect();
            shares.sort_by(f64::total_cmp);
            let ranks = (1..=shares.len()).rev();
            let passing = ranks.into_iter().find(|rank| shares[rank - 1] <= *rank as f64 / n);
            passing.unwrap_or(1) as f64 / n
        }
    };
    tests.into_iter().for_each(|scored| scored.score.threshold *= factor);
}
