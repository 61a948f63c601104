//! What each of the host's operators is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Span;

/// Point-in-time join: for each row on the left the last row on the right at or before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsofSpec {
    /// The table that keeps all its rows.
    pub left: String,
    /// The table to look things up in.
    pub right: String,
    /// Key columns, of the same names on both sides.
    pub by: Vec<String>,
    /// The time column, of the same name on both sides unless `right_on` is given.
    pub on: String,
    /// The time column on the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_on: Option<String>,
    /// Older rows on the right do not match, such as `3h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Span>,
    /// The right's columns to add; default all that the left lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// Join by equal keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupSpec {
    /// The table that keeps all its rows.
    pub left: String,
    /// The table with one row a key.
    pub right: String,
    /// Key columns, of the same names on both sides.
    pub by: Vec<String>,
    /// The right's columns to add; default all that the left lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// Rows whose boolean column is true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterSpec {
    /// The table.
    pub input: String,
    /// The boolean column. Null is not true.
    pub by: String,
}

/// Some of the columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectSpec {
    /// The table.
    pub input: String,
    /// In the order asked for.
    pub columns: Vec<String>,
}

/// Two tables from one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitSpec {
    /// The table.
    pub input: String,
    /// `time`, or the columns whose hash decides.
    pub by: SplitBy,
    /// By time: the column; default the input's event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// By time: the first moment of the holdout, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// By time: the last so much event time, such as `14d`. By hash: a share such as `0.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Holdout>,
    /// By hash: another seed, another split.
    #[serde(default)]
    pub seed: u64,
}

/// What a split goes by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SplitBy {
    /// `time`.
    Word(String),
    /// Columns whose values make the key.
    Columns(Vec<String>),
}

/// How much goes to the holdout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Holdout {
    /// A share of the keys.
    Share(f64),
    /// A span of event time.
    Span(Span),
}

/// Rows in a range of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// The table.
    pub input: String,
    /// The column; default the input's event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Inclusive, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Exclusive, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Instead of both: the last so much event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Span>,
}

/// Appends a model's predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictSpec {
    /// The step that trains the model.
    pub model: String,
    /// The table.
    pub input: String,
}
