//! Folds: fits, evaluations, drift; in parts that are merged in chunk order, or whole.

use refrain_domain::plan::DecisionRecord;
use refrain_domain::{Chunk, Digest, Fact, Role, Schema, to_canonical};
use refrain_sandbox::{DriftInstance, EvaluatorInstance, TransformInstance, Usage};

use super::{Call, UnitResult, params};
use crate::executor::UnitError;
use crate::unit::{Component, Rows};

impl Call<'_> {
    fn start_fit(
        &self,
        component: &Component,
        input: &Schema,
    ) -> Result<TransformInstance, UnitError> {
        let mut instance = self.plugin(component)?.transform(&self.context(component))?;
        instance.fit_start(&params(component), input, component.seed)?;
        Ok(instance)
    }

    pub(super) fn fit_part(&self, component: &Component, rows: &Rows) -> UnitResult {
        let mut instance = self.start_fit(component, &rows.schema)?;
        for chunk in &rows.chunks {
            instance.fit_update(&self.executor.batch(&rows.schema, chunk)?)?;
        }
        let saved = instance.fit_save()?;
        self.executor.artifact(&saved, &instance.usage())
    }

    pub(super) fn fit_merge(
        &self,
        component: &Component,
        input: &Schema,
        saved: &[Digest],
    ) -> UnitResult {
        let mut instance = self.start_fit(component, input)?;
        for digest in saved {
            instance.fit_merge(&self.bytes(digest)?)?;
        }
        let state = instance.fit_finish()?;
        self.executor.artifact(&state, &instance.usage())
    }

    pub(super) fn fit_whole(&self, component: &Component, rows: &Rows) -> UnitResult {
        let mut instance = self.start_fit(component, &rows.schema)?;
        for chunk in &rows.chunks {
            instance.fit_update(&self.executor.batch(&rows.schema, chunk)?)?;
        }
        let state = instance.fit_finish()?;
        self.executor.artifact(&state, &instance.usage())
    }

    fn start_evaluation(
        &self,
        component: &Component,
        input: &Schema,
    ) -> Result<EvaluatorInstance, UnitError> {
        let mut instance = self.plugin(component)?.evaluator(&self.context(component))?;
        instance.start(&params(component), input)?;
        Ok(instance)
    }

    fn start_drift(
        &self,
        component: &Component,
        input: &Schema,
    ) -> Result<DriftInstance, UnitError> {
        let mut instance = self.plugin(component)?.drift(&self.context(component))?;
        instance.start(&params(component), input)?;
        Ok(instance)
    }

    pub(super) fn fold_part(
        &self,
        component: &Component,
        rows: &Rows,
        current: bool,
    ) -> UnitResult {
        let (saved, usage) = if component.world.role == Role::Drift {
            let mut instance = self.start_drift(component, &rows.schema)?;
            for chunk in &rows.chunks {
                instance.update(current, &self.executor.batch(&rows.schema, chunk)?)?;
            }
            (instance.save()?, instance.usage())
        } else {
            let mut instance = self.start_evaluation(component, &rows.schema)?;
            for chunk in &rows.chunks {
                instance.update(&self.executor.batch(&rows.schema, chunk)?)?;
            }
            (instance.save()?, instance.usage())
        };
        self.executor.artifact(&saved, &usage)
    }

    pub(super) fn fold_merge(
        &self,
        component: &Component,
        input: &Schema,
        saved: &[Digest],
    ) -> UnitResult {
        if component.world.role == Role::Drift {
            let mut instance = self.start_drift(component, input)?;
            for digest in saved {
                instance.merge(&self.bytes(digest)?)?;
            }
            return self.finish_drift(instance);
        }
        let mut instance = self.start_evaluation(component, input)?;
        for digest in saved {
            instance.merge(&self.bytes(digest)?)?;
        }
        self.finish_evaluation(instance)
    }

    pub(super) fn fold_whole(
        &self,
        component: &Component,
        reference: &[Chunk],
        rows: &Rows,
    ) -> UnitResult {
        if component.world.role == Role::Drift {
            let mut instance = self.start_drift(component, &rows.schema)?;
            for (current, chunks) in [(false, reference), (true, rows.chunks.as_slice())] {
                for chunk in chunks {
                    instance.update(current, &self.executor.batch(&rows.schema, chunk)?)?;
                }
            }
            return self.finish_drift(instance);
        }
        let mut instance = self.start_evaluation(component, &rows.schema)?;
        for chunk in &rows.chunks {
            instance.update(&self.executor.batch(&rows.schema, chunk)?)?;
        }
        self.finish_evaluation(instance)
    }

    fn finish_evaluation(&self, mut instance: EvaluatorInstance) -> UnitResult {
        let report = instance.finish()?;
        self.report(&report, &instance.usage())
    }

    fn finish_drift(&self, mut instance: DriftInstance) -> UnitResult {
        let report = instance.finish()?;
        self.report(&report, &instance.usage())
    }

    pub(super) fn decide(&self, component: &Component, facts: &[Fact]) -> UnitResult {
        let mut instance = self.plugin(component)?.trigger(&self.context(component))?;
        let decision = instance.decide(&params(component), facts)?;
        let record = DecisionRecord { facts: facts.to_vec(), decision };
        self.report(&record, &instance.usage())
    }

    pub(super) fn report<T: serde::Serialize>(&self, report: &T, usage: &Usage) -> UnitResult {
        let bytes = to_canonical(report).map_err(|error| UnitError::Data(error.to_string()))?;
        self.executor.artifact(&bytes, usage)
    }
}
