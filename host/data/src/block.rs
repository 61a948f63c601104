//! One column of one chunk as bytes. See `CHUNK_FORMAT.md`.
//!
//! Invariant: equal columns have equal bytes, and [`decode_column`] takes nothing but the bytes
//! that [`encode_column`] writes. Absent on purpose: names, compression, versions of Arrow.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

/// The first bytes of a block.
const MAGIC: &[u8; 8] = b"RFCOLUM1";

/// Every buffer begins at a multiple of this.
const ALIGN: usize = 64;

/// No header that this crate writes comes near.
const HEADER_BYTES_MAX: usize = 1 << 12;

/// The one NaN that a block may hold.
const NAN_64: u64 = 0x7ff8_0000_0000_0000;
const NAN_32: u32 = 0x7fc0_0000;

/// Bytes that are no canonical block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no canonical column block: {detail}")]
pub struct DecodeError {
    /// What is wrong, and where.
    pub detail: String,
}

fn error(detail: impl Into<String>) -> DecodeError {
    DecodeError { detail: detail.into() }
}

/// Makes a column canonical: null rows hold zeros or nothing, there is one NaN, and validity is
/// left out where every row has a value. Negative zero stays: it is a value of its own.
pub fn canonicalize(mut column: Column, rows: usize) -> Column {
    let used_bits = rows % 8;
    if let (Some(last), true) = (column.validity.last_mut(), used_bits != 0) {
        *last &= (1 << used_bits) - 1;
    }
    if column.null_count(rows) == 0 {
        column.validity = Vec::new();
    }
    let validity = std::mem::take(&mut column.validity);
    let is_null = |row: usize| !validity.is_empty() && validity[row / 8] >> (row % 8) & 1 == 0;
    match &mut column.values {
        Values::Boolean(v) => zero_nulls(v, 1, &validity, is_null),
        Values::Int64(v) | Values::TimestampUs(v) => zero_nulls(v, 1, &validity, is_null),
        Values::Float64(v) => {
            zero_nulls(v, 1, &validity, is_null);
            v.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = f64::from_bits(NAN_64));
        }
        Values::Vector(v) => {
            let width = v.len().checked_div(rows).unwrap_or(0);
            zero_nulls(v, width, &validity, is_null);
            v.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = f32::from_bits(NAN_32));
        }
        Values::Utf8(v) | Values::Binary(v) => empty_nulls(v, &validity, is_null),
    }
    column.validity = validity;
    column
}

fn zero_nulls<T: Copy + Default>(
    values: &mut [T],
    width: usize,
    validity: &[u8],
    is_null: impl Fn(usize) -> bool,
) {
    if validity.is_empty() || width == 0 {
        return;
    }
    for (row, slot) in values.chunks_exact_mut(width).enumerate() {
        if is_null(row) {
            slot.fill(T::default());
        }
    }
}

fn empty_nulls(values: &mut VariableValues, validity: &[u8], is_null: impl Fn(usize) -> bool) {
    let dirty = |row: usize| is_null(row) && !values.get(row).is_empty();
    if validity.is_empty() || !(0..values.len()).any(dirty) {
        return;
    }
    let mut clean = VariableValues::new();
    for row in 0..values.len() {
        clean.push(if is_null(row) { b"" } else { values.get(row) });
    }
    *values = clean;
}

/// Writes a column of `rows` rows, made canonical on the way where it is not.
///
/// The column's name and whether it may hold nulls stay with the schema: renamed columns share
/// their bytes.
pub fn encode_column(column: &Column, field: &Field, rows: usize) -> Vec<u8> {
    if !is_canonical(column, rows) {
        return encode_canonical(&canonicalize(column.clone(), rows), field, rows);
    }
    encode_canonical(column, field, rows)
}

fn encode_canonical(column: &Column, field: &Field, rows: usize) -> Vec<u8> {
    let buffers = buffers(column);
    let lens: Vec<usize> = buffers.iter().map(|buffer| buffer.len()).collect();
    let header = header(field.kind, rows, column.null_count(rows), field.width, &lens);
    let capacity = padded(16 + header.len()) + lens.iter().map(|len| padded(*len)).sum::<usize>();
    let mut bytes = Vec::with_capacity(capacity);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    pad(&mut bytes);
    for buffer in buffers {
        bytes.extend_from_slice(buffer);
        pad(&mut bytes);
    }
    debug_assert_eq!(bytes.len(), capacity, "BUG: a block of another length than foreseen");
    bytes
}

/// Whether [`canonicalize`] would leave the column as it is.
fn is_canonical(column: &Column, rows: usize) -> bool {
    let used_bits = rows % 8;
    let stray = used_bits != 0 && column.validity.last().is_some_and(|last| last >> used_bits != 0);
    if stray || (!column.validity.is_empty() && column.null_count(rows) == 0) {
        return false;
    }
    let has_other_nan = match &column.values {
        Values::Float64(v) => v.iter().any(|x| x.is_nan() && x.to_bits() != NAN_64),
        Values::Vector(v) => v.iter().any(|x| x.is_nan() && x.to_bits() != NAN_32),
        _ => false,
    };
    !has_other_nan && nulls_are_clean(column, rows)
}

fn nulls_are_clean(column: &Column, rows: usize) -> bool {
    match &column.values {
        Values::Boolean(v) => all_nulls(column, rows, |row| v[row] == 0),
        Values::Int64(v) | Values::TimestampUs(v) => all_nulls(column, rows, |row| v[row] == 0),
        Values::Float64(v) => all_nulls(column, rows, |row| v[row].to_bits() == 0),
        Values::Vector(v) => {
            let width = v.len().checked_div(rows).unwrap_or(0);
            all_nulls(column, rows, |row| {
                v[row * width..(row + 1) * width].iter().all(|x| x.to_bits() == 0)
            })
        }
        Values::Utf8(v) | Values::Binary(v) => {
            all_nulls(column, rows, |row| v.offsets[row] == v.offsets[row + 1])
        }
    }
}

/// Whether every null row passes; a byte of eight values costs one comparison.
fn all_nulls(column: &Column, rows: usize, passes: impl Fn(usize) -> bool) -> bool {
    column.validity.iter().enumerate().filter(|(_, byte)| **byte != 0xff).all(|(at, byte)| {
        let eight = at * 8..rows.min(at * 8 + 8);
        eight.into_iter().all(|row| byte >> (row % 8) & 1 == 1 || passes(row))
    })
}

/// Canonical JSON, keys in order, so that the header is as canonical as the rest.
fn header(kind: Kind, rows: usize, nulls: usize, width: u32, lens: &[usize]) -> String {
    let lens: Vec<String> = lens.iter().map(ToString::to_string).collect();
    let lens = lens.join(",");
    format!(
        r#"{{"buffers":[{lens}],"kind":"{kind}","nulls":{nulls},"rows":{rows},"width":{width}}}"#
    )
}

/// Validity first, then the values. Little endian, as every machine that this runs on.
fn buffers(column: &Column) -> Vec<&[u8]> {
    let validity = column.validity.as_slice();
    match &column.values {
        Values::Boolean(v) => vec![validity, v],
        Values::Int64(v) | Values::TimestampUs(v) => vec![validity, bytemuck::cast_slice(v)],
        Values::Float64(v) => vec![validity, bytemuck::cast_slice(v)],
        Values::Vector(v) => vec![validity, bytemuck::cast_slice(v)],
        Values::Utf8(v) | Values::Binary(v) => {
            vec![validity, bytemuck::cast_slice(&v.offsets), &v.bytes]
        }
    }
}

const _: () = assert!(cfg!(target_endian = "little"), "blocks are written as memory lies");

const fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(padded(bytes.len()), 0);
}

/// Reads a block.
///
/// # Errors
/// [`DecodeError`] for anything that [`encode_column`] would not have written.
pub fn decode_column(bytes: &[u8]) -> Result<Column, DecodeError> {
    let (header, mut rest) = read_header(bytes)?;
    let mut buffers = Vec::with_capacity(header.buffers.len());
    for len in &header.buffers {
        let whole =
            len.checked_next_multiple_of(ALIGN).ok_or_else(|| error("a length overflows"))?;
        let (buffer, after) =
            rest.split_at_checked(whole).ok_or_else(|| error("a buffer is cut short"))?;
        let (buffer, padding) = buffer.split_at(*len);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(error("padding is not zero"));
        }
        buffers.push(buffer);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(error("bytes follow the last buffer"));
    }
    let column = assemble(&header, &buffers)?;
    verify(column, &header)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    buffers: Vec<usize>,
    kind: Kind,
    nulls: usize,
    rows: usize,
    width: u32,
}

fn read_header(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    if bytes.get(..8) != Some(MAGIC) {
        return Err(error("it does not begin with RFCOLUM1"));
    }
    let len = bytes.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let len = len.and_then(|len| usize::try_from(len).ok()).filter(|len| *len <= HEADER_BYTES_MAX);
    let len = len.ok_or_else(|| error("its header has no sane length"))?;
    let text = bytes.get(16..16 + len).ok_or_else(|| error("its header is cut short"))?;
    let read: Header = serde_json::from_slice(text).map_err(|e| error(format!("header: {e}")))?;
    let again = header(read.kind, read.rows, read.nulls, read.width, &read.buffers);
    if again.as_bytes() != text {
        return Err(error("its header is not in canonical form"));
    }
    if u32::try_from(read.rows).is_err() {
        return Err(error(format!("{} rows are too many for a block", read.rows)));
    }
    if (read.kind == Kind::Vector) != (read.width > 0) {
        return Err(error(format!("width {} for kind {}", read.width, read.kind)));
    }
    let start = padded(16 + len);
    let padding = bytes.get(16 + len..start).ok_or_else(|| error("its header is cut short"))?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(error("padding is not zero"));
    }
    Ok((read, &bytes[start..]))
}

fn assemble(header: &Header, buffers: &[&[u8]]) -> Result<Column, DecodeError> {
    let values = match (header.kind, buffers) {
        (Kind::Boolean, [_, v]) => Values::Boolean(v.to_vec()),
        (Kind::Int64, [_, v]) => Values::Int64(numbers(v)?),
        (Kind::TimestampUs, [_, v]) => Values::TimestampUs(numbers(v)?),
        (Kind::Float64, [_, v]) => Values::Float64(numbers(v)?),
        (Kind::Vector, [_, v]) => Values::Vector(numbers(v)?),
        (Kind::Utf8, [_, offsets, v]) => {
            Values::Utf8(VariableValues { offsets: numbers(offsets)?, bytes: v.to_vec() })
        }
        (Kind::Binary, [_, offsets, v]) => {
            Values::Binary(VariableValues { offsets: numbers(offsets)?, bytes: v.to_vec() })
        }
        (kind, buffers) => {
            return Err(error(format!("{} buffers for a column of kind {kind}", buffers.len())));
        }
    };
    Ok(Column { values, validity: buffers[0].to_vec() })
}

fn numbers<T: bytemuck::Pod>(bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
    if !bytes.len().is_multiple_of(size_of::<T>()) {
        return Err(error("a buffer's length is no multiple of its numbers' size"));
    }
    Ok(bytemuck::pod_collect_to_vec(bytes))
}

/// Form, then canonicity: a column that canonicalises to something else was not written here.
fn verify(column: Column, header: &Header) -> Result<Column, DecodeError> {
    let Header { kind, nulls, rows, width, .. } = *header;
    let field = Field { name: "column".to_owned(), kind, nullable: true, width };
    let schema = Schema { fields: vec![field] };
    let mut batch = Batch { rows, columns: vec![Arc::new(column)] };
    batch.check(&schema).map_err(|e| error(e.fault))?;
    let column = batch.columns.pop().and_then(Arc::into_inner).expect("BUG: the only reference");
    if !is_canonical(&column, rows) {
        return Err(error("nulls, NaN or validity are not in canonical form"));
    }
    if column.null_count(rows) != nulls {
        return Err(error(format!("its header counts {nulls} nulls, its validity others")));
    }
    Ok(column)
}
