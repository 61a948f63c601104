//! Batches as a guest could return them, from bytes.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

/// Small, so that bytes go into what is odd about a batch and not into its size.
const ROWS_MAX: u32 = 40;
const COLUMNS_MAX: usize = 4;
const WIDTH_MAX: u32 = 5;

/// A schema, and a batch that more or less has it.
pub fn returned(bytes: &[u8]) -> Result<(Schema, Batch)> {
    let mut u = Unstructured::new(bytes);
    // The contract has 32 bits for the number of rows, and a guest may claim them all.
    let rows =
        if mostly(&mut u)? { u.int_in_range(0..=ROWS_MAX)? } else { u.arbitrary()? } as usize;
    let n_columns = u.int_in_range(0..=COLUMNS_MAX)?;
    let mut schema = Schema::default();
    let mut batch = Batch { rows, columns: Vec::new() };
    for index in 0..n_columns {
        let field = field(&mut u, index)?;
        batch.columns.push(Arc::new(column(&mut u, &field, rows)?));
        schema.fields.push(field);
    }
    if !mostly(&mut u)? {
        batch.columns.pop();
    }
    Ok((schema, batch))
}

/// Seven times in eight; without bytes always.
fn mostly(u: &mut Unstructured<'_>) -> Result<bool> {
    Ok(u.arbitrary::<u8>()? & 7 != 7)
}

const KINDS: [Kind; 7] = [
    Kind::Boolean,
    Kind::Int64,
    Kind::Float64,
    Kind::TimestampUs,
    Kind::Utf8,
    Kind::Binary,
    Kind::Vector,
];

fn field(u: &mut Unstructured<'_>, index: usize) -> Result<Field> {
    let kind = *u.choose(&KINDS)?;
    let is_vector = (kind == Kind::Vector) == mostly(u)?;
    let width = match is_vector {
        true if mostly(u)? => u.int_in_range(1..=WIDTH_MAX)?,
        true => u.arbitrary()?,
        false => 0,
    };
    Ok(Field { name: format!("c{index}"), kind, nullable: u.arbitrary()?, width })
}

fn column(u: &mut Unstructured<'_>, field: &Field, rows: usize) -> Result<Column> {
    let kind = if mostly(u)? { field.kind } else { *u.choose(&KINDS)? };
    let rows_there = length(u, rows)?;
    let values = match kind {
        Kind::Boolean => Values::Boolean(list(u, rows_there, |u| {
            Ok(if mostly(u)? { u8::from(u.arbitrary::<bool>()?) } else { u.arbitrary()? })
        })?),
        Kind::Int64 => Values::Int64(list(u, rows_there, Unstructured::arbitrary)?),
        Kind::Float64 => Values::Float64(list(u, rows_there, Unstructured::arbitrary)?),
        Kind::TimestampUs => Values::TimestampUs(list(u, rows_there, Unstructured::arbitrary)?),
        Kind::Utf8 => Values::Utf8(texts(u, rows_there)?),
        Kind::Binary => Values::Binary(texts(u, rows_there)?),
        Kind::Vector => {
            let numbers = rows_there * field.width.min(WIDTH_MAX) as usize;
            Values::Vector(list(u, numbers, Unstructured::arbitrary)?)
        }
    };
    let validity = match u.arbitrary::<u8>()? & 3 {
        0 => Vec::new(),
        _ => {
            let bytes = length(u, rows.div_ceil(8))?;
            let mut bits = list(u, bytes, Unstructured::arbitrary::<u8>)?;
            if let (Some(last), true, true) = (bits.last_mut(), !rows.is_multiple_of(8), mostly(u)?)
            {
                *last &= (1 << (rows % 8)) - 1;
            }
            bits
        }
    };
    Ok(Column { values, validity })
}

/// Nearly always the length that should be; never much more than a small batch has.
fn length(u: &mut Unstructured<'_>, expected: usize) -> Result<usize> {
    let expected = expected.min(ROWS_MAX as usize);
    if mostly(u)? { Ok(expected) } else { u.int_in_range(0..=ROWS_MAX as usize + 1) }
}

fn list<'a, T>(
    u: &mut Unstructured<'a>,
    len: usize,
    item: impl Fn(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..len).map(|_| item(u)).collect()
}

/// Values end to end. Offsets may lie anywhere, or climb to the last byte as they should.
fn texts(u: &mut Unstructured<'_>, rows: usize) -> Result<VariableValues> {
    if !mostly(u)? {
        let offsets = list(u, rows + 1, |u| Ok(u32::from(u.arbitrary::<u8>()?)))?;
        let n_bytes = usize::from(u.arbitrary::<u8>()?);
        return Ok(VariableValues { offsets, bytes: list(u, n_bytes, Unstructured::arbitrary)? });
    }
    let mut values = VariableValues::new();
    for _ in 0..rows {
        let len = u.arbitrary::<u8>()? & 7;
        values.push(&list(u, len.into(), Unstructured::arbitrary)?);
    }
    Ok(values)
}
