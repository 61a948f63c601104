//! One column of one chunk as bytes. See `CHUNK_FORMAT.md`.

use refrain_domain::{Column, Field, Kind, Values, VariableValues};

/// The first bytes of a block.
const MAGIC: &[u8; 8] = b"RFCOLUM1";

/// Every buffer begins at a multiple of this.
const ALIGN: usize = 64;

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
            let width = if rows == 0 { 0 } else { v.len() / rows };
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

/// Writes a canonical column of `rows` rows. [`canonicalize`] it first.
pub fn encode_column(column: &Column, field: &Field, rows: usize) -> Vec<u8> {
    let buffers = buffers(column);
    let lens: Vec<usize> = buffers.iter().map(|buffer| buffer.len()).collect();
    let header = header(field.kind, rows, field.width, &lens);
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
    bytes
}

/// Canonical JSON, keys in order, so that the header is as canonical as the rest.
fn header(kind: Kind, rows: usize, width: u32, lens: &[usize]) -> String {
    let lens: Vec<String> = lens.iter().map(ToString::to_string).collect();
    format!(r#"{{"buffers":[{}],"kind":"{kind}","rows":{rows},"width":{width}}}"#, lens.join(","))
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
    let field =
        Field { name: "column".to_owned(), kind: header.kind, nullable: true, width: header.width };
    check(&column, &field, header.rows)?;
    Ok(column)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    buffers: Vec<usize>,
    kind: Kind,
    rows: usize,
    width: u32,
}

fn read_header(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    if bytes.get(..8) != Some(MAGIC) {
        return Err(error("it does not begin with RFCOLUM1"));
    }
    let len = bytes.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let len = len.and_then(|len| usize::try_from(len).ok()).filter(|len| *len <= 1 << 16);
    let len = len.ok_or_else(|| error("its header has no sane length"))?;
    let text = bytes.get(16..16 + len).ok_or_else(|| error("its header is cut short"))?;
    let read: Header = serde_json::from_slice(text).map_err(|e| error(format!("header: {e}")))?;
    if header(read.kind, read.rows, read.width, &read.buffers).as_bytes() != text {
        return Err(error("its header is not in canonical form"));
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
    Ok(bytemuck::allocation::pod_collect_to_vec(bytes))
}

/// Form, then canonicity: a column that canonicalises to something else was not written here.
fn check(column: &Column, field: &Field, rows: usize) -> Result<(), DecodeError> {
    let batch = refrain_domain::Batch { rows, columns: vec![std::sync::Arc::new(column.clone())] };
    let schema = refrain_domain::Schema { fields: vec![field.clone()] };
    batch.check(&schema).map_err(|e| error(e.fault))?;
    let clean = canonicalize(column.clone(), rows);
    if buffers(&clean) != buffers(column) {
        return Err(error("nulls, NaN or validity are not in canonical form"));
    }
    Ok(())
}
