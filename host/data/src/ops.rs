//! Host operators on batches: they move rows, and compute nothing that could round.

use std::collections::HashMap;
use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

/// The rows whose mask is true.
///
/// # Panics
/// If the mask has another length than the batch.
pub fn filter_rows(batch: &Batch, mask: &[bool]) -> Batch {
    assert_eq!(mask.len(), batch.rows, "BUG: a mask of another length");
    let rows: Vec<usize> = (0..mask.len()).filter(|row| mask[*row]).collect();
    let rows: Vec<Option<usize>> = rows.into_iter().map(Some).collect();
    let columns =
        batch.columns.iter().map(|c| Arc::new(take(c, width(c, batch.rows), &rows))).collect();
    Batch { rows: rows.len(), columns }
}

/// The numbers a row of a vector column; for other kinds, or without rows, nothing to go by.
fn width(column: &Column, n_rows: usize) -> usize {
    let Values::Vector(values) = &column.values else { return 0 };
    values.len().checked_div(n_rows).unwrap_or(0)
}

/// One row for each index; none makes a null. `width` is that of a vector.
fn take(column: &Column, width: usize, rows: &[Option<usize>]) -> Column {
    fn pick<T: Copy + Default>(values: &[T], rows: &[Option<usize>]) -> Vec<T> {
        rows.iter().map(|row| row.map_or_else(T::default, |row| values[row])).collect()
    }
    fn pick_variable(values: &VariableValues, rows: &[Option<usize>]) -> VariableValues {
        let mut picked = VariableValues::new();
        picked.offsets.reserve(rows.len());
        rows.iter().for_each(|row| picked.push(row.map_or(&[][..], |row| values.get(row))));
        picked
    }
    let values = match &column.values {
        Values::Boolean(v) => Values::Boolean(pick(v, rows)),
        Values::Int64(v) => Values::Int64(pick(v, rows)),
        Values::TimestampUs(v) => Values::TimestampUs(pick(v, rows)),
        Values::Float64(v) => Values::Float64(pick(v, rows)),
        Values::Utf8(v) => Values::Utf8(pick_variable(v, rows)),
        Values::Binary(v) => Values::Binary(pick_variable(v, rows)),
        Values::Vector(v) => Values::Vector(pick_vectors(v, width, rows)),
    };
    let mut validity = vec![0; rows.len().div_ceil(8)];
    let mut all = true;
    for (at, row) in rows.iter().enumerate() {
        if row.is_some_and(|row| column.is_valid(row)) {
            validity[at / 8] |= 1 << (at % 8);
        } else {
            all = false;
        }
    }
    Column { values, validity: if all { Vec::new() } else { validity } }
}

fn pick_vectors(values: &[f32], width: usize, rows: &[Option<usize>]) -> Vec<f32> {
    let mut picked = Vec::with_capacity(rows.len() * width);
    for row in rows {
        match row {
            Some(row) => picked.extend_from_slice(&values[row * width..(row + 1) * width]),
            None => picked.resize(picked.len() + width, 0.0),
        }
    }
    picked
}

/// Whether a boolean column is true; null is not.
///
/// # Panics
/// If the column is of another kind.
pub fn mask_true(batch: &Batch, column: usize) -> Vec<bool> {
    let column = &batch.columns[column];
    let Values::Boolean(values) = &column.values else { panic!("BUG: a mask that is no boolean") };
    (0..batch.rows).map(|row| values[row] == 1 && column.is_valid(row)).collect()
}

/// Whether a time is in the range, `from` inclusive, `to` exclusive; null is in none.
///
/// # Panics
/// If the column is of another kind.
pub fn mask_time(batch: &Batch, column: usize, from: Option<i64>, to: Option<i64>) -> Vec<bool> {
    let column = &batch.columns[column];
    let Values::TimestampUs(times) = &column.values else { panic!("BUG: a time of another kind") };
    let inside = |row: usize| {
        let time = times[row];
        column.is_valid(row)
            && from.is_none_or(|from| time >= from)
            && to.is_none_or(|to| time < to)
    };
    (0..batch.rows).map(inside).collect()
}

/// Whether the hash of a key is in the holdout: the first 64 bits of BLAKE3 over the seed and the
/// key's values, below `holdout_ppm` millionths of 2^64. Equal keys go the same way, always.
pub fn mask_hash(batch: &Batch, by: &[usize], holdout_ppm: u32, seed: u64) -> Vec<bool> {
    let bound = u128::from(holdout_ppm) * (1 << 64) / 1_000_000;
    let mut key = Vec::new();
    let in_holdout = |row: usize| {
        key.clear();
        key.extend_from_slice(&seed.to_le_bytes());
        for &index in by {
            push_key(&batch.columns[index], row, batch.rows, &mut key);
        }
        let hash = blake3::hash(&key);
        let first = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("BUG: 8 of 32"));
        u128::from(first) < bound
    };
    (0..batch.rows).map(in_holdout).collect()
}

/// Appends a value so that different keys have different bytes; answers whether it is a value.
fn push_key(column: &Column, row: usize, n_rows: usize, key: &mut Vec<u8>) -> bool {
    if !column.is_valid(row) {
        key.push(0);
        return false;
    }
    key.push(1);
    match &column.values {
        Values::Boolean(v) => key.push(v[row]),
        Values::Int64(v) | Values::TimestampUs(v) => key.extend_from_slice(&v[row].to_le_bytes()),
        Values::Float64(v) => key.extend_from_slice(&v[row].to_bits().to_le_bytes()),
        Values::Utf8(v) | Values::Binary(v) => {
            let value = v.get(row);
            key.extend_from_slice(&(value.len() as u32).to_le_bytes());
            key.extend_from_slice(value);
        }
        Values::Vector(v) => {
            let width = width(column, n_rows);
            v[row * width..(row + 1) * width]
                .iter()
                .for_each(|x| key.extend_from_slice(&x.to_bits().to_le_bytes()));
        }
    }
    true
}

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
    let mut values = empty(field.kind);
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

fn empty(kind: Kind) -> Values {
    match kind {
        Kind::Boolean => Values::Boolean(Vec::new()),
        Kind::Int64 => Values::Int64(Vec::new()),
        Kind::Float64 => Values::Float64(Vec::new()),
        Kind::TimestampUs => Values::TimestampUs(Vec::new()),
        Kind::Utf8 => Values::Utf8(VariableValues::new()),
        Kind::Binary => Values::Binary(VariableValues::new()),
        Kind::Vector => Values::Vector(Vec::new()),
    }
}

fn extend(values: &mut Values, more: &Values) {
    match (values, more) {
        (Values::Boolean(a), Values::Boolean(b)) => a.extend_from_slice(b),
        (Values::Int64(a), Values::Int64(b)) => a.extend_from_slice(b),
        (Values::TimestampUs(a), Values::TimestampUs(b)) => a.extend_from_slice(b),
        (Values::Float64(a), Values::Float64(b)) => a.extend_from_slice(b),
        (Values::Vector(a), Values::Vector(b)) => a.extend_from_slice(b),
        (Values::Utf8(a), Values::Utf8(b)) | (Values::Binary(a), Values::Binary(b)) => {
            (0..b.len()).for_each(|row| a.push(b.get(row)));
        }
        _ => panic!("BUG: batches of one table differ in kind"),
    }
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

/// A value as people read it.
pub(crate) fn show(column: &Column, row: usize) -> String {
    if !column.is_valid(row) {
        return "null".to_owned();
    }
    match &column.values {
        Values::Boolean(v) => (v[row] == 1).to_string(),
        Values::Int64(v) => v[row].to_string(),
        Values::Float64(v) => v[row].to_string(),
        Values::TimestampUs(v) => crate::time::format_timestamp_us(v[row]),
        Values::Utf8(v) => String::from_utf8_lossy(v.get(row)).into_owned(),
        Values::Binary(v) => format!("{} bytes", v.get(row).len()),
        Values::Vector(_) => "a vector".to_owned(),
    }
}
