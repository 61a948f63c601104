//! Evaluators: labels and predictions in, metrics out, overall and by slice.

use serde::de::DeserializeOwned;

use crate::bindings::evaluator::exports::refrain::evaluator::plugin;
use crate::export::{Exported, Held};
use crate::{Batch, Error, Fold, Result, Schema, params};

pub use crate::bindings::evaluator::exports::refrain::evaluator::plugin::{
    Description, Metric, Tag,
};

/// An evaluator.
pub trait Evaluator: Sized {
    /// The parameters.
    type Params: DeserializeOwned;
    /// From rows to metrics.
    type Fold: Fold<Output = Vec<Metric>>;

    /// Checks the parameters against the schema.
    ///
    /// # Errors
    /// Whatever is wrong with the parameters.
    fn describe(params: &Self::Params, input: &Schema) -> Result<Description>;

    /// Begins the fold. `input` is the schema of the columns read.
    ///
    /// # Errors
    /// Whatever is wrong with the parameters.
    fn start(params: &Self::Params, input: &Schema) -> Result<Self::Fold>;
}

impl Tag {
    /// A name and a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Evaluator>(Option<T::Fold>);

impl<T: Evaluator> Default for Instance<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/evaluator")]
impl<T: Evaluator> Instance<T> {
    pub fn describe(params: &str, input: &Schema) -> Result<Description> {
        T::describe(&params::parse(params)?, input)
    }

    pub fn start(&mut self, params: &str, input: &Schema) -> Result<()> {
        self.0 = Some(T::start(&params::parse(params)?, input)?);
        Ok(())
    }

    pub fn update(&mut self, input: Batch) -> Result<()> {
        self.fold("update")?.update(input)
    }

    pub fn save(&mut self) -> Result<Vec<u8>> {
        self.fold("save")?.save()
    }

    pub fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.fold("merge")?.merge(saved)
    }

    pub fn finish(&mut self) -> Result<Vec<Metric>> {
        self.0.take().ok_or_else(|| Error::out_of_order("finish", "start"))?.finish()
    }

    fn fold(&mut self, call: &str) -> Result<&mut T::Fold> {
        self.0.as_mut().ok_or_else(|| Error::out_of_order(call, "start"))
    }
}

impl<T: Evaluator + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String, input: Schema) -> Result<Description> {
        Instance::<T>::describe(&params, &input)
    }

    fn start(params: String, input: Schema) -> Result<()> {
        T::with(|held| held.start(&params, &input))
    }

    fn update(input: Batch) -> Result<()> {
        T::with(|held| held.update(input))
    }

    fn save() -> Result<Vec<u8>> {
        T::with(|held| held.save())
    }

    fn merge(saved: Vec<u8>) -> Result<()> {
        T::with(|held| held.merge(&saved))
    }

    fn finish() -> Result<Vec<Metric>> {
        T::with(Instance::finish)
    }
}
