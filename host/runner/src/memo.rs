//! What is known already: step key to outputs. Losing all of it costs time and nothing else.
//!
//! Invariant: a memo is believed only while every artifact that it names is in the store.

use refrain_domain::canonical::digest_of;
use refrain_domain::plan::Op;
use refrain_domain::run::StepFinished;
use refrain_domain::{Digest, to_canonical};
use refrain_store::{DynStore, StoreError};

use crate::unit::{Environment, UnitOutput};

const UNIT: u8 = b'u';
const STEP: u8 = b's';

/// The key of a whole step.
pub(crate) fn step_key(op: &Op, inputs: &[Digest], environment: &Environment) -> Digest {
    digest_of(&(op, inputs, environment)).expect("BUG: a step without a canonical form")
}

/// Blanks what stands in an operation for people only, so that renaming a plugin changes no key.
pub(crate) fn forget_names(op: &mut Op) {
    let plugin = match op {
        Op::Fit { plugin, .. }
        | Op::Apply { plugin, .. }
        | Op::Train { plugin, .. }
        | Op::Predict { plugin, .. }
        | Op::PredictForeign { plugin, .. }
        | Op::Evaluate { plugin, .. }
        | Op::Drift { plugin, .. }
        | Op::Decide { plugin, .. } => plugin,
        _ => return,
    };
    plugin.name.clear();
    plugin.version = semver::Version::new(0, 0, 0);
}

/// A unit's outputs, if they are known and still there.
pub(crate) fn find_unit(store: &DynStore, key: &Digest) -> Result<Option<UnitOutput>, StoreError> {
    let Some(known) = find::<UnitOutput>(store, UNIT, key)? else { return Ok(None) };
    Ok(all_there(store, &known.outputs)?.then_some(known))
}

/// A step's outputs, if they are known and still there: nothing executed, all units reused.
pub(crate) fn find_step(
    store: &DynStore,
    key: &Digest,
) -> Result<Option<StepFinished>, StoreError> {
    let Some(mut known) = find::<StepFinished>(store, STEP, key)? else { return Ok(None) };
    let named = known.outputs.values().copied().chain([known.record]);
    if !all_there(store, &named.collect::<Vec<_>>())? {
        return Ok(None);
    }
    known.units_reused += known.units_executed;
    known.units_executed = 0;
    Ok(Some(known))
}

pub(crate) fn unit_entry(key: &Digest, output: &UnitOutput) -> (Vec<u8>, Vec<u8>) {
    (memo_key(UNIT, key), canonical(output))
}

pub(crate) fn step_entry(key: &Digest, finished: &StepFinished) -> (Vec<u8>, Vec<u8>) {
    (memo_key(STEP, key), canonical(finished))
}

/// An answer that was remembered under a key of the caller's own.
pub(crate) fn find<T: serde::de::DeserializeOwned>(
    store: &DynStore,
    tag: u8,
    key: &Digest,
) -> Result<Option<T>, StoreError> {
    let bytes = store.get_memo(&memo_key(tag, key))?;
    // A memo of an older shape is as good as none.
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

pub(crate) fn entry<T: serde::Serialize>(tag: u8, key: &Digest, value: &T) -> (Vec<u8>, Vec<u8>) {
    (memo_key(tag, key), canonical(value))
}

fn canonical<T: serde::Serialize>(value: &T) -> Vec<u8> {
    to_canonical(value).expect("BUG: a memo without a canonical form")
}

fn memo_key(tag: u8, key: &Digest) -> Vec<u8> {
    [&[tag], key.as_bytes().as_slice()].concat()
}

fn all_there(store: &DynStore, digests: &[Digest]) -> Result<bool, StoreError> {
    for digest in digests {
        if store.size(digest)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
