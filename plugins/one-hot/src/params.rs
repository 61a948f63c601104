//! The parameters, with scikit-learn's names where it has one.

use std::collections::BTreeMap;

use refrain_sdk::serde::Deserialize;
use refrain_sdk::serde_json::Value;
use refrain_sdk::{Error, Field, Kind, Result, Schema};

use crate::category::Category;
use crate::encoding::Rules;

/// The most numbers in a group: beyond, a hash or an embedding serves better.
const WIDTH_MAX: u32 = 4096;

/// What a category may be.
const KINDS: &[Kind] = &[Kind::Utf8, Kind::Int64, Kind::Boolean];

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// The columns to encode.
    pub columns: Vec<String>,
    /// Places in a vector: of every column, or by column.
    #[serde(default)]
    pub width: Width,
    /// The categories by column, where they are known; those of other columns are learned.
    #[serde(default)]
    pub categories: BTreeMap<String, Vec<Value>>,
    /// What becomes of a category that the fit did not see.
    #[serde(default)]
    pub handle_unknown: HandleUnknown,
    /// What becomes of a null.
    #[serde(default)]
    pub handle_null: HandleNull,
    /// Which category gets no place.
    #[serde(default)]
    pub drop: Drop,
    /// Rarer categories share a place.
    pub min_frequency: Option<MinFrequency>,
    /// The most places, the shared one included.
    pub max_categories: Option<u32>,
    /// Whether the columns encoded stay, too.
    #[serde(default = "yes")]
    pub keep_original: bool,
    /// The shape of what is computed.
    #[serde(default)]
    pub output: Output,
}

/// See [`Params::width`].
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", untagged)]
pub enum Width {
    /// Of every column.
    All(u32),
    /// By column.
    Each(BTreeMap<String, u32>),
}

impl Default for Width {
    fn default() -> Self {
        Self::All(32)
    }
}

/// See [`Params::handle_unknown`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum HandleUnknown {
    /// It is refused.
    #[default]
    Error,
    /// It is all zeros.
    Ignore,
    /// It counts as infrequent; where nothing is infrequent, it is all zeros.
    InfrequentIfExist,
}

/// See [`Params::handle_null`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum HandleNull {
    /// It is refused.
    #[default]
    Error,
    /// It is a category of its own, the last one.
    Category,
    /// It is all zeros.
    Ignore,
}

/// See [`Params::drop`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Drop {
    /// None.
    #[default]
    None,
    /// The first of each column.
    First,
    /// The first of each column that has two.
    IfBinary,
}

/// See [`Params::min_frequency`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", untagged)]
pub enum MinFrequency {
    /// The least number of rows.
    Rows(u64),
    /// The least share of the rows.
    Share(f64),
}

/// See [`Params::output`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Output {
    /// One vector column, `<column>_onehot`.
    #[default]
    Vector,
    /// A boolean column a category, `<column>_<category>`.
    Columns,
}

fn yes() -> bool {
    true
}

impl Params {
    /// Where the columns to encode stand, all parameters being right for `input`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] that names the parameter.
    pub fn check(&self, input: &Schema) -> Result<Vec<u32>> {
        if self.columns.is_empty() {
            return Err(Error::params("parameter `columns` is empty: name the columns to encode"));
        }
        let reads = input
            .indices_of_kind(&self.columns, KINDS)
            .map_err(|error| error.context("parameter `columns`"))?;
        let widths = match &self.width {
            Width::All(_) => None,
            Width::Each(widths) => Some(widths.keys()),
        };
        for name in self.categories.keys().chain(widths.into_iter().flatten()) {
            if !self.columns.contains(name) {
                return Err(Error::params(format!(
                    "`{name}` has categories or a width, and is none of `columns`: add it there"
                )));
            }
        }
        for &index in &reads {
            let field = &input.fields[index as usize];
            self.given(field)?;
            self.width_of(field)?;
        }
        self.check_frequencies()?;
        Ok(reads)
    }

    fn check_frequencies(&self) -> Result<()> {
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        match self.min_frequency {
            Some(MinFrequency::Rows(0)) => {
                return Err(Error::params("parameter `min_frequency` must be at least 1 row"));
            }
            Some(MinFrequency::Share(share)) if !is_share(share) => {
                return Err(Error::params(format!(
                    "parameter `min_frequency` must be a number of rows, or a share between 0 and \
                     1, not {share}"
                )));
            }
            _ => {}
        }
        if self.max_categories == Some(0) {
            return Err(Error::params("parameter `max_categories` must be at least 1"));
        }
        let has_rule = self.min_frequency.is_some() || self.max_categories.is_some();
        if has_rule && self.columns.iter().all(|column| self.is_given(column)) {
            return Err(Error::params(
                "`min_frequency` and `max_categories` are for categories that are learned, and all \
                 are given in `categories`",
            ));
        }
        if self.output == Output::Columns
            && let Some(column) = self.columns.iter().find(|column| !self.is_given(column))
        {
            return Err(Error::params(format!(
                "parameter `output`: columns can be named only after categories known beforehand: \
                 list those of `{column}` in `categories`, or use `vector`"
            )));
        }
        Ok(())
    }

    /// Whether the categories of a column are in the parameters.
    pub fn is_given(&self, column: &str) -> bool {
        self.categories.contains_key(column)
    }

    /// The categories of a column in the order given, and null after them where it is one.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a category that the column cannot hold, or holds twice.
    pub fn given(&self, field: &Field) -> Result<Option<Vec<Option<Category>>>> {
        let Some(values) = self.categories.get(&field.name) else { return Ok(None) };
        let context =
            |text: String| Error::params(format!("parameter `categories.{}`: {text}", field.name));
        let mut categories = Vec::with_capacity(values.len() + 1);
        for value in values {
            let category = Category::of_json(value, field.kind).ok_or_else(|| {
                context(format!("the column is {}, and cannot hold {value}", field.kind.name()))
            })?;
            if categories.contains(&Some(category.clone())) {
                return Err(context(format!("{value} is named twice")));
            }
            categories.push(Some(category));
        }
        if categories.is_empty() {
            return Err(context("there is none: leave it out to learn them".to_owned()));
        }
        if self.handle_null == HandleNull::Category {
            categories.push(None);
        }
        Ok(Some(categories))
    }

    /// The places in the vector of a column.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a width out of range, or none for this column.
    pub fn width_of(&self, field: &Field) -> Result<u32> {
        let name = &field.name;
        let (width, parameter) = match &self.width {
            _ if self.is_given(name) => {
                let categories = self.given(field)?.unwrap_or_default();
                let encoding = crate::Encoding::given(&categories, &self.rules())?;
                (encoding.width(), format!("categories.{name}"))
            }
            Width::All(width) => (*width, "width".to_owned()),
            Width::Each(widths) => {
                let width = widths.get(name).ok_or_else(|| {
                    Error::params(format!(
                        "parameter `width` has none for `{name}`: the fit says how much is needed"
                    ))
                })?;
                (*width, format!("width.{name}"))
            }
        };
        if (1..=WIDTH_MAX).contains(&width) {
            return Ok(width);
        }
        Err(Error::params(format!(
            "parameter `{parameter}` makes a vector of {width} numbers, and 1 to {WIDTH_MAX} are due"
        )))
    }

    /// What decides about places.
    pub fn rules(&self) -> Rules {
        Rules {
            drop: self.drop,
            min_frequency: self.min_frequency,
            max_categories: self.max_categories,
            handle_unknown: self.handle_unknown,
            handle_null: self.handle_null,
        }
    }
}
