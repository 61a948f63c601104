//! Steps that make one artifact of many rows: fits, reports, decisions.
//!
//! A fold runs as one partial fold for each chunk, merged in chunk order, whatever the number of
//! workers; so new rows cost one partial fold each, and all others are known.

use refrain_domain::plan::{OUTPUT, Op, PluginUse, Source};
use refrain_domain::{
    Chunk, Digest, DriftScore, DriftVerdict, Fact, FactValue, FoldDescription, Metric,
    TransformDescription,
};

use super::{Outputs, StepError, StepRun, project, rows_of};
use crate::plan::metric_facts;
use crate::unit::{Component, Rows, UnitOutput, Work};

impl StepRun<'_> {
    pub(super) fn fit_step(
        &self,
        plugin: &PluginUse,
        description: &TransformDescription,
    ) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let component = Component::from(plugin);
        let input = table.schema.project(&description.reads);
        if !description.mergeable {
            let chunks = table.chunks.iter().map(|c| project(c, &description.reads)).collect();
            let rows = Rows { schema: input, chunks };
            let made = self.one("fit", Work::FitWhole { component, rows })?;
            return Ok(only(made));
        }
        let part = |chunk: &Chunk| Work::FitPart {
            component: component.clone(),
            rows: rows_of(&input, chunk, &description.reads),
        };
        let parts = self.units("fit-part", table.chunks.iter().map(part).collect())?;
        let saved = firsts(&parts);
        Ok(only(self.one("fit-merge", Work::FitMerge { component, input, saved })?))
    }

    /// Evaluators read one table, drift detectors two: the reference, then the current window.
    pub(super) fn fold_step(
        &self,
        plugin: &PluginUse,
        description: &FoldDescription,
    ) -> Result<Outputs, StepError> {
        let is_drift = matches!(self.step.op, Op::Drift { .. });
        let table = self.table(usize::from(is_drift))?;
        let reference = if is_drift { self.table(0)?.chunks } else { Vec::new() };
        let component = Component::from(plugin);
        let reads = &description.reads;
        let input = table.schema.project(reads);
        if !description.mergeable {
            let reference = reference.iter().map(|chunk| project(chunk, reads)).collect();
            let chunks = table.chunks.iter().map(|chunk| project(chunk, reads)).collect();
            let rows = Rows { schema: input, chunks };
            let made = self.one("fold", Work::FoldWhole { component, reference, rows })?;
            return Ok(only(made));
        }
        let part = |(chunk, current): (&Chunk, bool)| Work::FoldPart {
            component: component.clone(),
            rows: rows_of(&input, chunk, reads),
            current,
        };
        let before = reference.iter().map(|chunk| (chunk, false));
        let now = table.chunks.iter().map(|chunk| (chunk, is_drift));
        let parts = self.units("fold-part", before.chain(now).map(part).collect())?;
        let saved = firsts(&parts);
        Ok(only(self.one("fold-merge", Work::FoldMerge { component, input, saved })?))
    }

    pub(super) fn decide_step(
        &self,
        plugin: &PluginUse,
        looks_at: &[String],
        known: &[Fact],
    ) -> Result<Outputs, StepError> {
        let mut facts = known.to_vec();
        for index in 0..self.step.inputs.len() {
            facts.extend(self.reported_facts(index)?);
        }
        facts.retain(|fact| looks_at.contains(&fact.name));
        facts.sort_by(|a, b| a.name.cmp(&b.name));
        let work = Work::Decide { component: Component::from(plugin), facts };
        Ok(only(self.one("decide", work)?))
    }

    /// What a drift or evaluation step tells.
    fn reported_facts(&self, index: usize) -> Result<Vec<Fact>, StepError> {
        let bytes = self.context.store.get(&self.input(index)?)?;
        let Source::Step { step, .. } = &self.step.inputs[index] else {
            return Err(self.broken("a decision reads steps only".to_owned()));
        };
        let broken = |error: serde_json::Error| self.broken(format!("report of `{step}`: {error}"));
        match self.context.plan.step(step).map(|step| &step.op) {
            Some(Op::Drift { .. }) => {
                let scores: Vec<DriftScore> = serde_json::from_slice(&bytes).map_err(broken)?;
                Ok(drift_facts(&scores))
            }
            _ => {
                let metrics: Vec<Metric> = serde_json::from_slice(&bytes).map_err(broken)?;
                Ok(metric_facts("metric", &metrics))
            }
        }
    }
}

/// A column has drifted when any of its measures says so. The share counts conclusive columns.
fn drift_facts(scores: &[DriftScore]) -> Vec<Fact> {
    let mut columns: std::collections::BTreeMap<&str, Option<bool>> = Default::default();
    for score in scores {
        let column = columns.entry(&score.column).or_default();
        *column = match (score.verdict, *column) {
            (DriftVerdict::Drifted, _) => Some(true),
            (DriftVerdict::Stable, None) => Some(false),
            (_, before) => before,
        };
    }
    let conclusive: Vec<bool> = columns.values().filter_map(|drifted| *drifted).collect();
    let n_drifted = conclusive.iter().filter(|drifted| **drifted).count();
    let mut facts = Vec::new();
    if !conclusive.is_empty() {
        let share = n_drifted as f64 / conclusive.len() as f64;
        facts.push(Fact { name: "drift.share".to_owned(), value: FactValue::Number(share) });
        let n = i64::try_from(n_drifted).unwrap_or(i64::MAX);
        facts.push(Fact { name: "drift.columns".to_owned(), value: FactValue::Integer(n) });
    }
    facts.extend(columns.into_iter().filter_map(|(column, drifted)| {
        let value = FactValue::Boolean(drifted?);
        Some(Fact { name: format!("drift.column.{column}"), value })
    }));
    facts
}

/// The first output of each unit.
pub(super) fn firsts(parts: &[UnitOutput]) -> Vec<Digest> {
    parts.iter().map(|part| part.outputs[0]).collect()
}

/// The one output of a step.
pub(super) fn only(made: UnitOutput) -> Outputs {
    Outputs::from([(OUTPUT.to_owned(), made.outputs[0])])
}
