//! Where a unit's outputs part from the recorded ones.

use refrain_admission::first_difference;
use refrain_domain::{Digest, Schema};
use refrain_store::DynStore;
use serde_json::Value;

use crate::compare::column_difference;
use crate::unit::Work;

/// The first difference of two units' outputs; none where they are equal bytes.
pub(super) fn outputs_difference(
    store: &DynStore,
    work: &Work,
    recorded: &[Digest],
    now: &[Digest],
) -> Option<String> {
    let (n, m) = (recorded.len(), now.len());
    if n != m {
        return Some(format!("{n} outputs before, {m} now"));
    }
    let at = recorded.iter().zip(now).position(|(before, now)| before != now)?;
    let (before, now) = (&recorded[at], &now[at]);
    Some(match work {
        Work::Apply { computed: made, .. } | Work::Predict { prediction: made, .. } => {
            rows_difference(store, made, at, before, now)
        }
        Work::FoldMerge { .. } | Work::FoldWhole { .. } | Work::Decide { .. } => {
            report_difference(store, before, now)
        }
        // The second output of a pass says how it went.
        Work::PassMerge { .. } | Work::PassWhole { .. } if at == 1 => {
            report_difference(store, before, now)
        }
        _ => bytes_difference(store, before, now),
    })
}

fn rows_difference(
    store: &DynStore,
    made: &Schema,
    index: usize,
    before: &Digest,
    now: &Digest,
) -> String {
    match made.fields.get(index) {
        Some(field) => column_difference(store, field, before, now),
        None => format!("output {index} was {before} and is {now} now"),
    }
}

fn report_difference(store: &DynStore, before: &Digest, now: &Digest) -> String {
    let read = |digest: &Digest| serde_json::from_slice::<Value>(&store.get(digest).ok()?).ok();
    let found = read(before).zip(read(now)).and_then(|(a, b)| first_difference(&a, &b, 0.0));
    found.unwrap_or_else(|| bytes_difference(store, before, now))
}

/// Bytes that only the plugin can read.
fn bytes_difference(store: &DynStore, before: &Digest, now: &Digest) -> String {
    let size = |digest: &Digest| store.size(digest).ok().flatten().unwrap_or(0);
    let (n, m) = (size(before), size(now));
    format!("its state was {n} bytes ({}) and is {m} bytes now ({})", before.short(), now.short())
}
