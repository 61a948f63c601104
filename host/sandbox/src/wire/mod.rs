//! `refrain:types/data` as Rust: borrowed on the way in, owned on the way out.
//!
//! The types are written by hand so that columns go in without an owned copy: a [`BatchRef`]
//! borrows every buffer, and wasmtime copies it into the guest in bulk. On the way out, buffers
//! are lifted once, straight into the vectors that the domain keeps.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Failure, Field, Kind, Schema, Values, VariableValues};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::outcome::clipped;

mod roles;

pub(crate) use roles::*;

/// An answer with something for each column.
pub(crate) trait Wide {
    /// For how many at most.
    fn width(&self) -> usize;
}

/// How every fallible export answers.
pub(crate) type Answer<T> = (Result<T, Error>,);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum WireKind {
    #[component(name = "boolean")]
    Boolean,
    #[component(name = "int64")]
    Int64,
    #[component(name = "float64")]
    Float64,
    #[component(name = "timestamp-us")]
    TimestampUs,
    #[component(name = "utf8")]
    Utf8,
    #[component(name = "binary")]
    Binary,
    #[component(name = "vector")]
    Vector,
}

const KINDS: [(WireKind, Kind); 7] = [
    (WireKind::Boolean, Kind::Boolean),
    (WireKind::Int64, Kind::Int64),
    (WireKind::Float64, Kind::Float64),
    (WireKind::TimestampUs, Kind::TimestampUs),
    (WireKind::Utf8, Kind::Utf8),
    (WireKind::Binary, Kind::Binary),
    (WireKind::Vector, Kind::Vector),
];

#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub(crate) struct FieldRef<'a> {
    name: &'a str,
    kind: WireKind,
    nullable: bool,
    width: u32,
}

#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub(crate) struct SchemaRef<'a> {
    fields: Vec<FieldRef<'a>>,
}

pub(crate) fn schema_ref(schema: &Schema) -> SchemaRef<'_> {
    let fields = schema.fields.iter().map(|field| FieldRef {
        name: &field.name,
        kind: KINDS.into_iter().find(|(_, kind)| *kind == field.kind).expect("BUG: a kind").0,
        nullable: field.nullable,
        width: field.width,
    });
    SchemaRef { fields: fields.collect() }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireField {
    name: String,
    kind: WireKind,
    nullable: bool,
    width: u32,
}

impl From<WireField> for Field {
    fn from(field: WireField) -> Self {
        let kind = KINDS.into_iter().find(|(wire, _)| *wire == field.kind).expect("BUG: a kind").1;
        Self { name: field.name, kind, nullable: field.nullable, width: field.width }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireSchema {
    fields: Vec<WireField>,
}

impl From<WireSchema> for Schema {
    fn from(schema: WireSchema) -> Self {
        Self { fields: schema.fields.into_iter().map(Field::from).collect() }
    }
}

#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct VariableRef<'a> {
    offsets: &'a [u32],
    bytes: &'a [u8],
}

#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum ValuesRef<'a> {
    #[component(name = "boolean")]
    Boolean(&'a [u8]),
    #[component(name = "int64")]
    Int64(&'a [i64]),
    #[component(name = "float64")]
    Float64(&'a [f64]),
    #[component(name = "timestamp-us")]
    TimestampUs(&'a [i64]),
    #[component(name = "utf8")]
    Utf8(VariableRef<'a>),
    #[component(name = "binary")]
    Binary(VariableRef<'a>),
    #[component(name = "vector")]
    Vector(&'a [f32]),
}

#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub(crate) struct ColumnRef<'a> {
    values: ValuesRef<'a>,
    validity: &'a [u8],
}

#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub(crate) struct BatchRef<'a> {
    rows: u32,
    columns: Vec<ColumnRef<'a>>,
}

pub(crate) fn batch_ref(batch: &Batch) -> BatchRef<'_> {
    let rows = u32::try_from(batch.rows).expect("BUG: a batch of more than 2^32 rows");
    BatchRef { rows, columns: batch.columns.iter().map(|column| column_ref(column)).collect() }
}

fn column_ref(column: &Column) -> ColumnRef<'_> {
    let values = match &column.values {
        Values::Boolean(v) => ValuesRef::Boolean(v),
        Values::Int64(v) => ValuesRef::Int64(v),
        Values::Float64(v) => ValuesRef::Float64(v),
        Values::TimestampUs(v) => ValuesRef::TimestampUs(v),
        Values::Utf8(v) => ValuesRef::Utf8(variable_ref(v)),
        Values::Binary(v) => ValuesRef::Binary(variable_ref(v)),
        Values::Vector(v) => ValuesRef::Vector(v),
    };
    ColumnRef { values, validity: &column.validity }
}

fn variable_ref(values: &VariableValues) -> VariableRef<'_> {
    VariableRef { offsets: &values.offsets, bytes: &values.bytes }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireVariable {
    offsets: Vec<u32>,
    bytes: Vec<u8>,
}

impl From<WireVariable> for VariableValues {
    fn from(values: WireVariable) -> Self {
        Self { offsets: values.offsets, bytes: values.bytes }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum WireValues {
    #[component(name = "boolean")]
    Boolean(Vec<u8>),
    #[component(name = "int64")]
    Int64(Vec<i64>),
    #[component(name = "float64")]
    Float64(Vec<f64>),
    #[component(name = "timestamp-us")]
    TimestampUs(Vec<i64>),
    #[component(name = "utf8")]
    Utf8(WireVariable),
    #[component(name = "binary")]
    Binary(WireVariable),
    #[component(name = "vector")]
    Vector(Vec<f32>),
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireColumn {
    values: WireValues,
    validity: Vec<u8>,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireBatch {
    rows: u32,
    columns: Vec<WireColumn>,
}

impl Wide for WireBatch {
    fn width(&self) -> usize {
        self.columns.len()
    }
}

impl From<WireBatch> for Batch {
    fn from(batch: WireBatch) -> Self {
        let columns = batch.columns.into_iter().map(|column| {
            let values = match column.values {
                WireValues::Boolean(v) => Values::Boolean(v),
                WireValues::Int64(v) => Values::Int64(v),
                WireValues::Float64(v) => Values::Float64(v),
                WireValues::TimestampUs(v) => Values::TimestampUs(v),
                WireValues::Utf8(v) => Values::Utf8(v.into()),
                WireValues::Binary(v) => Values::Binary(v.into()),
                WireValues::Vector(v) => Values::Vector(v),
            };
            Arc::new(Column { values, validity: column.validity })
        });
        Self { rows: batch.rows as usize, columns: columns.collect() }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Error {
    #[component(name = "invalid-params")]
    InvalidParams(String),
    #[component(name = "invalid-input")]
    InvalidInput(String),
    #[component(name = "failed")]
    Failed(String),
    #[component(name = "other")]
    Other((u32, String)),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, message) = match error {
            Error::InvalidParams(message) => ("invalid-params".to_owned(), message),
            Error::InvalidInput(message) => ("invalid-input".to_owned(), message),
            Error::Failed(message) => ("failed".to_owned(), message),
            Error::Other((code, message)) => (format!("other({code})"), message),
        };
        Self::Error { kind, message: clipped(&message).into_owned() }
    }
}
