//! CSV and NDJSON, row by row.

use std::io::{BufWriter, Write};

use refrain_domain::{Batch, Column, Kind, Schema, Values};

use super::ExportError;
use crate::ingest::Format;
use crate::time::format_timestamp_us;

/// A text file under way.
pub(super) struct Writer<'a> {
    format: Format,
    schema: &'a Schema,
    to: BufWriter<&'a mut (dyn Write + Send)>,
    /// Rows so far.
    rows: u64,
    /// By column, `"name":` as JSON.
    names: Vec<Vec<u8>>,
}

impl<'a> Writer<'a> {
    /// Checks the kinds and writes what stands before the first row.
    pub(super) fn begin(
        format: Format,
        schema: &'a Schema,
        to: &'a mut (dyn Write + Send),
    ) -> Result<Self, ExportError> {
        let is_csv = format == Format::Csv;
        let vector = schema.fields.iter().find(|field| field.kind == Kind::Vector && is_csv);
        if let Some(field) = vector {
            let remedy = "select other columns, or export Parquet, Arrow IPC or NDJSON";
            let (column, kind) = (field.name.clone(), field.kind);
            return Err(ExportError::Kind { format, column, kind, remedy });
        }
        let mut names = Vec::new();
        for field in &schema.fields {
            let mut name = serde_json::to_vec(&field.name).map_err(std::io::Error::from)?;
            name.push(b':');
            names.push(name);
        }
        let mut writer =
            Self { format, schema, to: BufWriter::with_capacity(1 << 16, to), rows: 0, names };
        if is_csv {
            let mut line = Vec::new();
            for (index, field) in schema.fields.iter().enumerate() {
                push_separator(&mut line, index);
                push_quoted(&mut line, field.name.as_bytes(), schema.fields.len() == 1);
            }
            line.push(b'\n');
            writer.to.write_all(&line)?;
        }
        Ok(writer)
    }

    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut line = Vec::new();
        for row in 0..batch.rows {
            self.rows += 1;
            line.clear();
            if self.format == Format::Csv {
                self.push_csv(&mut line, batch, row);
            } else {
                self.push_json(&mut line, batch, row)?;
            }
            line.push(b'\n');
            self.to.write_all(&line)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        Ok(self.to.flush()?)
    }

    fn push_csv(&self, line: &mut Vec<u8>, batch: &Batch, row: usize) {
        // In a file of one column an empty line would be no row: `""` is.
        let is_only = batch.columns.len() == 1;
        for (index, column) in batch.columns.iter().enumerate() {
            push_separator(line, index);
            let start = line.len();
            match &column.values {
                Values::Utf8(v) | Values::Binary(v) => push_quoted(line, v.get(row), is_only),
                _ if column.is_valid(row) => push_plain(line, column, row),
                _ => {}
            }
            if is_only && line.len() == start {
                line.extend_from_slice(b"\"\"");
            }
        }
    }

    fn push_json(&self, line: &mut Vec<u8>, batch: &Batch, row: usize) -> Result<(), ExportError> {
        line.push(b'{');
        for (index, column) in batch.columns.iter().enumerate() {
            push_separator(line, index);
            line.extend_from_slice(&self.names[index]);
            if !column.is_valid(row) {
                line.extend_from_slice(b"null");
                continue;
            }
            let is_told = match &column.values {
                Values::Utf8(v) | Values::Binary(v) => push_string(line, v.get(row)),
                Values::Vector(v) => {
                    let width = self.schema.fields[index].width as usize;
                    push_list(line, &v[row * width..(row + 1) * width])
                }
                Values::Float64(v) if !v[row].is_finite() => {
                    push_string(line, format!("{:?}", v[row]).as_bytes())
                }
                Values::TimestampUs(v) => push_string(line, format_timestamp_us(v[row]).as_bytes()),
                _ => {
                    push_plain(line, column, row);
                    true
                }
            };
            if !is_told {
                let (format, column) = (self.format, self.schema.fields[index].name.clone());
                let remedy = "JSON has neither bytes that are no UTF-8 nor vectors with NaN or infinity: export Parquet or Arrow IPC";
                return Err(ExportError::Value { format, column, row: self.rows, remedy });
            }
        }
        line.push(b'}');
        Ok(())
    }
}

fn push_separator(line: &mut Vec<u8>, index: usize) {
    if index > 0 {
        line.push(b',');
    }
}

/// Numbers, booleans and moments: nothing that needs quotes in CSV. Floats keep a point or an
/// exponent, so that they are read as floats again; their digits are the fewest that tell them
/// apart.
fn push_plain(line: &mut Vec<u8>, column: &Column, row: usize) {
    let written = match &column.values {
        Values::Boolean(v) => write!(line, "{}", v[row] == 1),
        Values::Int64(v) => write!(line, "{}", v[row]),
        Values::Float64(v) => write!(line, "{:?}", v[row]),
        Values::TimestampUs(v) => write!(line, "{}", format_timestamp_us(v[row])),
        Values::Utf8(_) | Values::Binary(_) | Values::Vector(_) => Ok(()),
    };
    written.expect("BUG: a vector takes every byte");
}

/// A CSV field, in quotes where it must be: around separators, quotes, ends of lines, and a mark
/// at the beginning that readers would take for a byte order mark.
fn push_quoted(line: &mut Vec<u8>, text: &[u8], is_only: bool) {
    let needs = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.iter().any(needs) && !text.starts_with(b"\xef\xbb\xbf") {
        // One column, white space alone: some readers skip such a line.
        if !(is_only && text.trim_ascii().is_empty()) {
            return line.extend_from_slice(text);
        }
    }
    line.push(b'"');
    for byte in text {
        line.push(*byte);
        if *byte == b'"' {
            line.push(b'"');
        }
    }
    line.push(b'"');
}

/// A JSON string; false for bytes that are no UTF-8.
fn push_string(line: &mut Vec<u8>, text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    serde_json::to_writer(line, text).is_ok()
}

/// A JSON list; false if a number is none.
fn push_list(line: &mut Vec<u8>, numbers: &[f32]) -> bool {
    line.push(b'[');
    for (index, number) in numbers.iter().enumerate() {
        push_separator(line, index);
        if write!(line, "{number:?}").is_err() {
            return false;
        }
    }
    line.push(b']');
    numbers.iter().all(|number| number.is_finite())
}
