//! The fit: which categories there are, and how many rows each has.

use std::collections::BTreeMap;

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Fold, Kind, Result, Schema, state};

use crate::category::Category;
use crate::encoding::Encoding;
use crate::params::{HandleNull, Params};

/// Different values of a column at most: beyond, it holds no categories.
pub const CATEGORIES_MAX: usize = 65_536;

/// What was seen of one column. Nothing, where its categories are given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Learned {
    /// Rows of each category, categories ascending.
    pub counts: Vec<(Category, u64)>,
    /// Rows without a value.
    pub n_nulls: u64,
}

/// What the rows so far say of each column.
pub struct Fit {
    params: Params,
    input: Schema,
    columns: Vec<Seen>,
}

#[derive(Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Seen {
    values: Values,
    n_nulls: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
enum Values {
    /// The categories are given.
    Ignored,
    /// How often `false`, and how often `true`.
    Booleans([u64; 2]),
    Ints(BTreeMap<i64, u64>),
    Texts(BTreeMap<String, u64>),
}

impl Fit {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for columns that hold no categories.
    pub fn start(params: &Params, input: &Schema) -> Result<Self> {
        let seen = |field: &refrain_sdk::Field| {
            let values = match field.kind {
                _ if params.is_given(&field.name) => Values::Ignored,
                Kind::Boolean => Values::Booleans([0; 2]),
                Kind::Int64 => Values::Ints(BTreeMap::new()),
                _ => Values::Texts(BTreeMap::new()),
            };
            Seen { values, n_nulls: 0 }
        };
        params.check(input)?;
        let columns = input.fields.iter().map(seen).collect();
        Ok(Self { params: params.clone(), input: input.clone(), columns })
    }

    fn check(&self) -> Result<()> {
        for (seen, field) in self.columns.iter().zip(&self.input.fields) {
            let n_categories = match &seen.values {
                Values::Ints(counts) => counts.len(),
                Values::Texts(counts) => counts.len(),
                Values::Ignored | Values::Booleans(_) => 0,
            };
            if n_categories > CATEGORIES_MAX {
                return Err(Error::input(format!(
                    "column `{}` has more than {CATEGORIES_MAX} different values, too many for \
                     categories: leave it out of `columns`, or hash it to buckets first",
                    field.name
                )));
            }
            let is_refused = self.params.handle_null == HandleNull::Error;
            if is_refused && seen.n_nulls > 0 && !matches!(seen.values, Values::Ignored) {
                return Err(refuse_null(&field.name, "in some row"));
            }
        }
        Ok(())
    }
}

/// What a null is answered with where none may be.
pub fn refuse_null(column: &str, place: &str) -> Error {
    Error::input(format!(
        "column `{column}` has no value {place}: set `handle_null` to `category` or `ignore`, or \
         fill it with impute first"
    ))
}

impl Fold for Fit {
    type Output = Vec<u8>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        rows.check(&self.input)?;
        for (seen, column) in self.columns.iter_mut().zip(&rows.columns) {
            seen.n_nulls += column.null_count(rows.n_rows()) as u64;
            seen.values.update(column)?;
        }
        self.check()
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&self.columns)
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let saved: Vec<Seen> = state::decode(saved)?;
        for (seen, saved) in self.columns.iter_mut().zip(saved) {
            seen.n_nulls += saved.n_nulls;
            seen.values.merge(saved.values)?;
        }
        self.check()
    }

    fn finish(self) -> Result<Vec<u8>> {
        let learned: Vec<Learned> = self.columns.into_iter().map(Seen::learned).collect();
        for (learned, field) in learned.iter().zip(&self.input.fields) {
            if !self.params.is_given(&field.name) {
                Encoding::learned(learned, &self.params.rules())
                    .check_width(&field.name, self.params.width_of(field)?)?;
            }
        }
        state::encode(&learned)
    }
}

impl Values {
    fn update(&mut self, column: &Column) -> Result<()> {
        match self {
            Self::Ignored => {}
            Self::Booleans(counts) => {
                column.bools()?.flatten().for_each(|value| counts[usize::from(value)] += 1);
            }
            Self::Ints(counts) => {
                column.i64s()?.flatten().for_each(|int| *counts.entry(int).or_default() += 1);
            }
            Self::Texts(counts) => {
                for text in column.strs()?.flatten() {
                    // Looked up first: nearly always it is known, and needs no copy.
                    match counts.get_mut(text) {
                        Some(count) => *count += 1,
                        None => drop(counts.insert(text.to_owned(), 1)),
                    }
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, saved: Self) -> Result<()> {
        match (self, saved) {
            (Self::Ignored, Self::Ignored) => {}
            (Self::Booleans(here), Self::Booleans(there)) => {
                here.iter_mut().zip(there).for_each(|(here, there)| *here += there);
            }
            (Self::Ints(here), Self::Ints(there)) => add(here, there),
            (Self::Texts(here), Self::Texts(there)) => add(here, there),
            _ => {
                return Err(Error::failed(
                    "what is to be merged was saved by a fit with other parameters",
                ));
            }
        }
        Ok(())
    }
}

fn add<K: Ord>(here: &mut BTreeMap<K, u64>, there: BTreeMap<K, u64>) {
    for (key, count) in there {
        *here.entry(key).or_default() += count;
    }
}

impl Seen {
    fn learned(self) -> Learned {
        let counts = match self.values {
            Values::Ignored => Vec::new(),
            Values::Booleans(counts) => [false, true]
                .into_iter()
                .zip(counts)
                .filter(|(_, count)| *count > 0)
                .map(|(value, count)| (Category::Boolean(value), count))
                .collect(),
            Values::Ints(counts) => {
                counts.into_iter().map(|(int, count)| (Category::Int(int), count)).collect()
            }
            Values::Texts(counts) => {
                counts.into_iter().map(|(text, count)| (Category::Text(text), count)).collect()
            }
        };
        Learned { counts, n_nulls: self.n_nulls }
    }
}
