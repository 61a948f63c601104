//! From rows to metrics: all rows, then slice by slice.

use refrain_sdk::evaluator::{Metric, Tag};
use refrain_sdk::kernels::{Moments, min_max, sum_by, sum_by2};
use refrain_sdk::libm;
use refrain_sdk::slices::Grouping;

use crate::{Params, Rows};

/// The metrics of every group: those of all rows first, and with them the parts.
pub fn report(params: &Params, rows: &Rows, groupings: &[Grouping]) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for grouping in groupings {
        for (slice, group) in grouping.groups.iter().zip(groups(rows, grouping)) {
            let is_all = slice.is_empty();
            if is_all || group.labels.len() >= params.min_slice_rows {
                metrics.extend(group.metrics(params, slice));
            }
            if is_all && params.alphas.len() > 1 {
                metrics.extend(params.alphas.iter().map(|alpha| {
                    let part = vec![Tag::new("alpha", alpha.to_string())];
                    group.metric("mean_pinball_loss", slice, part, group.pinball(*alpha))
                }));
            }
        }
    }
    metrics
}

/// The rows of one group in their order.
#[derive(Debug, Clone, Default)]
struct Group {
    labels: Vec<f64>,
    /// Prediction less label.
    errors: Vec<f64>,
}

fn groups(rows: &Rows, grouping: &Grouping) -> Vec<Group> {
    let mut groups = vec![Group::default(); grouping.groups.len()];
    let all = rows.labels.iter().zip(&rows.predictions).zip(&grouping.codes);
    for ((label, prediction), code) in all {
        let group = &mut groups[*code as usize];
        group.labels.push(*label);
        group.errors.push(prediction - label);
    }
    groups
}

impl Group {
    fn metrics(&self, params: &Params, slice: &[Tag]) -> Vec<Metric> {
        let squared = self.mean(|error| error * error);
        let mut values = vec![
            ("mean_absolute_error", self.mean(f64::abs)),
            ("mean_squared_error", squared),
            ("root_mean_squared_error", squared.map(libm::sqrt)),
            ("r2_score", self.r2()),
            ("mean_absolute_percentage_error", self.percentage_error()),
            ("median_absolute_error", self.median_absolute_error()),
            ("max_error", self.errors.iter().map(|error| error.abs()).reduce(f64::max)),
            ("mean_error", self.mean(|error| error)),
        ];
        if !params.alphas.is_empty() {
            let losses: Option<Vec<f64>> =
                params.alphas.iter().map(|alpha| self.pinball(*alpha)).collect();
            let mean = losses.map(|losses| losses.iter().sum::<f64>() / losses.len() as f64);
            values.push(("mean_pinball_loss", mean));
        }
        let metric = |(name, value)| self.metric(name, slice, Vec::new(), value);
        values.into_iter().map(metric).collect()
    }

    fn metric(&self, name: &str, slice: &[Tag], part: Vec<Tag>, value: Option<f64>) -> Metric {
        let n_rows = self.labels.len() as u64;
        Metric { name: name.to_owned(), slice: slice.to_vec(), part, value, n_rows }
    }

    /// None for no rows.
    fn mean(&self, of: impl Fn(f64) -> f64) -> Option<f64> {
        let n = self.errors.len();
        (n > 0).then(|| sum_by(&self.errors, of) / n as f64)
    }

    /// None for labels that do not vary.
    fn r2(&self) -> Option<f64> {
        let (least, most) = min_max(&self.labels)?;
        if least == most {
            return None;
        }
        let residual = sum_by(&self.errors, |error| error * error);
        Some(1.0 - residual / Moments::of(&self.labels).m2)
    }

    /// None for a label of 0, of which nothing is a share.
    fn percentage_error(&self) -> Option<f64> {
        if self.labels.is_empty() || self.labels.contains(&0.0) {
            return None;
        }
        let sum = sum_by2(&self.errors, &self.labels, |error, label| (error / label).abs());
        Some(sum / self.labels.len() as f64)
    }

    fn median_absolute_error(&self) -> Option<f64> {
        let mut errors: Vec<f64> = self.errors.iter().map(|error| error.abs()).collect();
        if errors.is_empty() {
            return None;
        }
        let (n, middle) = (errors.len(), errors.len() / 2);
        let (below, upper, _) = errors.select_nth_unstable_by(middle, f64::total_cmp);
        if n % 2 == 1 {
            return Some(*upper);
        }
        let lower = below.iter().copied().fold(0.0, f64::max);
        Some((lower + *upper) / 2.0)
    }

    /// Too low a prediction costs alpha of the distance, too high a one the rest.
    fn pinball(&self, alpha: f64) -> Option<f64> {
        self.mean(|error| if error < 0.0 { -alpha * error } else { (1.0 - alpha) * error })
    }
}
