//! The six worlds as typed instances. Everything that a guest returns is checked here, whatever the
//! version of its world: an adapter has made it the host's by then.

use refrain_domain::{
    Batch, Decision, DriftScore, Fact, Failure, FoldDescription, Metric, OutputColumn, PassEnd,
    PredictorDescription, Role, Schema, TrainerDescription, TransformDescription,
};

use crate::calls::{
    Calls, DriftCalls, EvaluatorCalls, PredictorCalls, TrainerCalls, TransformCalls, TriggerCalls,
};
use crate::engine::Plugin;
use crate::instance::{RawInstance, UnitContext, Usage};
use crate::outcome::contract;

type Result<T> = std::result::Result<T, Failure>;

macro_rules! instances {
    ($($name:ident, $method:ident, $role:ident, $calls:ident, $what:literal;)*) => {$(
        #[doc = concat!("An instance of ", $what, ".")]
        pub struct $name {
            raw: RawInstance,
            calls: &'static dyn $calls,
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
                let Calls::$role(calls) = self.inner.contract.calls else {
                    let (world, role) = (self.world(), Role::$role);
                    return Err(contract(format!("it implements `{world}`, not a {role}")));
                };
                Ok($name { raw: self.instantiate(context)?, calls })
            }
        }
    )*};
}

instances! {
    TransformInstance, transform, Transform, TransformCalls, "a transform";
    TrainerInstance, trainer, Trainer, TrainerCalls, "a trainer";
    PredictorInstance, predictor, Predictor, PredictorCalls, "a predictor";
    EvaluatorInstance, evaluator, Evaluator, EvaluatorCalls, "an evaluator";
    DriftInstance, drift, Drift, DriftCalls, "a drift detector";
    TriggerInstance, trigger, Trigger, TriggerCalls, "a trigger";
}

/// Functions whose answer needs no check.
macro_rules! unchecked {
    ($(fn $name:ident($($parameter:ident: $ty:ty),*) -> $answer:ty;)*) => {$(
        pub fn $name(&mut self $(, $parameter: $ty)*) -> Result<$answer> {
            self.calls.$name(&mut self.raw $(, $parameter)*)
        }
    )*};
}

/// The methods below follow `wit/`, function by function. Each fails as the guest fails, or with
/// a contract error that names what the guest returned wrongly.
#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TransformInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<TransformDescription> {
        let description = self.calls.describe(&mut self.raw, params, input)?;
        let n = input.fields.len();
        // A name of the input can be long: twice is found before it is copied as often as said.
        let mut is_kept = vec![false; n];
        for output in &description.outputs {
            if let OutputColumn::Kept(index) = output {
                check_index(*index, n, "kept")?;
                if std::mem::replace(&mut is_kept[*index], true) {
                    return Err(contract(format!("describe keeps column {index} twice")));
                }
            }
        }
        check_reads(&description.reads, n)?;
        check_schema(&description.output(input))?;
        Ok(description)
    }

    pub fn apply(&mut self, input: &Batch, computed: &Schema) -> Result<Batch> {
        let made = self.calls.apply(&mut self.raw, input)?;
        check_batch(made, input.rows, computed)
    }

    unchecked! {
        fn fit_start(params: &str, input: &Schema, seed: u64) -> ();
        fn fit_update(input: &Batch) -> ();
        fn fit_save() -> Vec<u8>;
        fn fit_merge(saved: &[u8]) -> ();
        fn fit_finish() -> Vec<u8>;
        fn apply_start(params: &str, input: &Schema, state: &[u8]) -> ();
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TrainerInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<TrainerDescription> {
        let description = self.calls.describe(&mut self.raw, params, input)?;
        check_schema(&description.prediction)?;
        check_reads(&description.training_reads, input.fields.len())?;
        check_reads(&description.prediction_reads, input.fields.len())?;
        Ok(description)
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made = self.calls.predict(&mut self.raw, input)?;
        check_batch(made, input.rows, prediction)
    }

    unchecked! {
        fn pass_start(params: &str, input: &Schema, seed: u64, state: &[u8]) -> ();
        fn pass_update(input: &Batch) -> ();
        fn pass_save() -> Vec<u8>;
        fn pass_merge(saved: &[u8]) -> ();
        fn pass_finish() -> PassEnd;
        fn finish(params: &str, input: &Schema, state: &[u8]) -> Vec<u8>;
        fn predict_start(input: &Schema, model: &[u8]) -> ();
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
        let description = self.calls.describe(&mut self.raw, params, input, model)?;
        check_schema(&description.prediction)?;
        check_reads(&description.reads, input.fields.len())?;
        Ok(description)
    }

    pub fn predict(&mut self, input: &Batch, prediction: &Schema) -> Result<Batch> {
        let made = self.calls.predict(&mut self.raw, input)?;
        check_batch(made, input.rows, prediction)
    }

    unchecked! {
        fn predict_start(params: &str, input: &Schema, model: &[u8]) -> ();
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl EvaluatorInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<FoldDescription> {
        let description = self.calls.describe(&mut self.raw, params, input)?;
        check_reads(&description.reads, input.fields.len())?;
        Ok(description)
    }

    unchecked! {
        fn start(params: &str, input: &Schema) -> ();
        fn update(input: &Batch) -> ();
        fn save() -> Vec<u8>;
        fn merge(saved: &[u8]) -> ();
        fn finish() -> Vec<Metric>;
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl DriftInstance {
    pub fn describe(&mut self, params: &str, input: &Schema) -> Result<FoldDescription> {
        let description = self.calls.describe(&mut self.raw, params, input)?;
        check_reads(&description.reads, input.fields.len())?;
        Ok(description)
    }

    unchecked! {
        fn start(params: &str, input: &Schema) -> ();
        fn update(current: bool, input: &Batch) -> ();
        fn save() -> Vec<u8>;
        fn merge(saved: &[u8]) -> ();
        fn finish() -> Vec<DriftScore>;
    }
}

#[expect(missing_docs, reason = "the functions of wit/, documented there")]
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl TriggerInstance {
    unchecked! {
        fn describe(params: &str) -> Vec<String>;
        fn decide(params: &str, facts: &[Fact]) -> Decision;
    }
}

fn check_index(index: usize, n: usize, what: &str) -> Result<()> {
    if index < n {
        return Ok(());
    }
    Err(contract(format!("describe names {what} column {index} of an input of {n}")))
}

fn check_reads(reads: &[usize], n: usize) -> Result<()> {
    for (i, index) in reads.iter().enumerate() {
        check_index(*index, n, "read")?;
        if reads[..i].contains(index) {
            return Err(contract(format!("describe reads column {index} twice")));
        }
    }
    Ok(())
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
