//! Statistics of columns: folded chunk by chunk, merged in chunk order, so that they are the same
//! on any number of threads.

use std::collections::BTreeMap;

use refrain_domain::{Column, Field, Kind, Values};
use serde::{Deserialize, Serialize};

/// At most this many values of each chunk go into the quantile sample.
const SAMPLE_PER_CHUNK: usize = 2_048;
/// A larger sample is thinned to every second value.
const SAMPLE_MAX: usize = 32_768;
/// Beyond this many distinct values counts are no longer kept.
const DISTINCT_MAX: usize = 10_000;
const TOP_VALUES: usize = 20;
const HISTOGRAM_BINS: usize = 20;
const QUANTILES: [(&str, f64); 7] = [
    ("p01", 0.01),
    ("p05", 0.05),
    ("p25", 0.25),
    ("p50", 0.5),
    ("p75", 0.75),
    ("p95", 0.95),
    ("p99", 0.99),
];

/// What is known of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnStatistics {
    /// Rows.
    pub count: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// Of numbers and times (in microseconds).
    pub min: Option<f64>,
    /// Of numbers and times (in microseconds).
    pub max: Option<f64>,
    /// Of numbers.
    pub mean: Option<f64>,
    /// Population standard deviation, of numbers.
    pub deviation: Option<f64>,
    /// `p01` to `p99`, from a systematic sample of at most 32,768 values: exact for columns of up
    /// to that many, otherwise within about one percentile.
    pub quantiles: BTreeMap<String, f64>,
    /// Counts of equal-width bins between `min` and `max`, from the same sample.
    pub histogram: Vec<u64>,
    /// The most frequent texts or booleans; empty where there are too many to count.
    pub top_values: Vec<TopValue>,
    /// Distinct texts or booleans, where they could be counted.
    pub distinct: Option<u64>,
}

/// A value and how often it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopValue {
    /// As text.
    pub value: String,
    /// Rows.
    pub count: u64,
}

/// The fold behind [`ColumnStatistics`]; kept beside a dataset version, so that an append goes on
/// from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnFold {
    count: u64,
    nulls: u64,
    n: u64,
    min: Option<f64>,
    max: Option<f64>,
    mean: f64,
    m2: f64,
    sample: Vec<f64>,
    /// Each value of the sample stands for 2^thinned of its chunk's sampled values.
    thinned: u32,
    values: BTreeMap<String, u64>,
    is_uncountable: bool,
}

impl ColumnFold {
    /// Folds one chunk.
    pub(crate) fn of(column: &Column, rows: usize) -> Self {
        let nulls = column.null_count(rows) as u64;
        let mut fold = Self { count: rows as u64, nulls, ..Self::default() };
        let valid = (0..rows).filter(|row| column.is_valid(*row));
        match &column.values {
            Values::Int64(v) => fold.numbers(valid.map(|row| v[row] as f64)),
            Values::TimestampUs(v) => fold.numbers(valid.map(|row| v[row] as f64)),
            Values::Float64(v) => {
                fold.numbers(valid.map(|row| v[row]).filter(|value| value.is_finite()));
            }
            Values::Boolean(v) => {
                let words = ["false", "true"];
                fold.texts(valid.map(|row| words[usize::from(v[row])].as_bytes()));
            }
            Values::Utf8(v) => fold.texts(valid.map(|row| v.get(row))),
            Values::Binary(_) | Values::Vector(_) => fold.is_uncountable = true,
        }
        fold
    }

    fn numbers(&mut self, values: impl Iterator<Item = f64>) {
        let values: Vec<f64> = values.collect();
        if values.is_empty() {
            return;
        }
        self.n = values.len() as u64;
        self.min = values.iter().copied().reduce(f64::min);
        self.max = values.iter().copied().reduce(f64::max);
        // Two passes: the mean first, then squares around it, as numpy does.
        self.mean = values.iter().sum::<f64>() / values.len() as f64;
        self.m2 = values.iter().map(|value| (value - self.mean) * (value - self.mean)).sum();
        let step = values.len().div_ceil(SAMPLE_PER_CHUNK);
        self.sample = values.into_iter().step_by(step).collect();
    }

    fn texts<'a>(&mut self, values: impl Iterator<Item = &'a [u8]>) {
        let mut counts: std::collections::HashMap<&[u8], u64> = std::collections::HashMap::new();
        for value in values {
            *counts.entry(value).or_default() += 1;
            if counts.len() > DISTINCT_MAX {
                self.is_uncountable = true;
                return;
            }
        }
        let text =
            |(value, count): (&[u8], u64)| (String::from_utf8_lossy(value).into_owned(), count);
        self.values = counts.into_iter().map(text).collect();
    }

    /// Takes in the fold of the rows that follow. Source of the merged moments: Chan, Golub and
    /// LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances".
    pub(crate) fn merge(&mut self, after: &Self) {
        self.count += after.count;
        self.nulls += after.nulls;
        if after.n > 0 {
            let (n, m) = (self.n as f64, after.n as f64);
            let delta = after.mean - self.mean;
            self.mean += delta * m / (n + m);
            self.m2 += after.m2 + delta * delta * n * m / (n + m);
            self.n += after.n;
            self.min = [self.min, after.min].into_iter().flatten().reduce(f64::min);
            self.max = [self.max, after.max].into_iter().flatten().reduce(f64::max);
            let step = 1 << self.thinned.saturating_sub(after.thinned);
            self.sample.extend(after.sample.iter().copied().step_by(step));
            while self.sample.len() > SAMPLE_MAX {
                self.sample = self.sample.iter().copied().step_by(2).collect();
                self.thinned += 1;
            }
        }
        self.is_uncountable |= after.is_uncountable;
        for (value, count) in &after.values {
            *self.values.entry(value.clone()).or_default() += count;
        }
        if self.is_uncountable || self.values.len() > DISTINCT_MAX {
            self.is_uncountable = true;
            self.values.clear();
        }
    }

    /// The statistics of everything folded so far.
    pub(crate) fn finish(&self, field: &Field) -> ColumnStatistics {
        let is_number = matches!(field.kind, Kind::Int64 | Kind::Float64) && self.n > 0;
        let counts_values =
            matches!(field.kind, Kind::Utf8 | Kind::Boolean) && !self.is_uncountable;
        let mut sample = self.sample.clone();
        // Values that compare equal here have equal bits: no order among them could be told.
        sample.sort_unstable_by(f64::total_cmp);
        let quantile = |q: f64| sample[((sample.len() - 1) as f64 * q).round() as usize];
        let quantiles = QUANTILES.iter().filter(|_| !sample.is_empty());
        ColumnStatistics {
            count: self.count,
            nulls: self.nulls,
            min: self.min,
            max: self.max,
            mean: is_number.then_some(self.mean),
            deviation: is_number.then(|| (self.m2 / self.n as f64).sqrt()),
            quantiles: quantiles.map(|(name, q)| ((*name).to_owned(), quantile(*q))).collect(),
            histogram: self.histogram(&sample),
            top_values: self.top_values(),
            distinct: counts_values.then_some(self.values.len() as u64),
        }
    }

    fn histogram(&self, sample: &[f64]) -> Vec<u64> {
        let (Some(min), Some(max)) = (self.min, self.max) else { return Vec::new() };
        let width = (max - min) / HISTOGRAM_BINS as f64;
        let mut bins = vec![0; HISTOGRAM_BINS];
        for value in sample {
            let bin = if width > 0.0 { ((value - min) / width) as usize } else { 0 };
            bins[bin.min(HISTOGRAM_BINS - 1)] += 1;
        }
        bins
    }

    fn top_values(&self) -> Vec<TopValue> {
        let mut values: Vec<(&String, &u64)> = self.values.iter().collect();
        // By count, then by value: the map's own order breaks ties.
        values.sort_by(|a, b| b.1.cmp(a.1));
        let top = values.into_iter().take(TOP_VALUES);
        top.map(|(value, count)| TopValue { value: value.clone(), count: *count }).collect()
    }
}
