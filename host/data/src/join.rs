//! Joins: the right side is indexed once, every chunk of the left asks it.
//!
//! Invariant: what a row is given depends on the rows of both sides and their order, never on how
//! they lie in chunks. Absent on purpose: no spilling; the right side must fit in memory.

use std::collections::HashMap;
use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Kind, Schema, Values};

use crate::ops::{extend, push_key, show, take};

/// Why a join cannot be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// A column that the right side does not have.
    #[error("the right side of the join has no column `{column}`")]
    MissingColumn {
        /// The column.
        column: String,
    },
    /// A time that is none.
    #[error("column `{column}` of the right side is {found}, not timestamp-us")]
    NotATime {
        /// The column.
        column: String,
        /// Its kind.
        found: Kind,
    },
    /// Two rows of one key, of which a lookup could not choose.
    #[error(
        "two rows of the right side have the key ({key}): a lookup needs one; filter the right side first, or join as of a time"
    )]
    DuplicateKey {
        /// Column and value.
        key: String,
    },
}

/// The right side of a join: the columns to add, all rows end to end.
struct Right {
    added: Schema,
    columns: Vec<Column>,
}

impl Right {
    fn new(schema: &Schema, batches: &[Batch], columns: &[String]) -> Result<Self, JoinError> {
        let mut added = Schema::default();
        let mut joined = Vec::with_capacity(columns.len());
        for name in columns {
            let index = index_of(schema, name)?;
            let field = Field { nullable: true, ..schema.fields[index].clone() };
            joined.push(concat(batches, index, &field));
            added.fields.push(field);
        }
        Ok(Self { added, columns: joined })
    }

    fn take(&self, rows: &[Option<usize>]) -> Batch {
        let fields = self.added.fields.iter();
        let columns = fields
            .zip(&self.columns)
            .map(|(field, column)| Arc::new(take(column, field.width as usize, rows)))
            .collect();
        Batch { rows: rows.len(), columns }
    }
}

fn index_of(schema: &Schema, column: &str) -> Result<usize, JoinError> {
    let missing = || JoinError::MissingColumn { column: column.to_owned() };
    schema.index_of(column).ok_or_else(missing)
}

/// One column over all batches.
fn concat(batches: &[Batch], index: usize, field: &Field) -> Column {
    let mut values = Values::empty(field.kind);
    let rows: usize = batches.iter().map(|batch| batch.rows).sum();
    let mut validity = vec![0; rows.div_ceil(8)];
    let mut at = 0;
    for batch in batches {
        let column = &batch.columns[index];
        extend(&mut values, &column.values);
        for row in 0..batch.rows {
            if column.is_valid(row) {
                validity[at / 8] |= 1 << (at % 8);
            }
            at += 1;
        }
    }
    Column { values, validity }
}

/// Keys of the right side's rows, null keys left out.
fn keys_of(
    schema: &Schema,
    batches: &[Batch],
    by: &[String],
) -> Result<Vec<Option<Vec<u8>>>, JoinError> {
    let indices: Vec<usize> =
        by.iter().map(|name| index_of(schema, name)).collect::<Result<_, _>>()?;
    let mut keys = Vec::new();
    for batch in batches {
        for row in 0..batch.rows {
            keys.push(key_of(batch, &indices, row));
        }
    }
    Ok(keys)
}

fn key_of(batch: &Batch, by: &[usize], row: usize) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    by.iter()
        .all(|&index| push_key(&batch.columns[index], row, batch.rows, &mut key))
        .then_some(key)
}

/// A right side that answers: the last row of this key at or before this time.
pub struct AsofIndex {
    right: Right,
    tolerance_us: Option<i64>,
    /// Key to (time, row), by time; of equal times the last row stands last, and wins.
    rows: HashMap<Vec<u8>, Vec<(i64, usize)>>,
}

impl AsofIndex {
    /// Indexes a right side. Rows with a null key or time never match.
    ///
    /// # Errors
    /// [`JoinError`] for columns that are not there or of the wrong kind.
    pub fn build(
        schema: &Schema,
        batches: &[Batch],
        by: &[String],
        on: &str,
        tolerance_us: Option<i64>,
        columns: &[String],
    ) -> Result<Self, JoinError> {
        let time_index = index_of(schema, on)?;
        let found = schema.fields[time_index].kind;
        if found != Kind::TimestampUs {
            return Err(JoinError::NotATime { column: on.to_owned(), found });
        }
        let times = batches.iter().flat_map(|batch| {
            (0..batch.rows).map(move |row| time_at(&batch.columns[time_index], row))
        });
        let keys = keys_of(schema, batches, by)?;
        let mut rows: HashMap<Vec<u8>, Vec<(i64, usize)>> = HashMap::new();
        for (row, (key, time)) in keys.into_iter().zip(times).enumerate() {
            if let (Some(key), Some(time)) = (key, time) {
                rows.entry(key).or_default().push((time, row));
            }
        }
        rows.values_mut().for_each(|times| times.sort_by_key(|(time, _)| *time));
        Ok(Self { right: Right::new(schema, batches, columns)?, tolerance_us, rows })
    }

    /// The right's columns for each row on the left; null where nothing matches.
    pub fn join(&self, left: &Batch, by: &[usize], on: usize) -> Batch {
        let mut key = Vec::new();
        let matched: Vec<Option<usize>> = (0..left.rows)
            .map(|row| {
                key.clear();
                let whole =
                    by.iter().all(|&i| push_key(&left.columns[i], row, left.rows, &mut key));
                let time = time_at(&left.columns[on], row).filter(|_| whole)?;
                let times = self.rows.get(key.as_slice())?;
                let after = times.partition_point(|(right, _)| *right <= time);
                let (right, row) = *times.get(after.checked_sub(1)?)?;
                // Wider than i64: the times may be as far apart as they come.
                let age = i128::from(time) - i128::from(right);
                self.tolerance_us.is_none_or(|most| age <= i128::from(most)).then_some(row)
            })
            .collect();
        self.right.take(&matched)
    }

    /// The schema of the added columns.
    pub const fn added_schema(&self) -> &Schema {
        &self.right.added
    }
}

fn time_at(column: &Column, row: usize) -> Option<i64> {
    let Values::TimestampUs(times) = &column.values else { panic!("BUG: a time of another kind") };
    column.is_valid(row).then(|| times[row])
}

/// A right side that answers: the one row of this key.
pub struct LookupIndex {
    right: Right,
    rows: HashMap<Vec<u8>, usize>,
}

impl LookupIndex {
    /// Indexes a right side. Rows with a null key never match.
    ///
    /// # Errors
    /// [`JoinError::DuplicateKey`] naming the key, [`JoinError::MissingColumn`].
    pub fn build(
        schema: &Schema,
        batches: &[Batch],
        by: &[String],
        columns: &[String],
    ) -> Result<Self, JoinError> {
        let mut rows = HashMap::new();
        for (row, key) in keys_of(schema, batches, by)?.into_iter().enumerate() {
            let Some(key) = key else { continue };
            if rows.insert(key, row).is_some() {
                return Err(JoinError::DuplicateKey { key: show_key(schema, batches, by, row)? });
            }
        }
        Ok(Self { right: Right::new(schema, batches, columns)?, rows })
    }

    /// The right's columns for each row on the left; null where nothing matches.
    pub fn join(&self, left: &Batch, by: &[usize]) -> Batch {
        let matched: Vec<Option<usize>> =
            (0..left.rows).map(|row| self.rows.get(&key_of(left, by, row)?).copied()).collect();
        self.right.take(&matched)
    }

    /// The schema of the added columns.
    pub const fn added_schema(&self) -> &Schema {
        &self.right.added
    }
}

fn show_key(
    schema: &Schema,
    batches: &[Batch],
    by: &[String],
    mut row: usize,
) -> Result<String, JoinError> {
    let mut parts = Vec::new();
    for batch in batches {
        if row >= batch.rows {
            row -= batch.rows;
            continue;
        }
        for name in by {
            let column = &batch.columns[index_of(schema, name)?];
            parts.push(format!("{name}={}", show(column, row)));
        }
        break;
    }
    Ok(parts.join(", "))
}
