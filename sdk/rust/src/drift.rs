//! Drift detectors: how far a current window has moved from a reference window.

use serde::de::DeserializeOwned;

use crate::bindings::drift::exports::refrain::drift::plugin;
use crate::export::{Exported, Held};
use crate::{Batch, Error, Result, Schema, params};

pub use crate::bindings::drift::exports::refrain::drift::plugin::{
    Description, Score, Verdict, Window,
};

/// A drift detector.
pub trait Drift: Sized {
    /// The parameters.
    type Params: DeserializeOwned;
    /// From rows in two windows to scores.
    type Fold: DriftFold;

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

/// A [`Fold`](crate::Fold) whose rows belong to a window.
pub trait DriftFold {
    /// Takes in the next rows. All reference rows come before the first current row.
    ///
    /// # Errors
    /// Whatever is wrong with them.
    fn update(&mut self, window: Window, rows: Batch) -> Result<()>;

    /// The fold so far, for [`DriftFold::merge`] in another instance.
    ///
    /// # Errors
    /// For a fold that does not merge.
    fn save(&self) -> Result<Vec<u8>> {
        Err(Error::failed("this fold does not merge: its description says `mergeable: false`"))
    }

    /// Takes in what another instance saved.
    ///
    /// # Errors
    /// For a fold that does not merge, or bytes that are not of such a fold.
    fn merge(&mut self, _saved: &[u8]) -> Result<()> {
        Err(Error::failed("this fold does not merge: its description says `mergeable: false`"))
    }

    /// The scores, by column in schema order, then by measure.
    ///
    /// # Errors
    /// Where the rows do not allow an end. Too few rows are no error: say `inconclusive`.
    fn finish(self) -> Result<Vec<Score>>;
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Drift>(Option<T::Fold>);

impl<T: Drift> Default for Instance<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/drift")]
impl<T: Drift> Instance<T> {
    pub fn describe(params: &str, input: &Schema) -> Result<Description> {
        T::describe(&params::parse(params)?, input)
    }

    pub fn start(&mut self, params: &str, input: &Schema) -> Result<()> {
        self.0 = Some(T::start(&params::parse(params)?, input)?);
        Ok(())
    }

    pub fn update(&mut self, window: Window, input: Batch) -> Result<()> {
        self.fold("update")?.update(window, input)
    }

    pub fn save(&mut self) -> Result<Vec<u8>> {
        self.fold("save")?.save()
    }

    pub fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.fold("merge")?.merge(saved)
    }

    pub fn finish(&mut self) -> Result<Vec<Score>> {
        self.0.take().ok_or_else(|| Error::out_of_order("finish", "start"))?.finish()
    }

    fn fold(&mut self, call: &str) -> Result<&mut T::Fold> {
        self.0.as_mut().ok_or_else(|| Error::out_of_order(call, "start"))
    }
}

impl<T: Drift + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String, input: Schema) -> Result<Description> {
        Instance::<T>::describe(&params, &input)
    }

    fn start(params: String, input: Schema) -> Result<()> {
        T::with(|held| held.start(&params, &input))
    }

    fn update(window: Window, input: Batch) -> Result<()> {
        T::with(|held| held.update(window, input))
    }

    fn save() -> Result<Vec<u8>> {
        T::with(|held| held.save())
    }

    fn merge(saved: Vec<u8>) -> Result<()> {
        T::with(|held| held.merge(&saved))
    }

    fn finish() -> Result<Vec<Score>> {
        T::with(Instance::finish)
    }
}
