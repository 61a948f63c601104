//! The parameters, with scikit-learn's names and defaults.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::serde_json::Value;
use refrain_sdk::{Error, Kind, Result, Schema};

use crate::fill::Fill;

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// The columns to fill; absent: every float64 and int64 column that may lack a value.
    pub columns: Option<Vec<String>>,
    /// What to fill them with.
    #[serde(default)]
    pub strategy: Strategy,
    /// What `constant` fills in, and the other strategies where a column has no value at all.
    pub fill_value: Option<Value>,
    /// Whether to add a boolean column `<name>_missing` for each column filled.
    #[serde(default)]
    pub add_indicator: bool,
}

/// What is filled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Strategy {
    /// The mean of the values.
    #[default]
    Mean,
    /// The value in the middle, or half way between the two in the middle.
    Median,
    /// The commonest value; of equally common ones the least.
    MostFrequent,
    /// `fill_value`.
    Constant,
}

impl Strategy {
    /// The name in pipelines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
            Self::MostFrequent => "most_frequent",
            Self::Constant => "constant",
        }
    }

    /// The kinds of column that it fills.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Mean | Self::Median => &[Kind::Float64, Kind::Int64],
            _ => &[Kind::Float64, Kind::Int64, Kind::Boolean, Kind::Utf8],
        }
    }

    /// What becomes of a column of `kind`: a mean of integers need not be one.
    pub fn gives(self, kind: Kind) -> Kind {
        match self {
            Self::Mean | Self::Median => Kind::Float64,
            _ => kind,
        }
    }
}

impl Params {
    /// Where the columns to fill stand, in schema order.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a column that is not there or of another kind, or for none.
    pub fn reads(&self, input: &Schema) -> Result<Vec<u32>> {
        let Some(columns) = &self.columns else {
            let is_due = |index: &u32| {
                let field = &input.fields[*index as usize];
                field.nullable && [Kind::Float64, Kind::Int64].contains(&field.kind)
            };
            return Ok((0..input.len() as u32).filter(is_due).collect());
        };
        if columns.is_empty() {
            return Err(Error::params("parameter `columns` is empty: name the columns to fill"));
        }
        let context = || format!("parameter `columns`, strategy `{}`", self.strategy.name());
        input
            .indices_of_kind(columns, self.strategy.kinds())
            .map_err(|error| error.context(context()))
    }

    /// `fill_value` as each of the columns `read` would hold it; nothing where there is none.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] if a column cannot hold it, or if `constant` lacks it.
    pub fn constants(&self, read: &Schema) -> Result<Vec<Option<Fill>>> {
        let Some(value) = &self.fill_value else {
            if self.strategy == Strategy::Constant {
                return Err(Error::params(
                    "parameter `fill_value` is missing: strategy `constant` fills it in",
                ));
            }
            return Ok(vec![None; read.len()]);
        };
        let constant = |field: &refrain_sdk::Field| {
            let kind = self.strategy.gives(field.kind);
            Fill::of_json(value, kind).map(Some).ok_or_else(|| {
                Error::params(format!(
                    "parameter `fill_value`: column `{}` will be {}, and cannot hold {value}",
                    field.name,
                    kind.name()
                ))
            })
        };
        read.fields.iter().map(constant).collect()
    }
}
