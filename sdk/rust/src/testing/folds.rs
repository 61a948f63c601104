//! Evaluators and drift detectors, in one piece or in parts.

use super::Table;
use crate::Result;
use crate::drift::{self, Drift, Score, Window};
use crate::evaluator::{self, Evaluator, Metric};

/// The metrics of a table, `n_rows` a part where the evaluator merges.
///
/// # Errors
/// The first that the plugin answers.
pub fn evaluate_in_parts<T: Evaluator>(
    params: &str,
    table: &Table,
    n_rows: usize,
) -> Result<Vec<Metric>> {
    let description = evaluator::Instance::<T>::describe(params, &table.schema)?;
    let read = table.select(&description.reads);
    let start = || {
        let mut instance = evaluator::Instance::<T>::default();
        instance.start(params, &read.schema).map(|()| instance)
    };
    let mut whole = start()?;
    for batch in read.batches(n_rows.min(table.rows.n_rows().max(1))) {
        batch.check(&read.schema)?;
        if !description.mergeable || n_rows >= table.rows.n_rows() {
            whole.update(batch)?;
            continue;
        }
        let mut part = start()?;
        part.update(batch)?;
        whole.merge(&part.save()?)?;
    }
    whole.finish()
}

/// The scores between two tables, `n_rows` a part where the detector merges.
///
/// # Errors
/// The first that the plugin answers.
pub fn drift_in_parts<T: Drift>(
    params: &str,
    reference: &Table,
    current: &Table,
    n_rows: usize,
) -> Result<Vec<Score>> {
    let description = drift::Instance::<T>::describe(params, &reference.schema)?;
    let schema = reference.select(&description.reads).schema;
    let start = || {
        let mut instance = drift::Instance::<T>::default();
        instance.start(params, &schema).map(|()| instance)
    };
    let mut whole = start()?;
    for (window, table) in [(Window::Reference, reference), (Window::Current, current)] {
        let read = table.select(&description.reads);
        for batch in read.batches(n_rows.min(table.rows.n_rows().max(1))) {
            batch.check(&schema)?;
            if !description.mergeable || n_rows == usize::MAX {
                whole.update(window, batch)?;
                continue;
            }
            let mut part = start()?;
            part.update(window, batch)?;
            whole.merge(&part.save()?)?;
        }
    }
    whole.finish()
}
