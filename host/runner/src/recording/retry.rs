//! A recording's units again, with another component.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use refrain_domain::{Backend, Digest, Failure};
use refrain_store::{Artifacts, DynStore};

use super::artifacts::private;
use super::differences::outputs_difference;
use super::record::timed;
use super::{Index, RecordedUnit, RetriedUnit, RetryReport, Spent};
use crate::bundle::unpack;
use crate::error::RunnerError;
use crate::executor::{Control, UnitError};
use crate::local::LocalExecutor;
use crate::{RunnerOptions, sandbox};

/// Executes a recording's units with another component and compares what they make.
///
/// What a unit makes for the units after it — states, saved folds, models — goes on to them, so a
/// component that keeps its state in another way is judged by its rows and reports, not by bytes
/// that nobody else reads.
///
/// # Errors
/// [`RunnerError::Bundle`] for a file that is no recording, [`RunnerError::Host`] if this machine
/// fails. A unit that fails or differs is no error: the report says so.
pub fn retry(
    from: &mut dyn Read,
    component: &[u8],
    options: &RunnerOptions,
    backend: Backend,
    control: &Control,
    watch: &mut dyn FnMut(&str),
) -> Result<RetryReport, RunnerError> {
    let (index, store) = unpack::<Index>(from)?;
    let digest = store.stage(component)?;
    let store: Arc<DynStore> = Arc::new(store);
    let executor = LocalExecutor::new(store.clone(), sandbox(options, backend)?, 1);
    let mut successors = BTreeMap::new();
    let mut units = Vec::with_capacity(index.units.len());
    for recorded in &index.units {
        watch(&recorded.name);
        units.push(one(&executor, &*store, recorded, digest, &mut successors, control)?);
    }
    let identical = units.iter().all(|unit| unit.difference.is_none() && unit.failure.is_none());
    Ok(RetryReport { run: index.run, step: index.step, identical, units })
}

/// `successors` maps the private bytes that were recorded to those that were made in their place.
fn one(
    executor: &LocalExecutor,
    store: &DynStore,
    recorded: &RecordedUnit,
    component: Digest,
    successors: &mut BTreeMap<Digest, Digest>,
    control: &Control,
) -> Result<RetriedUnit, RunnerError> {
    let mut unit = recorded.unit.clone();
    for digest in private(&mut unit.work) {
        if let Some(successor) = successors.get(digest) {
            *digest = *successor;
        }
    }
    if let Some(used) = unit.work.component_mut() {
        used.component = component;
    }
    let (name, spent) = (recorded.name.clone(), recorded.spent);
    let mut retried =
        RetriedUnit { name, difference: None, failure: None, recorded: spent, now: None };
    let (output, wall_us) = timed(executor, &unit, control);
    match output {
        Ok(output) => {
            let (fuel, memory_bytes_peak) = (output.fuel, output.memory_bytes_peak);
            retried.now = Some(Spent { fuel, memory_bytes_peak, wall_us });
            retried.difference =
                outputs_difference(store, &unit.work, &recorded.outputs, &output.outputs);
            successors.extend(recorded.outputs.iter().copied().zip(output.outputs));
        }
        Err(UnitError::Store(error)) => return Err(error.into()),
        Err(UnitError::Data(message)) => {
            retried.failure = Some(Failure::Error { kind: "recording".to_owned(), message });
        }
        Err(UnitError::Failure(failure)) => retried.failure = Some(failure),
    }
    Ok(retried)
}
