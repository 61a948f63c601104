//! The value that a column is filled with.

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::serde_json::Value;
use refrain_sdk::{Kind, libm};

/// One value, of the kind of the column that it fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub enum Fill {
    /// For a float64 column.
    Float(f64),
    /// For an int64 column.
    Int(i64),
    /// For a boolean column.
    Boolean(bool),
    /// For a utf8 column.
    Text(String),
}

impl Fill {
    /// `value` for a column of `kind`, if such a column can hold it.
    pub fn of_json(value: &Value, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Float64 => value.as_f64().map(Self::Float),
            Kind::Int64 => whole(value).map(Self::Int),
            Kind::Boolean => value.as_bool().map(Self::Boolean),
            Kind::Utf8 => value.as_str().map(|text| Self::Text(text.to_owned())),
            _ => None,
        }
    }

    /// The kind of column that it fills.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Float(_) => Kind::Float64,
            Self::Int(_) => Kind::Int64,
            Self::Boolean(_) => Kind::Boolean,
            Self::Text(_) => Kind::Utf8,
        }
    }
}

/// `3`, and `3.0` too: canonical JSON does not tell them apart.
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.abs() <= EXACT && libm::trunc(number) == number).then_some(number as i64)
    })
}
