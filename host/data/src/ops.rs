//! Host operators on batches: they move rows, and compute nothing that could round.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Values, VariableValues};

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
pub(crate) fn take(column: &Column, width: usize, rows: &[Option<usize>]) -> Column {
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
pub(crate) fn push_key(column: &Column, row: usize, n_rows: usize, key: &mut Vec<u8>) -> bool {
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

/// Appends the values of one column to those of another of its kind.
pub(crate) fn extend(values: &mut Values, more: &Values) {
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
