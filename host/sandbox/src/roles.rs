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
    WirePredictor, WireSchema, WireScore, WireTrainer, WireTransform, WireWindow, batch_ref,
    fact_ref, schema_ref,
};

type Result<T> = std::result::Result<T, Failure>;

/// The most columns that a guest may promise.
const COLUMNS_MAX: usize = 100_000;

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
        check_width(wire.outputs.len())?;
        let mut outputs = Vec::with_capacity(wire.outputs.len());
        // A name of the input can be long: twice is found before it is copied as often as said.
        let mut is_kept = vec![false; n];
        for output in wire.outputs {
            outputs.push(match output {
                WireOutputColumn::Kept(index) => {
                    let index = index_in(index, n, "kept")?;
                    if std::mem::replace(&mut is_kept[index], true) {
                        return Err(contract(format!("describe keeps column {index} twice")));
                    }
                    OutputColumn::Kept(index)
                }
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
        checked_batch(made, input.rows, computed)
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TrainerInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<TrainerDescription> {
        let wire: WireTrainer = self.raw.call("describe", (params, schema_ref(input)))?;
        let n = input.fields.len();
        let prediction = promised(wire.prediction)?;
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
        Ok(wire.into())
    }

    pub fn finish(&mut self, params: &str, input: &Schema, state: &[u8]) -> Result<Vec<u8>> {
        self.raw.call("finish", (params, schema_ref(input), state))
    }

    pub fn predict_start(&mut self, input: &Schema, model: &[u8]) -> Result<()> {
        self.raw.call("predict-start", (schema_ref(input), model))
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made: WireBatch = self.raw.call("predict", (batch_ref(input),))?;
        checked_batch(made, input.rows, prediction)
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
        let prediction = promised(wire.prediction)?;
        Ok(PredictorDescription { reads: indices_in(wire.reads, input.fields.len())?, prediction })
    }

    pub fn predict_start(&mut self, params: &str, input: &Schema, model: &[u8]) -> Result<()> {
        self.raw.call("predict-start", (params, schema_ref(input), model))
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made: WireBatch = self.raw.call("predict", (batch_ref(input),))?;
        checked_batch(made, input.rows, prediction)
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
    let mut found = Vec::with_capacity(indices.len().min(n));
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

/// A schema as promised, if there can be one.
fn promised(schema: WireSchema) -> Result<Schema> {
    check_width(schema.fields.len())?;
    let schema = schema.into();
    check_schema(&schema)?;
    Ok(schema)
}

/// Before anything is made of that many.
fn check_width(n: usize) -> Result<()> {
    if n <= COLUMNS_MAX {
        return Ok(());
    }
    Err(contract(format!("describe promises {n} columns, at most {COLUMNS_MAX} are allowed")))
}

fn checked_batch(made: WireBatch, rows: usize, schema: &Schema) -> Result<Batch> {
    if made.rows as usize != rows {
        let message = format!("{} rows came back for {rows}", made.rows);
        return Err(contract(message));
    }
    // Before anything is made of each.
    let (found, expected) = (made.columns.len(), schema.fields.len());
    if found != expected {
        return Err(contract(format!("the batch has {found} columns, its schema {expected}")));
    }
    let batch = Batch::from(made);
    batch.check(schema).map_err(|error| contract(error.to_string()))?;
    Ok(batch)
}
