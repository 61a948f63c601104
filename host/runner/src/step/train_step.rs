//! Training: passes until the trainer says that it is done. The end of each pass is a checkpoint.

use refrain_domain::plan::PluginUse;
use refrain_domain::{Chunk, Digest, Failure, Schema, TrainerDescription};

use super::fold_step::{firsts, only};
use super::{Outputs, StepError, StepRun, project, rows_of};
use crate::unit::{Component, PassSummary, Rows, UnitOutput, Work};

/// No trainer needs more; one that never says `done` must end some day.
const PASSES_MAX: usize = 10_000;

impl StepRun<'_> {
    pub(super) fn train_step(
        &self,
        plugin: &PluginUse,
        description: &TrainerDescription,
    ) -> Result<Outputs, StepError> {
        let table = self.table(0)?;
        let reads = &description.training_reads;
        let input = table.schema.project(reads);
        let component = Component::from(plugin);
        let mut state: Option<Digest> = None;
        for _ in 0..PASSES_MAX {
            let end = if description.mergeable {
                self.merged_pass(&component, &input, &table.chunks, reads, state)?
            } else {
                let chunks = table.chunks.iter().map(|chunk| project(chunk, reads)).collect();
                let rows = Rows { schema: input.clone(), chunks };
                let component = component.clone();
                self.one("pass", Work::PassWhole { component, rows, state })?
            };
            let after = end.outputs[0];
            state = Some(after);
            if self.is_done(&end)? {
                let work = Work::Finish { component, input, state: after };
                return Ok(only(self.one("finish", work)?));
            }
        }
        let message = format!("the trainer did not say `done` within {PASSES_MAX} passes");
        let failure = Failure::Error { kind: "contract".to_owned(), message };
        Err(self.failed(format!("pass[{PASSES_MAX}]"), failure.into()))
    }

    fn merged_pass(
        &self,
        component: &Component,
        input: &Schema,
        chunks: &[Chunk],
        reads: &[usize],
        state: Option<Digest>,
    ) -> Result<UnitOutput, StepError> {
        let part = |chunk: &Chunk| Work::PassPart {
            component: component.clone(),
            rows: rows_of(input, chunk, reads),
            state,
        };
        let parts = self.units("pass-part", chunks.iter().map(part).collect())?;
        let (component, input, saved) = (component.clone(), input.clone(), firsts(&parts));
        self.one("pass-merge", Work::PassMerge { component, input, state, saved })
    }

    fn is_done(&self, end: &UnitOutput) -> Result<bool, StepError> {
        let bytes = self.context.store.get(&end.outputs[1])?;
        let summary: PassSummary =
            serde_json::from_slice(&bytes).map_err(|error| self.broken(error.to_string()))?;
        tracing::debug!(step = %self.step.name, measures = ?summary.measures, "pass ended");
        Ok(summary.done)
    }
}
