//! Slices: the rows that a metric is computed on, by the values of columns.
//!
//! An evaluator that keeps its rows gives each row to [`Slices::update`] as well, and asks for
//! [`Slices::groupings`] at its end: one for all rows, then one for each entry of `slices`.
//!
//! Invariant: the groupings depend on the rows in their order, never on how they were parted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evaluator::Tag;
use crate::{Batch, Error, Result, Schema};
use key::{Key, Value};

mod by;
mod key;

pub use by::{Period, SliceBy, SliceKey};

/// What a row without a value is called.
pub const NULL: &str = "(null)";

/// The most columns of one combination: their codes are packed into 64 bits.
pub const KEYS_MAX: usize = 4;

/// The most values that `max_slices` may allow: a code has 16 bits.
pub const SLICES_MAX: usize = u16::MAX as usize;

/// The values of the slicing columns, row after row, as codes.
#[derive(Debug, Clone)]
pub struct Slices {
    keys: Vec<Key>,
    combinations: Vec<Vec<usize>>,
    max_slices: usize,
}

/// What [`Slices::save`] gives: dictionaries, and about one byte a row and column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved(Vec<(Vec<Value>, Vec<u16>)>);

/// The rows of one entry of `slices`, each in one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The tags of each group, in the order of their values. All rows: one group without tags.
    pub groups: Vec<Vec<Tag>>,
    /// One a row: which of `groups` it is in.
    pub codes: Vec<u32>,
}

/// The columns that `slices` names, each once, for [`Schema::index_of`].
#[must_use]
pub fn columns(slices: &[SliceBy]) -> Vec<&str> {
    let mut columns = Vec::new();
    for key in slices.iter().flat_map(|by| &by.0) {
        if !columns.contains(&key.column.as_str()) {
            columns.push(&key.column);
        }
    }
    columns
}

impl Slices {
    /// Checks the parameters `slices` and `max_slices` against the schema. No rows yet.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] for a column that is missing, cannot slice, or stands twice.
    pub fn new(slices: &[SliceBy], max_slices: usize, input: &Schema) -> Result<Self> {
        if max_slices == 0 || max_slices > SLICES_MAX {
            return Err(Error::params(format!(
                "`max_slices` is {max_slices}, and must be 1 to {SLICES_MAX}"
            )));
        }
        let mut found = Self { keys: Vec::new(), combinations: Vec::new(), max_slices };
        for (index, by) in slices.iter().enumerate() {
            let path = format!("parameter `slices[{index}]`");
            let combination = found.combination(by, input).map_err(|e| e.context(&path))?;
            if found.combinations.contains(&combination) {
                return Err(Error::params(format!("{path}: stands twice")));
            }
            found.combinations.push(combination);
        }
        Ok(found)
    }

    fn combination(&mut self, by: &SliceBy, input: &Schema) -> Result<Vec<usize>> {
        if by.0.is_empty() || by.0.len() > KEYS_MAX {
            return Err(Error::params(format!("names {} columns of 1 to {KEYS_MAX}", by.0.len())));
        }
        let mut combination: Vec<usize> = Vec::new();
        for key in &by.0 {
            let key = Key::new(key, input)?;
            if combination.iter().any(|&other| self.keys[other].name == key.name) {
                return Err(Error::params(format!("column `{}` is named twice", key.name)));
            }
            let same = |other: &Key| other.name == key.name && other.kind == key.kind;
            combination.push(self.keys.iter().position(same).unwrap_or(self.keys.len()));
            if combination.last() == Some(&self.keys.len()) {
                self.keys.push(key);
            }
        }
        Ok(combination)
    }

    /// Takes in the next rows, whose columns are those of the schema.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the column with more than `max_slices` values.
    pub fn update(&mut self, rows: &Batch) -> Result<()> {
        for key in &mut self.keys {
            key.update(&rows.columns[key.index], rows.n_rows(), self.max_slices)?;
        }
        Ok(())
    }

    /// The rows so far, for [`Slices::merge`].
    #[must_use]
    pub fn save(&self) -> Saved {
        Saved(self.keys.iter().map(|key| (key.values.clone(), key.codes.clone())).collect())
    }

    /// Takes in rows that other slices saved, after those that are here.
    ///
    /// # Errors
    /// As [`Slices::update`], or [`Error::Failed`] for slices of other columns or row counts.
    pub fn merge(&mut self, saved: Saved, n_rows: usize) -> Result<()> {
        if saved.0.len() != self.keys.len()
            || saved.0.iter().any(|(_, codes)| codes.len() != n_rows)
        {
            return Err(Error::failed("the saved slices are of other columns or rows"));
        }
        for (key, (values, codes)) in self.keys.iter_mut().zip(saved.0) {
            let map: Vec<u16> = values
                .into_iter()
                .map(|value| key.code(value, self.max_slices))
                .collect::<Result<_>>()?;
            for code in codes {
                let code = map.get(usize::from(code));
                key.codes.push(*code.ok_or_else(|| Error::failed("a saved slice has no value"))?);
            }
        }
        Ok(())
    }

    /// All rows, then every entry of `slices`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if a combination has more than `max_slices` values.
    pub fn groupings(&self, n_rows: usize) -> Result<Vec<Grouping>> {
        let all = Grouping { groups: vec![Vec::new()], codes: vec![0; n_rows] };
        let mut groupings = vec![all];
        for combination in &self.combinations {
            let keys: Vec<&Key> = combination.iter().map(|&key| &self.keys[key]).collect();
            groupings.push(grouping(&keys, n_rows, self.max_slices)?);
        }
        Ok(groupings)
    }
}

/// One grouping by the values of `keys` together.
fn grouping(keys: &[&Key], n_rows: usize, max_slices: usize) -> Result<Grouping> {
    // Every key's codes in the order of its values, so that packed codes sort as the values do.
    let ranks: Vec<Vec<u16>> = keys.iter().map(|key| key.ranks()).collect();
    let mut seen: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
    let mut last = None;
    let mut codes = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        let one = |(key, ranks): (&&Key, &Vec<u16>)| u64::from(ranks[usize::from(key.codes[row])]);
        let packed = keys.iter().zip(&ranks).map(one).fold(0, |all, rank| all << 16 | rank);
        let code = match last {
            Some((same, code)) if same == packed => code,
            _ => {
                let new = seen.len() as u32;
                seen.entry(packed).or_insert((new, row)).0
            }
        };
        last = Some((packed, code));
        codes.push(code);
    }
    if seen.len() > max_slices {
        let names: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
        return Err(too_many(&names.join(" and "), max_slices));
    }
    // Until here a group's code was the order in which it appeared.
    let mut order = vec![0; seen.len()];
    for (rank, (code, _)) in (0..).zip(seen.values()) {
        order[*code as usize] = rank;
    }
    codes.iter_mut().for_each(|code| *code = order[*code as usize]);
    let tags = |(_, row): &(u32, usize)| keys.iter().map(|key| key.tag(*row)).collect();
    Ok(Grouping { groups: seen.values().map(tags).collect(), codes })
}

fn too_many(columns: &str, max_slices: usize) -> Error {
    Error::input(format!(
        "slicing by {columns} gives more than {max_slices} slices: slice by something coarser, or \
         raise `max_slices`"
    ))
}

#[cfg(test)]
mod tests;
