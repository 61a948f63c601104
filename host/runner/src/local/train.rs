//! Training: passes, each a fold from the state before it to the state after it.

use refrain_domain::{Digest, Schema, to_canonical};
use refrain_sandbox::TrainerInstance;

use super::{Call, UnitResult, output, params};
use crate::executor::UnitError;
use crate::unit::{Component, PassSummary, Rows};

impl Call<'_> {
    fn start_pass(
        &self,
        component: &Component,
        input: &Schema,
        state: Option<&Digest>,
    ) -> Result<TrainerInstance, UnitError> {
        let state = self.optional_bytes(state)?;
        let mut instance = self.plugin(component)?.trainer(&self.context(component))?;
        instance.pass_start(&params(component), input, component.seed, &state)?;
        Ok(instance)
    }

    pub(super) fn pass_part(
        &self,
        component: &Component,
        rows: &Rows,
        state: Option<&Digest>,
    ) -> UnitResult {
        let mut instance = self.start_pass(component, &rows.schema, state)?;
        for chunk in &rows.chunks {
            instance.pass_update(&self.executor.batch(&rows.schema, chunk)?)?;
        }
        let saved = instance.pass_save()?;
        self.executor.artifact(&saved, &instance.usage())
    }

    pub(super) fn pass_merge(
        &self,
        component: &Component,
        input: &Schema,
        state: Option<&Digest>,
        saved: &[Digest],
    ) -> UnitResult {
        let mut instance = self.start_pass(component, input, state)?;
        for digest in saved {
            instance.pass_merge(&self.bytes(digest)?)?;
        }
        self.end_pass(instance)
    }

    pub(super) fn pass_whole(
        &self,
        component: &Component,
        rows: &Rows,
        state: Option<&Digest>,
    ) -> UnitResult {
        let mut instance = self.start_pass(component, &rows.schema, state)?;
        for chunk in &rows.chunks {
            instance.pass_update(&self.executor.batch(&rows.schema, chunk)?)?;
        }
        self.end_pass(instance)
    }

    fn end_pass(&self, mut instance: TrainerInstance) -> UnitResult {
        let end = instance.pass_finish()?;
        let summary = PassSummary { done: end.done, measures: end.measures };
        let summary = to_canonical(&summary).map_err(|error| UnitError::Data(error.to_string()))?;
        let store = &self.executor.store;
        let outputs = vec![store.stage(&end.state)?, store.stage(&summary)?];
        Ok(output(outputs, 0, &instance.usage()))
    }

    pub(super) fn finish(
        &self,
        component: &Component,
        input: &Schema,
        state: &Digest,
    ) -> UnitResult {
        let state = self.bytes(state)?;
        let mut instance = self.plugin(component)?.trainer(&self.context(component))?;
        let model = instance.finish(&params(component), input, &state)?;
        self.executor.artifact(&model, &instance.usage())
    }
}
