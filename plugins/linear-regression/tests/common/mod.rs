//! Trains and predicts natively, in the host's order of calls.

use refrain_sdk::testing::Table;
use refrain_sdk::trainer::{Instance, Measure, Trainer};
use refrain_sdk::{Batch, Column, Result};

/// What training came to.
pub struct Trained {
    pub model: Vec<u8>,
    #[allow(dead_code, reason = "not every trainer has many passes")]
    pub n_passes: usize,
    pub measures: Vec<Measure>,
}

impl Trained {
    /// The last value of a measure.
    #[allow(dead_code, reason = "not every test looks at measures")]
    pub fn measure(&self, name: &str) -> f64 {
        self.measures.iter().find(|measure| measure.name == name).map_or(f64::NAN, |m| m.value)
    }
}

/// Trains on `batches` of the columns that training reads. Where the trainer merges, every batch
/// is folded by an instance of its own, saved, and merged in order.
pub fn train<T: Trainer>(params: &str, table: &Table, rows_per_batch: usize) -> Result<Trained> {
    let description = Instance::<T>::describe(params, &table.schema)?;
    let read = table.select(&description.training_reads);
    let mut state = Vec::new();
    for n_passes in 1..1000 {
        let mut whole = Instance::<T>::default();
        whole.pass_start(params, &read.schema, 7, &state)?;
        for batch in read.batches(rows_per_batch) {
            if description.mergeable {
                let mut part = Instance::<T>::default();
                part.pass_start(params, &read.schema, 7, &state)?;
                part.pass_update(batch)?;
                whole.pass_merge(&part.pass_save()?)?;
            } else {
                whole.pass_update(batch)?;
            }
        }
        let end = whole.pass_finish()?;
        state = end.state;
        if end.done {
            let model = Instance::<T>::finish(params, &read.schema, &state)?;
            return Ok(Trained { model, n_passes, measures: end.measures });
        }
    }
    panic!("training does not end");
}

/// Predicts for all rows of a table, in one batch.
pub fn predict<T: Trainer>(params: &str, table: &Table, model: &[u8]) -> Result<Vec<Column>> {
    let reads = Instance::<T>::describe(params, &table.schema)?.prediction_reads;
    let read = table.select(&reads);
    predict_batch::<T>(&read, model, read.rows.clone())
}

/// Predicts for one batch of the columns of `read`.
pub fn predict_batch<T: Trainer>(read: &Table, model: &[u8], batch: Batch) -> Result<Vec<Column>> {
    let mut instance = Instance::<T>::default();
    instance.predict_start(&read.schema, model)?;
    instance.predict(batch).map(|batch| batch.columns)
}
