//! What the roles add to `refrain:types/data`: descriptions, metrics, scores, facts, decisions.

use refrain_domain::{
    DriftScore, DriftVerdict, Evidence, Fact, FactValue, FoldDescription, Measure, Metric,
    OutputColumn, PassEnd, PredictorDescription, Tag, TrainerDescription, TransformDescription,
    TriggerVerdict,
};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Wide, WireField, WireSchema};

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum WireOutputColumn {
    #[component(name = "kept")]
    Kept(u32),
    #[component(name = "computed")]
    Computed(WireField),
}

impl From<WireOutputColumn> for OutputColumn {
    fn from(output: WireOutputColumn) -> Self {
        match output {
            WireOutputColumn::Kept(index) => Self::Kept(index as usize),
            WireOutputColumn::Computed(field) => Self::Computed(field.into()),
        }
    }
}

pub(crate) fn indices(indices: Vec<u32>) -> Vec<usize> {
    indices.into_iter().map(|index| index as usize).collect()
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireTransform {
    reads: Vec<u32>,
    outputs: Vec<WireOutputColumn>,
    #[component(name = "needs-fit")]
    needs_fit: bool,
    mergeable: bool,
}

impl Wide for WireTransform {
    fn width(&self) -> usize {
        self.reads.len().max(self.outputs.len())
    }
}

impl From<WireTransform> for TransformDescription {
    fn from(wire: WireTransform) -> Self {
        Self {
            reads: indices(wire.reads),
            outputs: wire.outputs.into_iter().map(OutputColumn::from).collect(),
            needs_fit: wire.needs_fit,
            mergeable: wire.mergeable,
        }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireTrainer {
    #[component(name = "training-reads")]
    training_reads: Vec<u32>,
    #[component(name = "prediction-reads")]
    prediction_reads: Vec<u32>,
    prediction: WireSchema,
    mergeable: bool,
}

impl Wide for WireTrainer {
    fn width(&self) -> usize {
        let reads = self.training_reads.len().max(self.prediction_reads.len());
        reads.max(self.prediction.fields.len())
    }
}

impl From<WireTrainer> for TrainerDescription {
    fn from(wire: WireTrainer) -> Self {
        Self {
            training_reads: indices(wire.training_reads),
            prediction_reads: indices(wire.prediction_reads),
            prediction: wire.prediction.into(),
            mergeable: wire.mergeable,
        }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WirePredictor {
    reads: Vec<u32>,
    prediction: WireSchema,
}

impl Wide for WirePredictor {
    fn width(&self) -> usize {
        self.reads.len().max(self.prediction.fields.len())
    }
}

impl From<WirePredictor> for PredictorDescription {
    fn from(wire: WirePredictor) -> Self {
        Self { reads: indices(wire.reads), prediction: wire.prediction.into() }
    }
}

#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireFold {
    reads: Vec<u32>,
    mergeable: bool,
}

impl Wide for WireFold {
    fn width(&self) -> usize {
        self.reads.len()
    }
}

impl From<WireFold> for FoldDescription {
    fn from(wire: WireFold) -> Self {
        Self { reads: indices(wire.reads), mergeable: wire.mergeable }
    }
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
    state: Vec<u8>,
    done: bool,
    measures: Vec<WireMeasure>,
}

impl From<WirePassEnd> for PassEnd {
    fn from(wire: WirePassEnd) -> Self {
        let measure = |m: WireMeasure| Measure { name: m.name, value: finite(Some(m.value)) };
        let measures = wire.measures.into_iter().map(measure).collect();
        Self { state: wire.state, done: wire.done, measures }
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
