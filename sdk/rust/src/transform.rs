//! Feature transforms: new columns from columns, row by row, after an optional fit.

use serde::de::DeserializeOwned;

use crate::bindings::transform::exports::refrain::transform::plugin;
use crate::export::{Exported, Held};
use crate::fold::Stage;
use crate::{Batch, Field, Fold, Map, Result, Schema, params};

pub use crate::bindings::transform::exports::refrain::transform::plugin::{
    Description, OutputColumn,
};

/// A feature transform.
pub trait Transform: Sized {
    /// The parameters.
    type Params: DeserializeOwned;
    /// The fold that fits it; [`NoFit`](crate::NoFit) where nothing is learned.
    type Fit: Fold<Output = Vec<u8>>;
    /// What computes columns.
    type Map: Map;

    /// Checks the parameters against the schema, and says what the transform will do.
    ///
    /// # Errors
    /// Whatever is wrong with the parameters.
    fn describe(params: &Self::Params, input: &Schema) -> Result<Description>;

    /// Begins a fit. `input` is the schema of the columns read.
    ///
    /// # Errors
    /// For a transform without a fit: `NoFit::refuse()`.
    fn fit(params: &Self::Params, input: &Schema, seed: u64) -> Result<Self::Fit>;

    /// Prepares to compute. `input` is the schema of the columns read; `state` is what the fit
    /// ended in, or empty.
    ///
    /// # Errors
    /// If the state is not of such a fit.
    fn apply(params: &Self::Params, input: &Schema, state: &[u8]) -> Result<Self::Map>;
}

impl Description {
    /// A transform that reads the columns at `reads` and learns nothing; add outputs to it.
    #[must_use]
    pub fn stateless(reads: Vec<u32>) -> Self {
        Self { reads, outputs: Vec::new(), needs_fit: false, mergeable: false }
    }

    /// A transform that reads the columns at `reads` and needs a fit that merges.
    #[must_use]
    pub fn fitted(reads: Vec<u32>) -> Self {
        Self { reads, outputs: Vec::new(), needs_fit: true, mergeable: true }
    }

    /// Keeps all columns of `input` in order, but replaces those at `reads[i]` by `computed[i]`.
    /// `reads` is in schema order, so `apply` answers in the order in which it reads.
    ///
    /// # Panics
    /// If `computed` is longer than `reads`, or `reads` is not in schema order.
    #[must_use]
    pub fn replacing(mut self, input: &Schema, computed: Vec<Field>) -> Self {
        let replaced = &self.reads[..computed.len()];
        assert!(replaced.is_sorted(), "BUG: columns are replaced in schema order");
        let mut in_place: Vec<(u32, Option<Field>)> =
            (0..input.len() as u32).map(|index| (index, None)).collect();
        for (&index, field) in replaced.iter().zip(computed) {
            in_place[index as usize].1 = Some(field);
        }
        self.outputs = in_place
            .into_iter()
            .map(|(index, field)| field.map_or(OutputColumn::Kept(index), OutputColumn::Computed))
            .collect();
        self
    }

    /// Keeps all columns of `input` in order, then adds `computed`.
    #[must_use]
    pub fn adding(mut self, input: &Schema, computed: Vec<Field>) -> Self {
        let kept = (0..input.len() as u32).map(OutputColumn::Kept);
        self.outputs = kept.chain(computed.into_iter().map(OutputColumn::Computed)).collect();
        self
    }

    /// The schema of the output.
    ///
    /// # Panics
    /// If a kept column is beyond `input`.
    #[must_use]
    pub fn output_schema(&self, input: &Schema) -> Schema {
        let field = |output: &OutputColumn| match output {
            OutputColumn::Kept(index) => input.fields[*index as usize].clone(),
            OutputColumn::Computed(field) => field.clone(),
        };
        Schema::new(self.outputs.iter().map(field).collect())
    }

    /// The computed fields, in the order in which `apply` answers them.
    pub fn computed(&self) -> impl Iterator<Item = &Field> {
        self.outputs.iter().filter_map(|output| match output {
            OutputColumn::Kept(_) => None,
            OutputColumn::Computed(field) => Some(field),
        })
    }
}

/// One instance: the exports of the world, in their order, without the component around it.
pub struct Instance<T: Transform>(Stage<T::Fit, T::Map>);

impl<T: Transform> Default for Instance<T> {
    fn default() -> Self {
        Self(Stage::Idle)
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, reason = "documented in wit/transform")]
impl<T: Transform> Instance<T> {
    pub fn describe(params: &str, input: &Schema) -> Result<Description> {
        T::describe(&params::parse(params)?, input)
    }

    pub fn fit_start(&mut self, params: &str, input: &Schema, seed: u64) -> Result<()> {
        self.0 = Stage::Folding(T::fit(&params::parse(params)?, input, seed)?);
        Ok(())
    }

    pub fn fit_update(&mut self, input: Batch) -> Result<()> {
        self.0.fold("fit-update", "fit-start")?.update(input)
    }

    pub fn fit_save(&mut self) -> Result<Vec<u8>> {
        self.0.fold("fit-save", "fit-start")?.save()
    }

    pub fn fit_merge(&mut self, saved: &[u8]) -> Result<()> {
        self.0.fold("fit-merge", "fit-start")?.merge(saved)
    }

    pub fn fit_finish(&mut self) -> Result<Vec<u8>> {
        self.0.finish("fit-finish", "fit-start")
    }

    pub fn apply_start(&mut self, params: &str, input: &Schema, state: &[u8]) -> Result<()> {
        self.0 = Stage::Mapping(T::apply(&params::parse(params)?, input, state)?);
        Ok(())
    }

    pub fn apply(&mut self, input: Batch) -> Result<Batch> {
        self.0.map(input, "apply", "apply-start")
    }
}

impl<T: Transform + Held<Instance = Instance<T>>> plugin::Guest for Exported<T> {
    fn describe(params: String, input: Schema) -> Result<Description> {
        Instance::<T>::describe(&params, &input)
    }

    fn fit_start(params: String, input: Schema, seed: u64) -> Result<()> {
        T::with(|held| held.fit_start(&params, &input, seed))
    }

    fn fit_update(input: Batch) -> Result<()> {
        T::with(|held| held.fit_update(input))
    }

    fn fit_save() -> Result<Vec<u8>> {
        T::with(|held| held.fit_save())
    }

    fn fit_merge(saved: Vec<u8>) -> Result<()> {
        T::with(|held| held.fit_merge(&saved))
    }

    fn fit_finish() -> Result<Vec<u8>> {
        T::with(Instance::fit_finish)
    }

    fn apply_start(params: String, input: Schema, state: Vec<u8>) -> Result<()> {
        T::with(|held| held.apply_start(&params, &input, &state))
    }

    fn apply(input: Batch) -> Result<Batch> {
        T::with(|held| held.apply(input))
    }
}
