//! The six worlds as typed instances. Everything that a guest returns is checked here.

use refrain_domain::{
    Batch, Decision, DriftScore, Fact, Failure, FoldDescription, Metric, OutputColumn, PassEnd,
    PredictorDescription, Role, Schema, TrainerDescription, TransformDescription,
};

use crate::engine::Plugin;
use crate::instance::{RawInstance, UnitContext, Usage};
use crate::outcome::contract;
use crate::wire::{
    FactRef, WireBatch, WireDecision, WireFold, WireMetric, WireOutputColumn, WirePassEnd,
    WirePredictor, WireScore, WireTrainer, WireTransform, WireWindow, batch_ref, fact_ref,
    schema_ref,
};

type Result<T> = std::result::Result<T, Failure>;

macro_rules! instances {
    ($($name:ident, $method:ident, $role:ident, $what:literal;)*) => {$(
        #[doc = concat!("An instance of ", $what, ".")]
        pub struct $name {
            raw: RawInstance,
        }

        impl $name {
            /// What it has used so far.
            pub fn usage(&self) -> Usage {
                self.raw.usage()
            }
        }

        impl Plugin {
            #[doc = concat!("A fresh instance of ", $what, ".")]
            ///
            /// # Errors
            /// [`Failure`] if the component is of another world, or fails to start.
            pub fn $method(&self, context: &UnitContext) -> Result<$name> {
                Ok($name { raw: self.instantiate(Role::$role, context)? })
            }
        }
    )*};
}

instances! {
    TransformInstance, transform, Transform, "a transform";
    TrainerInstance, trainer, Trainer, "a trainer";
    PredictorInstance, predictor, Predictor, "a predictor";
    EvaluatorInstance, evaluator, Evaluator, "an evaluator";
    DriftInstance, drift, Drift, "a drift detector";
    TriggerInstance, trigger, Trigger, "a trigger";
}

/// The methods below follow `wit/`, function by function. Each fails as the guest fails, or with
/// a contract error that names what the guest returned wrongly.
#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TransformInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<TransformDescription> {
        let wire: WireTransform = self.raw.call("describe", (params, schema_ref(input)))?;
        let n = input.fields.len();
        let mut outputs = Vec::with_capacity(wire.outputs.len());
        for output in wire.outputs {
            outputs.push(match output {
                WireOutputColumn::Kept(index) => OutputColumn::Kept(index_in(index, n, "kept")?),
                WireOutputColumn::Computed(field) => OutputColumn::Computed(field.into()),
            });
        }
        let description = TransformDescription {
            reads: indices_in(wire.reads, n)?,
            outputs,
            needs_fit: wire.needs_fit,
            mergeable: wire.mergeable,
        };
        check_schema(&description.output(input))?;
        Ok(description)
    }

    pub fn fit_start(&mut self, params: &str, input: &Schema, seed: u64) -> Result<()> {
        self.raw.call("fit-start", (params, schema_ref(input), seed))
    }

    pub fn fit_update(&mut self, input: &Batch) -> Result<()> {
        self.raw.call("fit-update", (batch_ref(input),))
    }

    pub fn fit_save(&mut self) -> Result<Vec<u8>> {
        self.raw.call("fit-save", ())
    }

    pub fn fit_merge(&mut self, saved: &[u8]) -> Result<()> {
        self.raw.call("fit-merge", (saved,))
    }

    pub fn fit_finish(&mut self) -> Result<Vec<u8>> {
        self.raw.call("fit-finish", ())
    }

    pub fn apply_start(&mut self, params: &str, input: &Schema, state: &[u8]) -> Result<()> {
        self.raw.call("apply-start", (params, schema_ref(input), state))
    }

    pub fn apply(&mut self, input: &Batch, computed: &Schema) -> Result<Batch> {
        let made: WireBatch = self.raw.call("apply", (batch_ref(input),))?;
        check_batch(made.into(), input.rows, computed)
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TrainerInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<TrainerDescription> {
        let wire: WireTrainer = self.raw.call("describe", (params, schema_ref(input)))?;
        let n = input.fields.len();
        let prediction: Schema = wire.prediction.into();
        check_schema(&prediction)?;
        Ok(TrainerDescription {
            training_reads: indices_in(wire.training_reads, n)?,
            prediction_reads: indices_in(wire.prediction_reads, n)?,
            prediction,
            mergeable: wire.mergeable,
        })
    }

    pub fn pass_start(
        &mut self,
        params: &str,
        input: &Schema,
        seed: u64,
        state: &[u8],
    ) -> Result<()> {
        self.raw.call("pass-start", (params, schema_ref(input), seed, state))
    }

    pub fn pass_update(&mut self, input: &Batch) -> Result<()> {
        self.raw.call("pass-update", (batch_ref(input),))
    }

    pub fn pass_save(&mut self) -> Result<Vec<u8>> {
        self.raw.call("pass-save", ())
    }

    pub fn pass_merge(&mut self, saved: &[u8]) -> Result<()> {
        self.raw.call("pass-merge", (saved,))
    }

    pub fn pass_finish(&mut self) -> Result<PassEnd> {
        let wire: WirePassEnd = self.raw.call("pass-finish", ())?;
        let measures = wire.measures();
        Ok(PassEnd { state: wire.state, done: wire.done, measures })
    }

    pub fn finish(&mut self, params: &str, input: &Schema, state: &[u8]) -> Result<Vec<u8>> {
        self.raw.call("finish", (params, schema_ref(input), state))
    }

    pub fn predict_start(&mut self, input: &Schema, model: &[u8]) -> Result<()> {
        self.raw.call("predict-start", (schema_ref(input), model))
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made: WireBatch = self.raw.call("predict", (batch_ref(input),))?;
        check_batch(made.into(), input.rows, prediction)
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl PredictorInstance {
    pub fn describe(
        &mut self,
        params: &str,
        input: &Schema,
        model: &[u8],
    ) -> Result<PredictorDescription> {
        let wire: WirePredictor = self.raw.call("describe", (params, schema_ref(input), model))?;
        let prediction: Schema = wire.prediction.into();
        check_schema(&prediction)?;
        Ok(PredictorDescription { reads: indices_in(wire.reads, input.fields.len())?, prediction })
    }

    pub fn predict_start(&mut self, params: &str, input: &Schema, model: &[u8]) -> Result<()> {
        self.raw.call("predict-start", (params, schema_ref(input), model))
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made: WireBatch = self.raw.call("predict", (batch_ref(input),))?;
        check_batch(made.into(), input.rows, prediction)
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl EvaluatorInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<FoldDescription> {
        describe_fold(&mut self.raw, params, input)
    }

    pub fn start(&mut self, params: &str, input: &Schema) -> Result<()> {
        self.raw.call("start", (params, schema_ref(input)))
    }

    pub fn update(&mut self, input: &Batch) -> Result<()> {
        self.raw.call("update", (batch_ref(input),))
    }

    pub fn save(&mut self) -> Result<Vec<u8>> {
        self.raw.call("save", ())
    }

    pub fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.raw.call("merge", (saved,))
    }

    pub fn finish(&mut self) -> Result<Vec<Metric>> {
        let wire: Vec<WireMetric> = self.raw.call("finish", ())?;
        Ok(wire.into_iter().map(Metric::from).collect())
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl DriftInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<FoldDescription> {
        describe_fold(&mut self.raw, params, input)
    }

    pub fn start(&mut self, params: &str, input: &Schema) -> Result<()> {
        self.raw.call("start", (params, schema_ref(input)))
    }

    pub fn update(&mut self, current: bool, input: &Batch) -> Result<()> {
        let window = if current { WireWindow::Current } else { WireWindow::Reference };
        self.raw.call("update", (window, batch_ref(input)))
    }

    pub fn save(&mut self) -> Result<Vec<u8>> {
        self.raw.call("save", ())
    }

    pub fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.raw.call("merge", (saved,))
    }

    pub fn finish(&mut self) -> Result<Vec<DriftScore>> {
        let wire: Vec<WireScore> = self.raw.call("finish", ())?;
        wire.into_iter().map(|score| score.into_score().map_err(contract)).collect()
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TriggerInstance {
    pub fn describe(&mut self, params: &str) -> Result<Vec<String>> {
        self.raw.call("describe", (params,))
    }

    pub fn decide(&mut self, params: &str, facts: &[Fact]) -> Result<Decision> {
        let facts: Vec<FactRef<'_>> = facts.iter().map(fact_ref).collect();
        let wire: WireDecision = self.raw.call("decide", (params, facts.as_slice()))?;
        Ok(wire.into())
    }
}

fn describe_fold(raw: &mut RawInstance, params: &str, input: &Schema) -> Result<FoldDescription> {
    let wire: WireFold = raw.call("describe", (params, schema_ref(input)))?;
    let reads = indices_in(wire.reads, input.fields.len())?;
    Ok(FoldDescription { reads, mergeable: wire.mergeable })
}

fn index_in(index: u32, n: usize, what: &str) -> Result<usize> {
    let index = index as usize;
    if index < n {
        return Ok(index);
    }
    Err(contract(format!("describe names {what} column {index} of an input of {n}")))
}

fn indices_in(indices: Vec<u32>, n: usize) -> Result<Vec<usize>> {
    let mut found = Vec::with_capacity(indices.len());
    for index in indices {
        let index = index_in(index, n, "read")?;
        if found.contains(&index) {
            return Err(contract(format!("describe reads column {index} twice")));
        }
        found.push(index);
    }
    Ok(found)
}

fn check_schema(schema: &Schema) -> Result<()> {
    schema.check().map_err(|error| contract(format!("describe promises a bad schema: {error}")))
}

fn check_batch(batch: Batch, rows: usize, schema: &Schema) -> Result<Batch> {
    if batch.rows != rows {
        let message = format!("{} rows came back for {rows}", batch.rows);
        return Err(contract(message));
    }
    batch.check(schema).map_err(|error| contract(error.to_string()))?;
    Ok(batch)
}
