//! Strategies and shorthands that several tests use.

use std::sync::Arc;

use proptest::prelude::*;
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
