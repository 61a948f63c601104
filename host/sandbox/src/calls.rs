//! How the host's calls reach a component: a trait a role, with a function for each of `wit/`.
//!
//! What a trait gives by itself are the calls of the newest version, the only one that the rest of
//! the host knows. The adapter of another version says in what its calls differ, and nothing else:
//! see `host/docs/adr/0018-worlds-evolve-through-adapters.md`.
//!
//! Absent on purpose: nothing here judges what a guest returned. `roles` does, for all versions, so
//! that no adapter can forget to.

use refrain_domain::{
    Batch, Decision, DriftScore, Fact, Failure, FoldDescription, Metric, PassEnd,
    PredictorDescription, Role, Schema, TrainerDescription, TransformDescription,
};

use crate::instance::RawInstance;
use crate::outcome::contract;
use crate::wire::{
    FactRef, Wide, WireBatch, WireDecision, WireFold, WireMetric, WirePassEnd, WirePredictor,
    WireScore, WireTrainer, WireTransform, WireWindow, batch_ref, fact_ref, schema_ref,
};

type Result<T> = std::result::Result<T, Failure>;

/// The most columns that a guest may speak of.
const COLUMNS_MAX: usize = 100_000;

/// An answer in the domain's words, if it is not too wide: before anything is made of each column.
fn narrow<W: Wide + Into<T>, T>(wire: W) -> Result<T> {
    let n = wire.width();
    if n <= COLUMNS_MAX {
        return Ok(wire.into());
    }
    Err(contract(format!("the answer speaks of {n} columns, at most {COLUMNS_MAX} are allowed")))
}

/// The adapter of a contract.
#[derive(Clone, Copy)]
pub(crate) enum Calls {
    Transform(&'static dyn TransformCalls),
    Trainer(&'static dyn TrainerCalls),
    Predictor(&'static dyn PredictorCalls),
    Evaluator(&'static dyn EvaluatorCalls),
    Drift(&'static dyn DriftCalls),
    Trigger(&'static dyn TriggerCalls),
}

impl Calls {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Transform(_) => Role::Transform,
            Self::Trainer(_) => Role::Trainer,
            Self::Predictor(_) => Role::Predictor,
            Self::Evaluator(_) => Role::Evaluator,
            Self::Drift(_) => Role::Drift,
            Self::Trigger(_) => Role::Trigger,
        }
    }
}

/// The newest version of every world: calls as they are.
pub(crate) struct Newest;

impl TransformCalls for Newest {}
impl TrainerCalls for Newest {}
impl PredictorCalls for Newest {}
impl EvaluatorCalls for Newest {}
impl DriftCalls for Newest {}
impl TriggerCalls for Newest {}

pub(crate) trait TransformCalls: Sync {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
    ) -> Result<TransformDescription> {
        let wire: WireTransform = raw.call("describe", (params, schema_ref(input)))?;
        narrow(wire)
    }

    fn fit_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        seed: u64,
    ) -> Result<()> {
        raw.call("fit-start", (params, schema_ref(input), seed))
    }

    fn fit_update(&self, raw: &mut RawInstance, input: &Batch) -> Result<()> {
        raw.call("fit-update", (batch_ref(input),))
    }

    fn fit_save(&self, raw: &mut RawInstance) -> Result<Vec<u8>> {
        raw.call("fit-save", ())
    }

    fn fit_merge(&self, raw: &mut RawInstance, saved: &[u8]) -> Result<()> {
        raw.call("fit-merge", (saved,))
    }

    fn fit_finish(&self, raw: &mut RawInstance) -> Result<Vec<u8>> {
        raw.call("fit-finish", ())
    }

    fn apply_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        state: &[u8],
    ) -> Result<()> {
        raw.call("apply-start", (params, schema_ref(input), state))
    }

    fn apply(&self, raw: &mut RawInstance, input: &Batch) -> Result<Batch> {
        let made: WireBatch = raw.call("apply", (batch_ref(input),))?;
        narrow(made)
    }
}

pub(crate) trait TrainerCalls: Sync {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
    ) -> Result<TrainerDescription> {
        let wire: WireTrainer = raw.call("describe", (params, schema_ref(input)))?;
        narrow(wire)
    }

    fn pass_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        seed: u64,
        state: &[u8],
    ) -> Result<()> {
        raw.call("pass-start", (params, schema_ref(input), seed, state))
    }

    fn pass_update(&self, raw: &mut RawInstance, input: &Batch) -> Result<()> {
        raw.call("pass-update", (batch_ref(input),))
    }

    fn pass_save(&self, raw: &mut RawInstance) -> Result<Vec<u8>> {
        raw.call("pass-save", ())
    }

    fn pass_merge(&self, raw: &mut RawInstance, saved: &[u8]) -> Result<()> {
        raw.call("pass-merge", (saved,))
    }

    fn pass_finish(&self, raw: &mut RawInstance) -> Result<PassEnd> {
        let wire: WirePassEnd = raw.call("pass-finish", ())?;
        Ok(wire.into())
    }

    fn finish(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        state: &[u8],
    ) -> Result<Vec<u8>> {
        raw.call("finish", (params, schema_ref(input), state))
    }

    fn predict_start(&self, raw: &mut RawInstance, input: &Schema, model: &[u8]) -> Result<()> {
        raw.call("predict-start", (schema_ref(input), model))
    }

    fn predict(&self, raw: &mut RawInstance, input: &Batch) -> Result<Batch> {
        let made: WireBatch = raw.call("predict", (batch_ref(input),))?;
        narrow(made)
    }
}

pub(crate) trait PredictorCalls: Sync {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        model: &[u8],
    ) -> Result<PredictorDescription> {
        let wire: WirePredictor = raw.call("describe", (params, schema_ref(input), model))?;
        narrow(wire)
    }

    fn predict_start(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
        model: &[u8],
    ) -> Result<()> {
        raw.call("predict-start", (params, schema_ref(input), model))
    }

    fn predict(&self, raw: &mut RawInstance, input: &Batch) -> Result<Batch> {
        let made: WireBatch = raw.call("predict", (batch_ref(input),))?;
        narrow(made)
    }
}

pub(crate) trait EvaluatorCalls: Sync {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
    ) -> Result<FoldDescription> {
        let wire: WireFold = raw.call("describe", (params, schema_ref(input)))?;
        narrow(wire)
    }

    fn start(&self, raw: &mut RawInstance, params: &str, input: &Schema) -> Result<()> {
        raw.call("start", (params, schema_ref(input)))
    }

    fn update(&self, raw: &mut RawInstance, input: &Batch) -> Result<()> {
        raw.call("update", (batch_ref(input),))
    }

    fn save(&self, raw: &mut RawInstance) -> Result<Vec<u8>> {
        raw.call("save", ())
    }

    fn merge(&self, raw: &mut RawInstance, saved: &[u8]) -> Result<()> {
        raw.call("merge", (saved,))
    }

    fn finish(&self, raw: &mut RawInstance) -> Result<Vec<Metric>> {
        let wire: Vec<WireMetric> = raw.call("finish", ())?;
        Ok(wire.into_iter().map(Metric::from).collect())
    }
}

pub(crate) trait DriftCalls: Sync {
    fn describe(
        &self,
        raw: &mut RawInstance,
        params: &str,
        input: &Schema,
    ) -> Result<FoldDescription> {
        let wire: WireFold = raw.call("describe", (params, schema_ref(input)))?;
        narrow(wire)
    }

    fn start(&self, raw: &mut RawInstance, params: &str, input: &Schema) -> Result<()> {
        raw.call("start", (params, schema_ref(input)))
    }

    fn update(&self, raw: &mut RawInstance, current: bool, input: &Batch) -> Result<()> {
        let window = if current { WireWindow::Current } else { WireWindow::Reference };
        raw.call("update", (window, batch_ref(input)))
    }

    fn save(&self, raw: &mut RawInstance) -> Result<Vec<u8>> {
        raw.call("save", ())
    }

    fn merge(&self, raw: &mut RawInstance, saved: &[u8]) -> Result<()> {
        raw.call("merge", (saved,))
    }

    fn finish(&self, raw: &mut RawInstance) -> Result<Vec<DriftScore>> {
        let wire: Vec<WireScore> = raw.call("finish", ())?;
        wire.into_iter().map(|score| score.into_score().map_err(contract)).collect()
    }
}

pub(crate) trait TriggerCalls: Sync {
    fn describe(&self, raw: &mut RawInstance, params: &str) -> Result<Vec<String>> {
        raw.call("describe", (params,))
    }

    fn decide(&self, raw: &mut RawInstance, params: &str, facts: &[Fact]) -> Result<Decision> {
        let facts: Vec<FactRef<'_>> = facts.iter().map(fact_ref).collect();
        let wire: WireDecision = raw.call("decide", (params, facts.as_slice()))?;
        Ok(wire.into())
    }
}
