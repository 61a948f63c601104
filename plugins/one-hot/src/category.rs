//! A category: a value of a text, int64 or boolean column.

use std::fmt;

use refrain_sdk::Kind;
use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::serde_json::Value;

/// One value. Those of a column are all of one case, and sort as scikit-learn sorts them: text by
/// code points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub enum Category {
    /// Of a boolean column.
    Boolean(bool),
    /// Of an int64 column.
    Int(i64),
    /// Of a utf8 column.
    Text(String),
}

impl Category {
    /// `value` as a column of `kind` holds it.
    pub fn of_json(value: &Value, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Boolean => value.as_bool().map(Self::Boolean),
            Kind::Int64 => value.as_i64().map(Self::Int),
            Kind::Utf8 => value.as_str().map(|text| Self::Text(text.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}
