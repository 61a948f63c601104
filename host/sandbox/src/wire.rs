//! `refrain:types/data` as Rust: borrowed on the way in, owned on the way out.
//!
//! The types are written by hand so that columns go in without an owned copy: a [`BatchRef`]
//! borrows every buffer, and wasmtime copies it into the guest in bulk. On the way out, buffers
//! are lifted once, straight into the vectors that the domain keeps.

use std::sync::Arc;

use refrain_domain::{
    Batch, Column, DriftScore, DriftVerdict, Evidence, Fact, FactValue, Failure, Field, Kind,
    Measure, Metric, Schema, Tag, TriggerVerdict, Values, VariableValues,
};
use wasmtime::component::{ComponentType, Lift, Lower};

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
        Self::Error { kind, message }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum WireOutputColumn {
    #[component(name = "kept")]
    Kept(u32),
    #[component(name = "computed")]
    Computed(WireField),
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireTransform {
    pub reads: Vec<u32>,
    pub outputs: Vec<WireOutputColumn>,
    #[component(name = "needs-fit")]
    pub needs_fit: bool,
    pub mergeable: bool,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireTrainer {
    #[component(name = "training-reads")]
    pub training_reads: Vec<u32>,
    #[component(name = "prediction-reads")]
    pub prediction_reads: Vec<u32>,
    pub prediction: WireSchema,
    pub mergeable: bool,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WirePredictor {
    pub reads: Vec<u32>,
    pub prediction: WireSchema,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireFold {
    pub reads: Vec<u32>,
    pub mergeable: bool,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireMeasure {
    name: String,
    value: f64,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WirePassEnd {
    pub state: Vec<u8>,
    pub done: bool,
    measures: Vec<WireMeasure>,
}

impl WirePassEnd {
    pub(crate) fn measures(&self) -> Vec<Measure> {
        let measure =
            |m: &WireMeasure| Measure { name: m.name.clone(), value: finite(Some(m.value)) };
        self.measures.iter().map(measure).collect()
    }
}

/// JSON has no NaN and no infinity; both mean that the number is not defined.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireTag {
    name: String,
    value: String,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireMetric {
    name: String,
    slice: Vec<WireTag>,
    part: Vec<WireTag>,
    value: Option<f64>,
    #[component(name = "n-rows")]
    n_rows: u64,
}

impl From<WireMetric> for Metric {
    fn from(metric: WireMetric) -> Self {
        let tags = |tags: Vec<WireTag>| {
            tags.into_iter().map(|t| Tag { name: t.name, value: t.value }).collect()
        };
        Self {
            name: metric.name,
            slice: tags(metric.slice),
            part: tags(metric.part),
            value: finite(metric.value),
            n_rows: metric.n_rows,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum WireWindow {
    #[component(name = "reference")]
    Reference,
    #[component(name = "current")]
    Current,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "made by guests, lifted here")]
pub(crate) enum WireDriftVerdict {
    #[component(name = "drifted")]
    Drifted,
    #[component(name = "stable")]
    Stable,
    #[component(name = "inconclusive")]
    Inconclusive,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireScore {
    column: String,
    measure: String,
    value: Option<f64>,
    #[component(name = "p-value")]
    p_value: Option<f64>,
    threshold: f64,
    verdict: WireDriftVerdict,
    #[component(name = "n-reference")]
    n_reference: u64,
    #[component(name = "n-current")]
    n_current: u64,
}

impl WireScore {
    pub(crate) fn into_score(self) -> Result<DriftScore, String> {
        if !self.threshold.is_finite() {
            return Err(format!("the threshold of `{}` is not finite", self.column));
        }
        Ok(DriftScore {
            column: self.column,
            measure: self.measure,
            value: finite(self.value),
            p_value: finite(self.p_value),
            threshold: self.threshold,
            verdict: match self.verdict {
                WireDriftVerdict::Drifted => DriftVerdict::Drifted,
                WireDriftVerdict::Stable => DriftVerdict::Stable,
                WireDriftVerdict::Inconclusive => DriftVerdict::Inconclusive,
            },
            n_reference: self.n_reference,
            n_current: self.n_current,
        })
    }
}

#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum FactValueRef<'a> {
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "number")]
    Number(f64),
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "timestamp-us")]
    TimestampUs(i64),
    #[component(name = "seconds")]
    Seconds(f64),
    #[component(name = "text")]
    Text(&'a str),
}

#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub(crate) struct FactRef<'a> {
    name: &'a str,
    value: FactValueRef<'a>,
}

pub(crate) fn fact_ref(fact: &Fact) -> FactRef<'_> {
    let value = match &fact.value {
        FactValue::Integer(v) => FactValueRef::Integer(*v),
        FactValue::Number(v) => FactValueRef::Number(*v),
        FactValue::Boolean(v) => FactValueRef::Boolean(*v),
        FactValue::TimestampUs(v) => FactValueRef::TimestampUs(*v),
        FactValue::Seconds(v) => FactValueRef::Seconds(*v),
        FactValue::Text(v) => FactValueRef::Text(v),
    };
    FactRef { name: &fact.name, value }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "made by guests, lifted here")]
pub(crate) enum WireTriggerVerdict {
    #[component(name = "fire")]
    Fire,
    #[component(name = "hold")]
    Hold,
    #[component(name = "inconclusive")]
    Inconclusive,
}

impl From<WireTriggerVerdict> for TriggerVerdict {
    fn from(verdict: WireTriggerVerdict) -> Self {
        match verdict {
            WireTriggerVerdict::Fire => Self::Fire,
            WireTriggerVerdict::Hold => Self::Hold,
            WireTriggerVerdict::Inconclusive => Self::Inconclusive,
        }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireEvidence {
    rule: String,
    verdict: WireTriggerVerdict,
    detail: String,
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireDecision {
    verdict: WireTriggerVerdict,
    reason: String,
    evidence: Vec<WireEvidence>,
}

impl From<WireDecision> for refrain_domain::Decision {
    fn from(decision: WireDecision) -> Self {
        let evidence = decision.evidence.into_iter().map(|e| Evidence {
            rule: e.rule,
            verdict: e.verdict.into(),
            detail: e.detail,
        });
        Self {
            verdict: decision.verdict.into(),
            reason: decision.reason,
            evidence: evidence.collect(),
        }
    }
}
