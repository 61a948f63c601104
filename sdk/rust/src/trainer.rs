//! Trainers: rows in, a model out, and predictions from that model.

use serde::de::DeserializeOwned;

use crate::bindings::trainer::exports::refrain::trainer::plugin;
use crate::export::{Exported, Held};
use crate::fold::Stage;
use crate::{Batch, Fold, Map, Result, Schema, params};

pub use crate::bindings::trainer::exports::refrain::trainer::plugin::{
    Description, Measure, PassEnd,
};

/// A trainer: a sequence of passes over all rows, then a model.
pub trait Trainer: Sized {
    /// The parameters.
    type Params: DeserializeOwned;
    /// One pass: from the state before it to the state after it.
    type Pass: Fold<Output = PassEnd>;
    /// What predicts.
    type Model: Map;

    /// Checks the parameters against the schema, and says what the trainer will do.
    ///
    /// # Errors
    /// Whatever is wrong with the parameters.
    fn describe(params: &Self::Params, input: &Schema) -> Result<Description>;

    /// Begins a pass. `input` is the schema of the training columns; `state` is empty on the
    /// first pass, then what the pass before it ended in.
    ///
    /// # Errors
    /// If the state is not of such a pass.
    fn pass(params: &Self::Params, input: &Schema, seed: u64, state: &[u8]) -> Result<Self::Pass>;

    /// The model, from the state of the last pass. `input` is the schema of the training columns.
    ///
    /// # Errors
    /// If the state is not of such a pass.
    fn finish(params: &Self::Params, input: &Schema, state: &[u8]) -> Result<Vec<u8>>;

    /// Loads a model. `input` is the schema of the prediction columns.
    ///
    /// # Errors
    /// If the bytes are not of such a model, or the columns are not those it was trained on.
    fn model(input: &Schema, model: &[u8]) -> Result<Self::Model>;
}

impl Measure {
    /// A number worth watching; `name` in `snake_case`.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value }
    }
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Trainer>(Stage<T::Pass, T::Model>);

impl<T: Trainer> Default for Instance<T> {
    fn default() -> Self {
        Self(Stage::Idle)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/trainer")]
impl<T: Trainer> Instance<T> {
    pub fn describe(params: &str, input: &Schema) -> Result<Description> {
        T::describe(&params::parse(params)?, input)
    }

    pub fn pass_start(
        &mut self,
        params: &str,
        input: &Schema,
        seed: u64,
        state: &[u8],
    ) -> Result<()> {
        self.0 = Stage::Folding(T::pass(&params::parse(params)?, input, seed, state)?);
        Ok(())
    }

    pub fn pass_update(&mut self, input: Batch) -> Result<()> {
        self.0.fold("pass-update", "pass-start")?.update(input)
    }

    pub fn pass_save(&mut self) -> Result<Vec<u8>> {
        self.0.fold("pass-save", "pass-start")?.save()
    }

    pub fn pass_merge(&mut self, saved: &[u8]) -> Result<()> {
        self.0.fold("pass-merge", "pass-start")?.merge(saved)
    }

    pub fn pass_finish(&mut self) -> Result<PassEnd> {
        self.0.finish("pass-finish", "pass-start")
    }

    pub fn finish(params: &str, input: &Schema, state: &[u8]) -> Result<Vec<u8>> {
        T::finish(&params::parse(params)?, input, state)
    }

    pub fn predict_start(&mut self, input: &Schema, model: &[u8]) -> Result<()> {
        self.0 = Stage::Mapping(T::model(input, model)?);
        Ok(())
    }

    pub fn predict(&mut self, input: Batch) -> Result<Batch> {
        self.0.map(input, "predict", "predict-start")
    }
}

impl<T: Trainer + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String, input: Schema) -> Result<Description> {
        Instance::<T>::describe(&params, &input)
    }

    fn pass_start(params: String, input: Schema, seed: u64, state: Vec<u8>) -> Result<()> {
        T::with(|held| held.pass_start(&params, &input, seed, &state))
    }

    fn pass_update(input: Batch) -> Result<()> {
        T::with(|held| held.pass_update(input))
    }

    fn pass_save() -> Result<Vec<u8>> {
        T::with(|held| held.pass_save())
    }

    fn pass_merge(saved: Vec<u8>) -> Result<()> {
        T::with(|held| held.pass_merge(&saved))
    }

    fn pass_finish() -> Result<PassEnd> {
        T::with(Instance::pass_finish)
    }

    fn finish(params: String, input: Schema, state: Vec<u8>) -> Result<Vec<u8>> {
        Instance::<T>::finish(&params, &input, &state)
    }

    fn predict_start(input: Schema, model: Vec<u8>) -> Result<()> {
        T::with(|held| held.predict_start(&input, &model))
    }

    fn predict(input: Batch) -> Result<Batch> {
        T::with(|held| held.predict(input))
    }
}
