//! The fit: what each column will be filled with.

use std::collections::BTreeMap;

use refrain_sdk::kernels::Moments;
use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Fold, Kind, Result, Schema, Values, state};

use crate::counts::{Counts, Saved, f64_of_key, i64_of_key, key_of_f64, key_of_i64};
use crate::fill::Fill;
use crate::params::Strategy;

/// Beyond so many different values the median is found among values of fewer bits.
pub const MEDIAN_KEYS_MAX: usize = 65_536;

/// Beyond so many different values the most frequent one says little, and costs too much.
pub const VALUES_MAX: usize = 1_000_000;

/// What the rows so far say of each column.
pub struct Fit {
    columns: Vec<Learning>,
}

struct Learning {
    name: String,
    /// For a column without a value.
    otherwise: Option<Fill>,
    seen: Seen,
}

enum Seen {
    Mean(Moments),
    Median(Counts),
    Floats(Counts),
    Ints(Counts),
    /// How often `false`, and how often `true`.
    Booleans([u64; 2]),
    Texts(BTreeMap<String, u64>),
}

/// [`Seen`] as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
enum SavedSeen {
    Mean(Moments),
    Median(Saved),
    Floats(Saved),
    Ints(Saved),
    Booleans([u64; 2]),
    Texts(BTreeMap<String, u64>),
}

impl Fit {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// [`Error::Failed`] for a strategy that learns nothing.
    pub fn start(strategy: Strategy, otherwise: Vec<Option<Fill>>, input: &Schema) -> Result<Self> {
        let learn = |(field, otherwise): (&refrain_sdk::Field, Option<Fill>)| {
            let seen = Seen::nothing(strategy, field.kind)?;
            Ok(Learning { name: field.name.clone(), otherwise, seen })
        };
        Ok(Self { columns: input.fields.iter().zip(otherwise).map(learn).collect::<Result<_>>()? })
    }
}

impl Fold for Fit {
    type Output = Vec<u8>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        for (learning, column) in self.columns.iter_mut().zip(&rows.columns) {
            learning.seen.update(column).map_err(|error| error.context(learning.what()))?;
        }
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        let saved: Vec<SavedSeen> =
            self.columns.iter().map(|learning| learning.seen.save()).collect();
        state::encode(&saved)
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let saved: Vec<SavedSeen> = state::decode(saved)?;
        for (learning, saved) in self.columns.iter_mut().zip(saved) {
            learning.seen.merge(saved).map_err(|error| error.context(learning.what()))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        let fills: Vec<Fill> =
            self.columns.into_iter().map(Learning::finish).collect::<Result<_>>()?;
        state::encode(&fills)
    }
}

impl Learning {
    fn what(&self) -> String {
        format!("column `{}`", self.name)
    }

    fn finish(self) -> Result<Fill> {
        self.seen.fill().or(self.otherwise).ok_or_else(|| {
            Error::input(format!(
                "column `{}` has no value in any row: leave it out of `columns`, or set `fill_value` \
                 to what such a column is filled with",
                self.name
            ))
        })
    }
}

impl Seen {
    fn nothing(strategy: Strategy, kind: Kind) -> Result<Self> {
        match (strategy, kind) {
            (Strategy::Mean, _) => Ok(Self::Mean(Moments::default())),
            (Strategy::Median, _) => Ok(Self::Median(Counts::default())),
            (Strategy::MostFrequent, Kind::Float64) => Ok(Self::Floats(Counts::default())),
            (Strategy::MostFrequent, Kind::Int64) => Ok(Self::Ints(Counts::default())),
            (Strategy::MostFrequent, Kind::Boolean) => Ok(Self::Booleans([0; 2])),
            (Strategy::MostFrequent, _) => Ok(Self::Texts(BTreeMap::new())),
            (Strategy::Constant, _) => Err(Error::failed("strategy `constant` needs no fit")),
        }
    }

    fn update(&mut self, column: &Column) -> Result<()> {
        match self {
            Self::Mean(moments) => *moments = moments.merge(moments_of(column)?),
            Self::Median(counts) => counts.add(float_keys(column)?),
            Self::Floats(counts) => counts.add(float_keys(column)?),
            Self::Ints(counts) => {
                counts.add(column.i64s()?.flatten().map(key_of_i64).collect());
            }
            Self::Booleans(counts) => {
                column.bools()?.flatten().for_each(|value| counts[usize::from(value)] += 1);
            }
            Self::Texts(counts) => {
                for text in column.strs()?.flatten() {
                    // Looked up first: most texts are known, and need no copy.
                    match counts.get_mut(text) {
                        Some(count) => *count += 1,
                        None => drop(counts.insert(text.to_owned(), 1)),
                    }
                }
            }
        }
        self.limit()
    }

    fn merge(&mut self, saved: SavedSeen) -> Result<()> {
        match (&mut *self, saved) {
            (Self::Mean(here), SavedSeen::Mean(there)) => *here = here.merge(there),
            (Self::Median(here), SavedSeen::Median(there))
            | (Self::Floats(here), SavedSeen::Floats(there))
            | (Self::Ints(here), SavedSeen::Ints(there)) => {
                here.merge(there.restore().ok_or_else(other_fit)?);
            }
            (Self::Booleans(here), SavedSeen::Booleans(there)) => {
                here.iter_mut().zip(there).for_each(|(here, there)| *here += there);
            }
            (Self::Texts(here), SavedSeen::Texts(there)) => {
                for (text, count) in there {
                    *here.entry(text).or_default() += count;
                }
            }
            _ => return Err(other_fit()),
        }
        self.limit()
    }

    /// Keeps what is held small, or gives up.
    fn limit(&mut self) -> Result<()> {
        let n_values = match self {
            Self::Median(counts) => {
                counts.shrink(MEDIAN_KEYS_MAX);
                return Ok(());
            }
            Self::Floats(counts) | Self::Ints(counts) => counts.len(),
            Self::Texts(counts) => counts.len(),
            Self::Mean(_) | Self::Booleans(_) => return Ok(()),
        };
        if n_values <= VALUES_MAX {
            return Ok(());
        }
        Err(Error::input(format!(
            "more than {VALUES_MAX} different values: the most frequent one says little; use \
             strategy `median` or `constant`"
        )))
    }

    fn save(&self) -> SavedSeen {
        match self {
            Self::Mean(moments) => SavedSeen::Mean(*moments),
            Self::Median(counts) => SavedSeen::Median(counts.save()),
            Self::Floats(counts) => SavedSeen::Floats(counts.save()),
            Self::Ints(counts) => SavedSeen::Ints(counts.save()),
            Self::Booleans(counts) => SavedSeen::Booleans(*counts),
            Self::Texts(counts) => SavedSeen::Texts(counts.clone()),
        }
    }

    /// What was learned; nothing if there was no value.
    fn fill(&self) -> Option<Fill> {
        match self {
            Self::Mean(moments) => (moments.n > 0).then_some(Fill::Float(moments.mean)),
            Self::Median(counts) => {
                let (low, high) = counts.middle()?;
                Some(Fill::Float(half_way(f64_of_key(low), f64_of_key(high))))
            }
            Self::Floats(counts) => counts.commonest().map(f64_of_key).map(Fill::Float),
            Self::Ints(counts) => counts.commonest().map(i64_of_key).map(Fill::Int),
            Self::Booleans([0, 0]) => None,
            Self::Booleans([n_false, n_true]) => Some(Fill::Boolean(n_true > n_false)),
            Self::Texts(counts) => {
                // The last maximum in reverse order is the first in order: the least text.
                let commonest = counts.iter().rev().max_by_key(|(_, count)| **count);
                commonest.map(|(text, _)| Fill::Text(text.clone()))
            }
        }
    }
}

fn other_fit() -> Error {
    Error::failed("what is to be merged was saved by a fit with other parameters")
}

/// All numbers of a column, without nulls and NaN.
fn values_of(column: &Column) -> Result<Vec<f64>> {
    let mut numbers = column.valid_numbers()?.into_owned();
    if let Values::Float64(_) = column.values {
        numbers.retain(|number| !number.is_nan());
    }
    Ok(numbers)
}

fn float_keys(column: &Column) -> Result<Vec<u64>> {
    Ok(values_of(column)?.into_iter().map(key_of_f64).collect())
}

fn moments_of(column: &Column) -> Result<Moments> {
    let numbers = values_of(column)?;
    if numbers.iter().any(|number| number.is_infinite()) {
        return Err(Error::input(
            "an infinity has no mean: use strategy `median`, or make it null first",
        ));
    }
    Ok(Moments::of(&numbers))
}

/// As numpy's median, but for sums that do not fit.
fn half_way(low: f64, high: f64) -> f64 {
    let sum = low + high;
    if low == high {
        low
    } else if sum.is_finite() {
        sum / 2.0
    } else {
        low / 2.0 + high / 2.0
    }
}
