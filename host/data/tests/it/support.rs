//! Strategies and shorthands that several tests use.

use std::sync::Arc;

use proptest::prelude::*;
use refrain_data::{IngestError, IngestOptions, Malformed, Quarantined, Source, ingest};
use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

/// Any column of this kind, canonical or not.
pub fn any_column(kind: Kind, width: usize, rows: usize) -> BoxedStrategy<Column> {
    let values = match kind {
        Kind::Boolean => prop::collection::vec(0_u8..2, rows).prop_map(Values::Boolean).boxed(),
        Kind::Int64 => prop::collection::vec(any::<i64>(), rows).prop_map(Values::Int64).boxed(),
        Kind::TimestampUs => {
            prop::collection::vec(any::<i64>(), rows).prop_map(Values::TimestampUs).boxed()
        }
        Kind::Float64 => prop::collection::vec(any::<u64>().prop_map(f64::from_bits), rows)
            .prop_map(Values::Float64)
            .boxed(),
        Kind::Vector => prop::collection::vec(any::<u32>().prop_map(f32::from_bits), rows * width)
            .prop_map(Values::Vector)
            .boxed(),
        Kind::Utf8 => prop::collection::vec(".{0,6}", rows)
            .prop_map(|texts| Values::Utf8(variable(texts.iter().map(String::as_bytes))))
            .boxed(),
        Kind::Binary => prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), rows)
            .prop_map(|texts| Values::Binary(variable(texts.iter().map(Vec::as_slice))))
            .boxed(),
    };
    let validity = prop::option::of(prop::collection::vec(any::<bool>(), rows));
    (values, validity)
        .prop_map(|(values, valid)| Column {
            values,
            validity: valid.map_or_else(Vec::new, |valid| bitmap(&valid)),
        })
        .boxed()
}

pub fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Boolean,
        Kind::Int64,
        Kind::Float64,
        Kind::TimestampUs,
        Kind::Utf8,
        Kind::Binary,
        Kind::Vector,
    ])
}

pub fn variable<'a>(values: impl Iterator<Item = &'a [u8]>) -> VariableValues {
    let mut all = VariableValues::new();
    values.for_each(|value| all.push(value));
    all
}

pub fn bitmap(valid: &[bool]) -> Vec<u8> {
    let mut bits = vec![0; valid.len().div_ceil(8)];
    valid.iter().enumerate().filter(|(_, is)| **is).for_each(|(i, _)| bits[i / 8] |= 1 << (i % 8));
    bits
}

/// Columns with their names, all nullable.
pub fn table(columns: Vec<(&str, Column)>) -> (Schema, Batch) {
    let rows = match &columns[0].1.values {
        Values::Boolean(v) => v.len(),
        Values::Int64(v) | Values::TimestampUs(v) => v.len(),
        Values::Float64(v) => v.len(),
        Values::Utf8(v) | Values::Binary(v) => v.len(),
        Values::Vector(_) => panic!("put another column first"),
    };
    let field = |(name, column): &(&str, Column)| Field {
        width: if let Values::Vector(v) = &column.values { (v.len() / rows) as u32 } else { 0 },
        ..Field::new(*name, column.values.kind(), true)
    };
    let schema = Schema::new(columns.iter().map(field).collect()).expect("a schema");
    let columns = columns.into_iter().map(|(_, column)| Arc::new(column)).collect();
    (schema, Batch { rows, columns })
}

pub fn ints(values: &[Option<i64>]) -> Column {
    Column {
        values: Values::Int64(values.iter().map(|v| v.unwrap_or(0)).collect()),
        validity: validity(values),
    }
}

pub fn times(values: &[Option<i64>]) -> Column {
    Column {
        values: Values::TimestampUs(values.iter().map(|v| v.unwrap_or(0)).collect()),
        validity: validity(values),
    }
}

pub fn floats(values: &[Option<f64>]) -> Column {
    Column {
        values: Values::Float64(values.iter().map(|v| v.unwrap_or(0.0)).collect()),
        validity: validity(values),
    }
}

pub fn texts(values: &[Option<&str>]) -> Column {
    Column {
        values: Values::Utf8(variable(values.iter().map(|v| v.unwrap_or("").as_bytes()))),
        validity: validity(values),
    }
}

fn validity<T>(values: &[Option<T>]) -> Vec<u8> {
    let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
    if valid.iter().all(|is| *is) { Vec::new() } else { bitmap(&valid) }
}

/// A whole import: rows end to end, as text would show them.
pub struct Imported {
    pub schema: Schema,
    pub chunks: Vec<Batch>,
    pub quarantined: Vec<Quarantined>,
}

/// A file of these bytes.
pub fn source(name: &str, bytes: &[u8]) -> Source {
    let mut file = tempfile::tempfile().expect("a temporary file");
    std::io::Write::write_all(&mut file, bytes).expect("writes");
    std::io::Seek::rewind(&mut file).expect("rewinds");
    Source::new(name, file)
}

/// Reads a file of these bytes, whose name says nothing.
pub fn read(bytes: &[u8], options: &IngestOptions) -> Result<Imported, IngestError> {
    read_as("upload", bytes, options)
}

/// Reads a file of this name and these bytes.
pub fn read_as(name: &str, bytes: &[u8], options: &IngestOptions) -> Result<Imported, IngestError> {
    let mut chunks = Vec::new();
    let source = source(name, bytes);
    let report = ingest(
        source,
        options,
        &mut |schema, batch| {
            batch.check(schema).map_err(|error| format!("BUG: {error}"))?;
            chunks.push(batch);
            Ok(())
        },
        &mut |_| (),
    )?;
    Ok(Imported { schema: report.schema, chunks, quarantined: report.quarantined })
}

impl Imported {
    /// `name:kind` of every column.
    pub fn kinds(&self) -> String {
        let kinds: Vec<String> = self
            .schema
            .fields
            .iter()
            .map(|field| format!("{}:{}", field.name, field.kind))
            .collect();
        kinds.join(" ")
    }

    /// The only chunk's column of that name.
    pub fn column(&self, name: &str) -> &Column {
        assert_eq!(self.chunks.len(), 1, "several chunks");
        &self.chunks[0].columns[self.schema.index_of(name).expect("such a column")]
    }

    pub fn rows(&self) -> Vec<usize> {
        self.chunks.iter().map(|chunk| chunk.rows).collect()
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

pub fn quarantining() -> IngestOptions {
    IngestOptions { malformed: Malformed::Quarantine, ..IngestOptions::default() }
}

pub fn declaring(columns: &[(&str, Kind)]) -> IngestOptions {
    let schema = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    IngestOptions { schema, ..IngestOptions::default() }
}
