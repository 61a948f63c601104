//! Quality expectations: what a dataset version should be like, checked against its statistics.

use std::collections::BTreeMap;

use refrain_domain::gate::Verdict;
use serde::{Deserialize, Serialize};

use crate::stats::ColumnStatistics;

/// Something that should hold of a dataset version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expectation {
    /// At most this share of a column's rows lacks a value.
    NotNull {
        /// The column.
        column: String,
        /// From 0 (none may) to 1.
        #[serde(default)]
        max_share: f64,
    },
    /// All values of a number column are in the range.
    InRange {
        /// The column.
        column: String,
        /// Inclusive.
        #[serde(default)]
        min: Option<f64>,
        /// Inclusive.
        #[serde(default)]
        max: Option<f64>,
    },
    /// All values of a text column are among these. For columns of up to 20 distinct values.
    InSet {
        /// The column.
        column: String,
        /// What may stand there.
        values: Vec<String>,
    },
    /// The number of rows is in the range.
    RowCount {
        /// Inclusive.
        #[serde(default)]
        min: Option<u64>,
        /// Inclusive.
        #[serde(default)]
        max: Option<u64>,
    },
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectationResult {
    /// The expectation.
    pub expectation: Expectation,
    /// Inconclusive where the column is not there, has no rows, or has too many values to tell.
    pub verdict: Verdict,
    /// What was seen.
    pub observed: String,
}

/// Checks one expectation.
pub(crate) fn check(
    expectation: &Expectation,
    rows: u64,
    columns: &BTreeMap<String, ColumnStatistics>,
) -> ExpectationResult {
    let (verdict, observed) = weigh(expectation, rows, columns);
    ExpectationResult { expectation: expectation.clone(), verdict, observed }
}

fn weigh(
    expectation: &Expectation,
    rows: u64,
    columns: &BTreeMap<String, ColumnStatistics>,
) -> (Verdict, String) {
    let passes = |holds: bool| if holds { Verdict::Pass } else { Verdict::Fail };
    let column = match expectation {
        Expectation::RowCount { min, max } => {
            let holds = min.is_none_or(|min| rows >= min) && max.is_none_or(|max| rows <= max);
            return (passes(holds), format!("{rows} rows"));
        }
        Expectation::NotNull { column, .. }
        | Expectation::InRange { column, .. }
        | Expectation::InSet { column, .. } => column,
    };
    let Some(statistics) = columns.get(column).filter(|found| found.count > 0) else {
        return (Verdict::Inconclusive, format!("no rows of a column `{column}`"));
    };
    match expectation {
        Expectation::NotNull { max_share, .. } => {
            let share = statistics.nulls as f64 / statistics.count as f64;
            (passes(share <= *max_share), format!("{share:.4} of the rows are null"))
        }
        Expectation::InRange { min, max, .. } => {
            let (Some(least), Some(most)) = (statistics.min, statistics.max) else {
                return (Verdict::Inconclusive, "the column holds no numbers".to_owned());
            };
            let holds = min.is_none_or(|min| least >= min) && max.is_none_or(|max| most <= max);
            (passes(holds), format!("from {least} to {most}"))
        }
        Expectation::InSet { values, .. } => {
            let top = &statistics.top_values;
            if let Some(stray) = top.iter().find(|top| !values.contains(&top.value)) {
                return (Verdict::Fail, format!("`{}` on {} rows", stray.value, stray.count));
            }
            let is_all = statistics.distinct == Some(top.len() as u64);
            let verdict = if is_all { Verdict::Pass } else { Verdict::Inconclusive };
            (verdict, format!("{} distinct values looked at", top.len()))
        }
        Expectation::RowCount { .. } => (Verdict::Inconclusive, String::new()),
    }
}
