//! Quality expectations: what a dataset version should be like, checked against its statistics.

use std::collections::BTreeMap;

use refrain_domain::gate::Verdict;
use refrain_domain::{Kind, Schema};
use serde::{Deserialize, Serialize};

use crate::stats::ColumnStatistics;
use crate::time::{format_timestamp_us, parse_timestamp_us};
use crate::unique::{Told, Uniqueness};

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
    /// No two rows have the same values in these columns; rows with a null among them count as
    /// different. Inconclusive beyond a million rows without a match.
    Unique {
        /// The columns, together the key.
        columns: Vec<String>,
    },
    /// The latest moment of a time column is not older than this.
    Freshness {
        /// The column.
        column: String,
        /// Seen from when, such as `2013-12-31T00:00:00Z`: nothing here reads a clock.
        #[serde(deserialize_with = "moment")]
        as_of: String,
        /// In seconds.
        max_age_s: u64,
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

fn moment<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if parse_timestamp_us(&text).is_some() {
        return Ok(text);
    }
    Err(serde::de::Error::custom(format!("`{text}` is no moment: write 2013-12-31T00:00:00Z")))
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

/// What an expectation is held against.
pub(crate) struct Observed<'a> {
    pub(crate) rows: u64,
    pub(crate) schema: &'a Schema,
    pub(crate) statistics: &'a BTreeMap<String, ColumnStatistics>,
    pub(crate) unique: &'a [Uniqueness],
}

/// Checks one expectation.
pub(crate) fn check(expectation: &Expectation, observed: &Observed<'_>) -> ExpectationResult {
    let (verdict, observed) = weigh(expectation, observed);
    ExpectationResult { expectation: expectation.clone(), verdict, observed }
}

const fn passes(holds: bool) -> Verdict {
    if holds { Verdict::Pass } else { Verdict::Fail }
}

fn weigh(expectation: &Expectation, observed: &Observed<'_>) -> (Verdict, String) {
    let rows = observed.rows;
    let of = |column: &String| {
        let found = observed.statistics.get(column).filter(|found| found.count > 0);
        found.ok_or_else(|| (Verdict::Inconclusive, format!("no rows of a column `{column}`")))
    };
    let weighed = match expectation {
        Expectation::RowCount { min, max } => {
            let holds = min.is_none_or(|min| rows >= min) && max.is_none_or(|max| rows <= max);
            Ok((passes(holds), format!("{rows} rows")))
        }
        Expectation::Unique { columns } => Ok(uniqueness(columns, observed)),
        Expectation::NotNull { column, max_share } => of(column).map(|statistics| {
            let share = statistics.nulls as f64 / statistics.count as f64;
            (passes(share <= *max_share), format!("{share:.4} of the rows are null"))
        }),
        Expectation::InRange { column, min, max } => {
            of(column).map(|statistics| range(statistics, *min, *max))
        }
        Expectation::InSet { column, values } => of(column).map(|found| set(found, values)),
        Expectation::Freshness { column, as_of, max_age_s } => of(column).map(|statistics| {
            let kind = observed.schema.field(column).map(|field| field.kind);
            freshness(statistics, kind, as_of, *max_age_s)
        }),
    };
    weighed.unwrap_or_else(|inconclusive| inconclusive)
}

fn uniqueness(columns: &[String], observed: &Observed<'_>) -> (Verdict, String) {
    let Some(found) = observed.unique.iter().find(|found| found.columns() == columns) else {
        return (Verdict::Inconclusive, "nobody looked".to_owned());
    };
    match found.tell(observed.schema) {
        Told::Unique(keys) => (Verdict::Pass, format!("{keys} keys, none of them twice")),
        Told::Twice(which) => (Verdict::Fail, which),
        Told::Unknown(why) => (Verdict::Inconclusive, why),
    }
}

fn range(statistics: &ColumnStatistics, min: Option<f64>, max: Option<f64>) -> (Verdict, String) {
    let (Some(least), Some(most)) = (statistics.min, statistics.max) else {
        return (Verdict::Inconclusive, "the column holds no numbers".to_owned());
    };
    let holds = min.is_none_or(|min| least >= min) && max.is_none_or(|max| most <= max);
    (passes(holds), format!("from {least} to {most}"))
}

fn set(statistics: &ColumnStatistics, values: &[String]) -> (Verdict, String) {
    let top = &statistics.top_values;
    if let Some(stray) = top.iter().find(|top| !values.contains(&top.value)) {
        return (Verdict::Fail, format!("`{}` on {} rows", stray.value, stray.count));
    }
    let is_all = statistics.distinct == Some(top.len() as u64);
    let verdict = if is_all { Verdict::Pass } else { Verdict::Inconclusive };
    (verdict, format!("{} distinct values looked at", top.len()))
}

fn freshness(
    statistics: &ColumnStatistics,
    kind: Option<Kind>,
    as_of: &str,
    max_age_s: u64,
) -> (Verdict, String) {
    let latest = statistics.max.filter(|_| kind == Some(Kind::TimestampUs));
    let (Some(latest), Some(as_of_us)) = (latest, parse_timestamp_us(as_of)) else {
        return (Verdict::Inconclusive, "the column holds no moments".to_owned());
    };
    // Statistics hold moments as float64: exact to the microsecond up to the year 2255.
    let latest_us = latest as i64;
    let age_us = i128::from(as_of_us) - i128::from(latest_us);
    let holds = age_us <= i128::from(max_age_s) * 1_000_000;
    let age_s = age_us.div_euclid(1_000_000);
    (passes(holds), format!("the latest is {}, {age_s} s before", format_timestamp_us(latest_us)))
}
