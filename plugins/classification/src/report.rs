//! From rows to metrics: all rows, then slice by slice.

use refrain_sdk::evaluator::{Metric, Tag};
use refrain_sdk::slices::Grouping;

use crate::losses::{Losses, Reliability, bin_of, log_loss};
use crate::params::Params;
use crate::ranking::Ranking;
use crate::rows::Rows;
use crate::threshold::{Outcomes, ratio};

/// Everything that is counted about one group of rows.
struct Group {
    outcomes: Outcomes,
    losses: Losses,
    reliability: Reliability,
    ranking: Ranking,
}

impl Group {
    fn new(n_bins: usize) -> Self {
        Self {
            outcomes: Outcomes::default(),
            losses: Losses::default(),
            reliability: Reliability::new(n_bins),
            ranking: Ranking::default(),
        }
    }

    fn n(&self) -> u64 {
        self.outcomes.n()
    }
}

/// What a row's score comes to, the same in every grouping.
struct Derived {
    log_loss: f64,
    bin: u16,
}

/// The metrics of every group: those of all rows first, and with them the parts.
pub fn report(params: &Params, rows: &Rows, groupings: &[Grouping]) -> Vec<Metric> {
    let order = rows.descending();
    let derived: Vec<Derived> = (rows.scores.iter().zip(&rows.labels))
        .map(|(&score, &label)| Derived {
            log_loss: log_loss(score, label),
            bin: bin_of(score, params.bins) as u16,
        })
        .collect();
    let mut metrics = Vec::new();
    for grouping in groupings {
        let groups = count(params, rows, &derived, &order, grouping);
        for (slice, group) in grouping.groups.iter().zip(groups) {
            if slice.is_empty() {
                let parts = parts(&group);
                metrics.extend(whole(params, slice, group));
                metrics.extend(parts);
            } else if group.n() >= params.min_slice_rows {
                metrics.extend(whole(params, slice, group));
            }
        }
    }
    metrics
}

fn count(
    params: &Params,
    rows: &Rows,
    derived: &[Derived],
    order: &[(u64, u32)],
    grouping: &Grouping,
) -> Vec<Group> {
    let mut groups: Vec<_> = grouping.groups.iter().map(|_| Group::new(params.bins)).collect();
    for (row, &code) in grouping.codes.iter().enumerate() {
        let (score, label, derived) = (rows.scores[row], rows.labels[row], &derived[row]);
        let group = &mut groups[code as usize];
        group.outcomes.push(score >= params.threshold, label);
        group.losses.push(score, label, derived.log_loss);
        group.reliability.push(usize::from(derived.bin), score, label);
    }
    for &(score_key, row) in order {
        let row = row as usize;
        groups[grouping.codes[row] as usize].ranking.push(score_key, rows.labels[row]);
    }
    groups
}

/// The metrics that are one number.
fn whole(params: &Params, slice: &[Tag], group: Group) -> Vec<Metric> {
    let n_rows = group.n();
    let mut values = group.outcomes.metrics().to_vec();
    values.extend(group.losses.metrics(&group.reliability, n_rows));
    if let Some(cost) = &params.cost {
        let total = group.outcomes.cost(cost);
        values.push(("cost", (n_rows > 0).then(|| total / n_rows as f64)));
        values.push(("cost_total", Some(total)));
    }
    values.extend(group.ranking.metrics());
    let metric = |(name, value): (&str, Option<f64>)| Metric {
        name: name.to_owned(),
        slice: slice.to_vec(),
        part: Vec::new(),
        value,
        n_rows,
    };
    values.into_iter().map(metric).collect()
}

/// The metrics with parts, of all rows: outcomes, and bins of the score.
fn parts(group: &Group) -> Vec<Metric> {
    let metric = |name: &str, part: Vec<Tag>, value, n_rows| Metric {
        name: name.to_owned(),
        slice: Vec::new(),
        part,
        value,
        n_rows,
    };
    let Outcomes { true_positive, false_positive, true_negative, false_negative } = group.outcomes;
    let outcomes = [
        ("true_positive", true_positive),
        ("false_positive", false_positive),
        ("true_negative", true_negative),
        ("false_negative", false_negative),
    ];
    let outcome = |(name, n): (&str, u64)| {
        metric("outcomes", vec![Tag::new("outcome", name)], Some(n as f64), group.n())
    };
    let mut metrics: Vec<Metric> = outcomes.into_iter().map(outcome).collect();
    for (index, bin) in group.reliability.bins().iter().enumerate() {
        let part = || vec![Tag::new("bin", index.to_string())];
        let share = ratio(bin.positive, bin.n);
        metrics.push(metric("reliability_mean_score", part(), bin.mean_score(), bin.n));
        metrics.push(metric("reliability_positive_share", part(), share, bin.n));
        metrics.push(metric("reliability_n", part(), Some(bin.n as f64), bin.n));
    }
    metrics
}
