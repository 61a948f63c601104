//! Gates: pure rules over metrics, three-valued. No data never promotes a model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::Metric;

/// The slice value that stands for every value of a column.
pub const ANY: &str = "*";

/// What must hold of a metric. Names as in TFMA and MLflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRule {
    /// The metric's name.
    pub metric: String,
    /// Column to value; [`ANY`] means every value of that column. Empty: all rows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slice: BTreeMap<String, String>,
    /// The metric must not be below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<f64>,
    /// The metric must not be above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_bound: Option<f64>,
    /// The metric must be better than the baseline's by at least this much. Negative: it may be
    /// worse by that much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_absolute_change: Option<f64>,
    /// The same as a share of the baseline's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_relative_change: Option<f64>,
    /// Whether more is better; only changes need to know.
    #[serde(default = "yes")]
    pub greater_is_better: bool,
    /// Slices with fewer rows are inconclusive, and do not decide if `slice` says [`ANY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_rows: Option<u64>,
}

const fn yes() -> bool {
    true
}

/// Three-valued, in order of what weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that had to hold was seen to hold.
    Pass,
    /// Something could not be seen.
    Inconclusive,
    /// Something was seen not to hold.
    Fail,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        })
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// The rule.
    pub rule: GateRule,
    /// None: the rule did not apply, because there is no baseline yet.
    pub verdict: Option<Verdict>,
    /// The slice that decided, the value there, and the bound.
    pub detail: String,
}

/// Whether a baseline can be compared with.
#[derive(Debug, Clone, Copy)]
pub enum Baseline<'a> {
    /// The rule's alias names no model yet.
    None,
    /// Its metrics on the same rows.
    Metrics(&'a [Metric]),
}

/// Weighs one rule.
pub fn weigh(rule: &GateRule, metrics: &[Metric], baseline: Baseline<'_>) -> GateResult {
    let result = |verdict, detail| GateResult { rule: rule.clone(), verdict, detail };
    let changes = rule.min_absolute_change.is_some() || rule.min_relative_change.is_some();
    let bounds = rule.lower_bound.is_some() || rule.upper_bound.is_some();
    if !changes && !bounds {
        return result(Some(Verdict::Inconclusive), "the rule states no bound".to_owned());
    }
    let baseline = match baseline {
        Baseline::None if !bounds => return result(None, "there is no baseline yet".to_owned()),
        Baseline::None => None,
        Baseline::Metrics(metrics) => Some(metrics),
    };
    let wildcard = rule.slice.values().any(|value| value == ANY);
    let mut worst: Option<(Verdict, String)> = None;
    let mut n_seen = 0;
    for metric in metrics.iter().filter(|metric| applies(rule, metric)) {
        let (verdict, detail) = weigh_metric(rule, metric, baseline);
        if verdict == Verdict::Inconclusive && wildcard {
            continue;
        }
        n_seen += 1;
        if worst.as_ref().is_none_or(|(found, _)| verdict > *found) {
            worst = Some((verdict, detail));
        }
    }
    match worst {
        None => result(Some(Verdict::Inconclusive), unseen(rule, metrics)),
        Some((Verdict::Pass, _)) if n_seen > 1 => {
            result(Some(Verdict::Pass), format!("holds on all {n_seen} slices"))
        }
        Some((verdict, detail)) => result(Some(verdict), detail),
    }
}

/// Why a rule saw no metric that could decide.
fn unseen(rule: &GateRule, metrics: &[Metric]) -> String {
    let name = &rule.metric;
    if !metrics.iter().any(|metric| metric.name == *name) {
        let mut known: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        return format!("no metric is called {name}; measured were {known}");
    }
    let tags = rule.slice.iter().map(|(column, value)| format!("{column}={value}"));
    let slice = if rule.slice.is_empty() {
        "on all rows".to_owned()
    } else {
        format!("at {}", tags.collect::<Vec<_>>().join(", "))
    };
    let enough = match rule.min_rows {
        Some(rows) => format!(" on {rows} rows or more"),
        None => String::new(),
    };
    format!("{name} was not measured {slice}{enough}")
}

/// The verdict of a gate as a whole: the worst of its rules, and inconclusive if no rule applied.
pub fn overall(results: &[GateResult]) -> Verdict {
    let verdicts = results.iter().filter_map(|result| result.verdict);
    verdicts.max().unwrap_or(Verdict::Inconclusive)
}

fn applies(rule: &GateRule, metric: &Metric) -> bool {
    metric.name == rule.metric
        && metric.part.is_empty()
        && metric.slice.len() == rule.slice.len()
        && metric.slice.iter().all(|tag| {
            rule.slice.get(&tag.name).is_some_and(|value| value == ANY || *value == tag.value)
        })
}

fn weigh_metric(
    rule: &GateRule,
    metric: &Metric,
    baseline: Option<&[Metric]>,
) -> (Verdict, String) {
    let place = place(metric);
    let name = &rule.metric;
    if let Some(min_rows) = rule.min_rows.filter(|&min_rows| metric.n_rows < min_rows) {
        let detail =
            format!("{name}{place} stands on {} rows, fewer than {min_rows}", metric.n_rows);
        return (Verdict::Inconclusive, detail);
    }
    if let Some((key, _)) =
        limits(rule).into_iter().find(|(_, limit)| limit.is_some_and(f64::is_nan))
    {
        return (Verdict::Inconclusive, format!("the rule's {key} is not a number"));
    }
    let Some(value) = metric.value.filter(|value| !value.is_nan()) else {
        return (
            Verdict::Inconclusive,
            format!("{name}{place} is undefined on {} rows", metric.n_rows),
        );
    };
    if let Some(bound) = rule.lower_bound.filter(|&bound| value < bound) {
        return (Verdict::Fail, format!("{name}{place} is {value:.4}, below {bound}"));
    }
    if let Some(bound) = rule.upper_bound.filter(|&bound| value > bound) {
        return (Verdict::Fail, format!("{name}{place} is {value:.4}, above {bound}"));
    }
    weigh_change(rule, metric, value, baseline)
        .unwrap_or_else(|| (Verdict::Pass, format!("{name}{place} is {value:.4}")))
}

/// Every number that a rule states.
const fn limits(rule: &GateRule) -> [(&'static str, Option<f64>); 4] {
    [
        ("lower_bound", rule.lower_bound),
        ("upper_bound", rule.upper_bound),
        ("min_absolute_change", rule.min_absolute_change),
        ("min_relative_change", rule.min_relative_change),
    ]
}

fn weigh_change(
    rule: &GateRule,
    metric: &Metric,
    value: f64,
    baseline: Option<&[Metric]>,
) -> Option<(Verdict, String)> {
    if rule.min_absolute_change.is_none() && rule.min_relative_change.is_none() {
        return None;
    }
    let (name, place) = (&rule.metric, place(metric));
    let same = |other: &&Metric| {
        other.name == metric.name && other.slice == metric.slice && other.part.is_empty()
    };
    let found = baseline?.iter().find(same).and_then(|other| other.value);
    let Some(before) = found.filter(|before| !before.is_nan()) else {
        return Some((Verdict::Inconclusive, format!("the baseline has no {name}{place}")));
    };
    let gain = if rule.greater_is_better { value - before } else { before - value };
    let relative = rule.min_relative_change.map(|least| least * before.abs());
    if gain.is_nan() || relative.is_some_and(f64::is_nan) {
        // Infinities against each other, or against nothing.
        let detail =
            format!("{name}{place} is {value}, the baseline {before}: no gain can be told");
        return Some((Verdict::Inconclusive, detail));
    }
    let beside = format!("{name}{place} is {value:.4}, the baseline {before:.4}, gain {gain:+.4}");
    let too_little = rule.min_absolute_change.is_some_and(|least| gain < least)
        || relative.is_some_and(|least| gain < least);
    let verdict = if too_little { Verdict::Fail } else { Verdict::Pass };
    Some((verdict, beside))
}

fn place(metric: &Metric) -> String {
    if metric.slice.is_empty() {
        return String::new();
    }
    let tags: Vec<_> =
        metric.slice.iter().map(|tag| format!("{}={}", tag.name, tag.value)).collect();
    format!(" at {}", tags.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tag;

    fn metric(carrier: Option<&str>, value: Option<f64>, n_rows: u64) -> Metric {
        let slice = carrier.map(|value| Tag { name: "carrier".into(), value: value.into() });
        Metric {
            name: "roc_auc".into(),
            slice: slice.into_iter().collect(),
            part: vec![],
            value,
            n_rows,
        }
    }

    fn rule(edit: impl FnOnce(&mut GateRule)) -> GateRule {
        let mut rule: GateRule = serde_json::from_str(r#"{"metric":"roc_auc"}"#).expect("parses");
        edit(&mut rule);
        rule
    }

    fn check(rule: &GateRule, metrics: &[Metric], baseline: Baseline<'_>) -> Option<Verdict> {
        weigh(rule, metrics, baseline).verdict
    }

    #[test]
    fn absolute_bounds() {
        let rule = rule(|r| r.lower_bound = Some(0.65));
        assert_eq!(
            check(&rule, &[metric(None, Some(0.65), 9)], Baseline::None),
            Some(Verdict::Pass)
        );
        assert_eq!(
            check(&rule, &[metric(None, Some(0.649), 9)], Baseline::None),
            Some(Verdict::Fail)
        );
    }

    #[test]
    fn no_data_never_promotes() {
        let rule = rule(|r| r.lower_bound = Some(0.0));
        assert_eq!(check(&rule, &[], Baseline::None), Some(Verdict::Inconclusive));
        assert_eq!(
            check(&rule, &[metric(None, None, 0)], Baseline::None),
            Some(Verdict::Inconclusive)
        );
        assert_eq!(overall(&[]), Verdict::Inconclusive);
        assert_eq!(
            overall(&[weigh(&self::rule(|_| ()), &[metric(None, Some(1.0), 9)], Baseline::None)]),
            Verdict::Inconclusive
        );
    }

    #[test]
    fn a_change_needs_a_baseline_with_the_metric() {
        let rule = rule(|r| r.min_absolute_change = Some(-0.005));
        let now = [metric(None, Some(0.70), 9)];
        assert_eq!(check(&rule, &now, Baseline::None), None);
        assert_eq!(check(&rule, &now, Baseline::Metrics(&[])), Some(Verdict::Inconclusive));
        let better = [metric(None, Some(0.706), 9)];
        assert_eq!(check(&rule, &now, Baseline::Metrics(&better)), Some(Verdict::Fail));
        assert_eq!(check(&rule, &better, Baseline::Metrics(&now)), Some(Verdict::Pass));
    }

    #[test]
    fn a_wildcard_takes_the_worst_slice_and_skips_thin_ones() {
        let rule = rule(|r| {
            r.lower_bound = Some(0.6);
            r.min_rows = Some(5);
            r.slice.insert("carrier".into(), ANY.into());
        });
        let good = [metric(Some("AA"), Some(0.7), 9), metric(Some("OO"), Some(0.1), 2)];
        assert_eq!(check(&rule, &good, Baseline::None), Some(Verdict::Pass));
        let bad = [metric(Some("AA"), Some(0.5), 9), metric(Some("UA"), Some(0.7), 9)];
        assert_eq!(check(&rule, &bad, Baseline::None), Some(Verdict::Fail));
        assert_eq!(
            check(&rule, &[metric(Some("OO"), Some(0.9), 2)], Baseline::None),
            Some(Verdict::Inconclusive)
        );
    }
}
