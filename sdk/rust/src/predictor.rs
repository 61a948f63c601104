//! Predictors: predictions from a model that was trained elsewhere.

use serde::de::DeserializeOwned;

use crate::bindings::predictor::exports::refrain::predictor::plugin;
use crate::export::{Exported, Held};
use crate::fold::run_map;
use crate::{Batch, Error, Map, Result, Schema, params};

pub use crate::bindings::predictor::exports::refrain::predictor::plugin::Description;

/// A predictor.
pub trait Predictor: Sized {
    /// The parameters.
    type Params: DeserializeOwned;
    /// What predicts.
    type Model: Map;

    /// Checks the model and the parameters against the schema.
    ///
    /// # Errors
    /// Whatever is wrong with them.
    fn describe(params: &Self::Params, input: &Schema, model: &[u8]) -> Result<Description>;

    /// Loads a model. `input` is the schema of the columns read.
    ///
    /// # Errors
    /// If the bytes are not of such a model.
    fn model(params: &Self::Params, input: &Schema, model: &[u8]) -> Result<Self::Model>;
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Predictor>(Option<T::Model>);

impl<T: Predictor> Default for Instance<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/predictor")]
impl<T: Predictor> Instance<T> {
    pub fn describe(params: &str, input: &Schema, model: &[u8]) -> Result<Description> {
        T::describe(&params::parse(params)?, input, model)
    }

    pub fn predict_start(&mut self, params: &str, input: &Schema, model: &[u8]) -> Result<()> {
        self.0 = Some(T::model(&params::parse(params)?, input, model)?);
        Ok(())
    }

    pub fn predict(&mut self, input: Batch) -> Result<Batch> {
        match &self.0 {
            Some(model) => run_map(model, input),
            None => Err(Error::out_of_order("predict", "predict-start")),
        }
    }
}

impl<T: Predictor + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String, input: Schema, model: Vec<u8>) -> Result<Description> {
        Instance::<T>::describe(&params, &input, &model)
    }

    fn predict_start(params: String, input: Schema, model: Vec<u8>) -> Result<()> {
        T::with(|held| held.predict_start(&params, &input, &model))
    }

    fn predict(input: Batch) -> Result<Batch> {
        T::with(|held| held.predict(input))
    }
}
