//! The rows that an evaluation keeps.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Error, Result};

/// Score and label of every row.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Finite, and never -0.
    pub scores: Vec<f64>,
    /// Whether the row is of the positive class.
    pub labels: Vec<bool>,
}

/// [`Rows`] as bytes: eight and an eighth a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Saved {
    scores: Vec<f64>,
    labels: Vec<u8>,
}

impl Rows {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// The rows, eight labels to a byte.
    pub fn save(&self) -> Saved {
        let pack = |labels: &[bool]| {
            labels.iter().zip(0..).fold(0, |byte, (label, bit)| byte | u8::from(*label) << bit)
        };
        Saved { scores: self.scores.clone(), labels: self.labels.chunks(8).map(pack).collect() }
    }

    /// Appends saved rows; returns how many.
    pub fn merge(&mut self, saved: Saved) -> Result<usize> {
        let n_rows = saved.scores.len();
        if saved.labels.len() != n_rows.div_ceil(8) {
            return Err(Error::failed("the saved labels are not as many as the scores"));
        }
        self.scores.extend(saved.scores);
        self.labels.extend((0..n_rows).map(|row| saved.labels[row / 8] >> (row % 8) & 1 == 1));
        Ok(n_rows)
    }

    /// The rows from the highest score to the lowest, as `(key, row)`: equal scores have equal
    /// keys, and no others.
    pub fn descending(&self) -> Vec<(u64, u32)> {
        // Flipped this way, the bits of floats are in the order of the floats.
        let key = |score: f64| {
            let bits = score.to_bits();
            if bits >> 63 == 0 { !bits & !(1 << 63) } else { bits }
        };
        let mut order: Vec<_> = self.scores.iter().map(|score| key(*score)).zip(0..).collect();
        order.sort_unstable();
        order
    }
}
