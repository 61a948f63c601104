//! Feature values as small codes, by thresholds taken from the data.
//!
//! Invariant: the code of a value is the number of thresholds below it, so `code <= k` is exactly
//! `value <= thresholds[k]`, and a split on codes is a split on values.
//!
//! Source: the binning of scikit-learn's `HistGradientBoosting` (`_BinMapper`), here over all rows.

/// Features in a group: their codes of one row are read at once.
pub const GROUP: usize = 4;

/// How one feature is coded.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// Ascending, finite; one fewer than there are codes.
    pub thresholds: Vec<f64>,
    /// Whether some row of the training data lacks a value.
    pub has_missing: bool,
}

impl Bins {
    /// Codes of values; the code of a missing value is this number itself.
    pub fn n_codes(&self) -> usize {
        self.thresholds.len() + 1
    }

    /// Takes thresholds from a feature's values: midways between neighbours if there are at most
    /// `bins_max` distinct values, else at quantiles. NaN is a missing value.
    pub fn of(values: impl Iterator<Item = f64>, bins_max: usize) -> Self {
        let mut has_missing = false;
        let mut sorted: Vec<f64> = values
            .filter(|v| {
                has_missing |= v.is_nan();
                !v.is_nan()
            })
            .map(|v| v.clamp(-f64::MAX, f64::MAX))
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { thresholds: thresholds(&sorted, bins_max), has_missing }
    }

    /// The code of a value.
    pub fn code(&self, value: f64) -> u8 {
        if value.is_nan() {
            return self.n_codes() as u8;
        }
        self.thresholds.partition_point(|threshold| *threshold < value) as u8
    }

    /// The threshold of a split after `code`: infinite where only missing values go right.
    pub fn threshold(&self, code: u8) -> f64 {
        self.thresholds.get(usize::from(code)).copied().unwrap_or(f64::INFINITY)
    }
}

fn thresholds(sorted: &[f64], bins_max: usize) -> Vec<f64> {
    let mut distinct: Vec<f64> = Vec::with_capacity(bins_max + 1);
    for &value in sorted {
        if distinct.last() != Some(&value) {
            distinct.push(value);
            if distinct.len() > bins_max {
                return quantiles(sorted, bins_max);
            }
        }
    }
    distinct.windows(2).map(|pair| midway(pair[0], pair[1])).collect()
}

/// The quantiles `1/n … (n-1)/n`, each once: the value at which the share of rows up to it reaches
/// the quantile, midway to the next where it does so exactly (numpy's `averaged_inverted_cdf`).
fn quantiles(sorted: &[f64], n: usize) -> Vec<f64> {
    let mut out: Vec<f64> = (1..n)
        .map(|k| {
            let (place, rest) = (k * sorted.len() / n, k * sorted.len() % n);
            if rest == 0 { midway(sorted[place - 1], sorted[place]) } else { sorted[place] }
        })
        .collect();
    out.dedup();
    // Nothing lies above the maximum: as a threshold it would make an empty bin.
    out.pop_if(|threshold| Some(&*threshold) == sorted.last());
    out
}

/// A number in `[low, high)`, halfway as far as rounding allows.
fn midway(low: f64, high: f64) -> f64 {
    let middle = 0.5 * low + 0.5 * high;
    if middle < high || low == high { middle } else { low }
}

/// The codes of all rows, features in groups of four.
#[derive(Debug, Default)]
pub struct Coded {
    /// By group, then by row.
    pub groups: Vec<Vec<[u8; GROUP]>>,
    /// By feature.
    pub bins: Vec<Bins>,
    /// Where each feature's sums start in a histogram; one more than there are features.
    pub starts: Vec<usize>,
}

impl Coded {
    /// No features yet, `n_rows` rows.
    pub fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    /// Takes in the next feature.
    pub fn push(&mut self, values: impl Iterator<Item = f64> + Clone, bins_max: usize) {
        let bins = Bins::of(values.clone(), bins_max);
        let place = self.bins.len() % GROUP;
        if place == 0 {
            self.groups.push(values.map(|v| [bins.code(v), 0, 0, 0]).collect());
        } else if let Some(group) = self.groups.last_mut() {
            group.iter_mut().zip(values).for_each(|(codes, v)| codes[place] = bins.code(v));
        }
        let start = self.starts.last().copied().unwrap_or(0);
        self.starts.push(start + bins.n_codes() + 1);
        self.bins.push(bins);
    }

    /// Sums in a histogram over all features.
    pub fn n_sums(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_split_midway_and_many_at_quantiles() {
        let few = Bins::of([3.0, 1.0, f64::NAN, 1.0, 2.0].into_iter(), 255);
        assert_eq!(few, Bins { thresholds: vec![1.5, 2.5], has_missing: true });
        assert_eq!([1.0, 1.5, 2.0, 9.0, f64::NAN].map(|v| few.code(v)), [0, 0, 1, 2, 3]);
        let many = Bins::of((0..1000).map(f64::from), 4);
        assert_eq!(many.thresholds, [249.5, 499.5, 749.5]);
        let uneven = Bins::of((0..10).map(f64::from), 4);
        assert_eq!(uneven.thresholds, [2.0, 4.5, 7.0]);
    }

    #[test]
    fn neighbouring_and_infinite_values_keep_apart() {
        let next = f64::from_bits(1.0_f64.to_bits() + 1);
        let bins = Bins::of([1.0, next, f64::INFINITY, f64::NEG_INFINITY].into_iter(), 255);
        let codes = [f64::NEG_INFINITY, 1.0, next, f64::INFINITY].map(|v| bins.code(v));
        assert_eq!(codes, [0, 1, 2, 3]);
    }

    #[test]
    fn no_values_are_one_code() {
        let bins = Bins::of([f64::NAN].into_iter(), 255);
        assert_eq!((bins.n_codes(), bins.code(f64::NAN), bins.code(7.0)), (1, 1, 0));
    }
}
