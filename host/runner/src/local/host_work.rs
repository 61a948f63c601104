//! Work that the host does itself: it moves rows, and computes nothing that could round.

use std::sync::Arc;

use refrain_data::{AsofIndex, LookupIndex};
use refrain_domain::{Batch, Chunk, Schema, Table};
use refrain_sandbox::Usage;

use super::joins::JoinIndex;
use super::{LocalExecutor, UnitResult, output};
use crate::executor::UnitError;
use crate::unit::{JoinSide, Predicate, Unit, Work};

impl LocalExecutor {
    pub(super) fn keep(&self, predicate: &Predicate, schema: &Schema, chunk: &Chunk) -> UnitResult {
        let mask = self.mask(predicate, schema, chunk)?;
        let kept = mask.iter().filter(|keep| **keep).count();
        if kept == mask.len() {
            return Ok(output(chunk.columns.clone(), chunk.rows, &Usage::default()));
        }
        if kept == 0 {
            return Ok(output(Vec::new(), 0, &Usage::default()));
        }
        let batch = self.batch(schema, chunk)?;
        self.chunk(refrain_data::filter_rows(&batch, &mask), schema, &Usage::default())
    }

    /// Which rows to keep; reads only the columns that decide.
    fn mask(
        &self,
        predicate: &Predicate,
        schema: &Schema,
        chunk: &Chunk,
    ) -> Result<Vec<bool>, UnitError> {
        let read = |indices: &[usize]| -> Result<Batch, UnitError> {
            let columns = indices.iter().map(|&i| chunk.columns[i]).collect();
            self.batch(&schema.project(indices), &Chunk { rows: chunk.rows, columns })
        };
        Ok(match predicate {
            Predicate::IsTrue(index) => refrain_data::mask_true(&read(&[*index])?, 0),
            Predicate::InTime { index, from_us, to_us } => {
                refrain_data::mask_time(&read(&[*index])?, 0, *from_us, *to_us)
            }
            Predicate::InHash { by, holdout_ppm, seed, holdout } => {
                let all: Vec<usize> = (0..by.len()).collect();
                let mut mask = refrain_data::mask_hash(&read(by)?, &all, *holdout_ppm, *seed);
                if !holdout {
                    mask.iter_mut().for_each(|keep| *keep = !*keep);
                }
                mask
            }
        })
    }

    pub(super) fn join(&self, right: &JoinSide, schema: &Schema, chunk: &Chunk) -> UnitResult {
        let index = self.join_index(right)?;
        let left = self.batch(schema, chunk)?;
        let n_keys = right.by.len();
        let keys: Vec<usize> = (0..n_keys).collect();
        let (added, schema) = match &*index {
            JoinIndex::Asof(index) => (index.join(&left, &keys, n_keys), index.added_schema()),
            JoinIndex::Lookup(index) => (index.join(&left, &keys), index.added_schema()),
        };
        self.chunk(added, schema, &Usage::default())
    }

    /// Indexes the right sides of these units, each once, before any of them runs: units side by
    /// side would each build the same. If one cannot be built, none of the units can run, and the
    /// first that needed it says why.
    pub(super) fn index_joins(&self, units: &[Unit]) -> Result<(), Vec<UnitResult>> {
        let mut last = None;
        for (index, unit) in units.iter().enumerate() {
            let Work::Join { right, .. } = &unit.work else { continue };
            if last == Some(right) {
                continue;
            }
            last = Some(right);
            let Err(error) = self.join_index(right) else { continue };
            let not_run = |_| Err(UnitError::Data("it was not run: its join failed".to_owned()));
            let mut failed: Vec<UnitResult> = units.iter().map(not_run).collect();
            failed[index] = Err(error);
            return Err(failed);
        }
        Ok(())
    }

    /// The index over a right side.
    fn join_index(&self, right: &JoinSide) -> Result<Arc<JoinIndex>, UnitError> {
        if let Some(index) = self.joins.get(right) {
            return Ok(index);
        }
        let (index, bytes) = self.build_join_index(right)?;
        let index = Arc::new(index);
        self.joins.insert(right.clone(), index.clone(), bytes);
        Ok(index)
    }

    /// Builds an index, and tells about how many bytes it takes.
    fn build_join_index(&self, right: &JoinSide) -> Result<(JoinIndex, usize), UnitError> {
        let bytes = self.store.get(&right.table)?;
        let table: Table = refrain_domain::from_canonical(&bytes)
            .map_err(|error| UnitError::Data(error.to_string()))?;
        let mut batches = Vec::with_capacity(table.chunks.len());
        for chunk in &table.chunks {
            batches.push(self.batch(&table.schema, chunk)?);
        }
        // The columns to add, and a map with an entry a row: keys, position, and what a map costs.
        let n_rows: usize = batches.iter().map(|batch| batch.rows).sum();
        let size = batches.iter().map(Batch::size_bytes).sum::<usize>() * 2 + n_rows * 64;
        let built = match &right.on {
            Some(on) => AsofIndex::build(
                &table.schema,
                &batches,
                &right.by,
                on,
                right.tolerance_us,
                &right.columns,
            )
            .map(JoinIndex::Asof),
            None => LookupIndex::build(&table.schema, &batches, &right.by, &right.columns)
                .map(JoinIndex::Lookup),
        };
        built.map(|index| (index, size)).map_err(|error| {
            UnitError::Failure(refrain_domain::Failure::Error {
                kind: "invalid-input".to_owned(),
                message: error.to_string(),
            })
        })
    }
}
