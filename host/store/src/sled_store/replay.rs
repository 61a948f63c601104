//! Bringing the index up to the packs: after a crash from where it stopped, or anew from nothing.
//!
//! Invariant: the tail is written last, so an opening that dies is an opening that did not happen.
//! An artifact that verifies is never given up; a publication is, if an artifact of it was torn.

use std::collections::BTreeMap;

use super::index::{Changeset, EVENT, Index, REF, STREAM};
use super::packs::{Packs, Tail};
use super::record::Content;
use super::walk::{Walk, walk};
use crate::Result;

/// Index entries are written in batches of so many.
const BATCH: usize = 10_000;

/// What came back.
pub(super) struct Replayed {
    pub n_artifacts: u64,
    pub n_changes: u64,
    pub n_damaged: u64,
}

/// Takes everything behind a place into the index. Writes nothing to the packs.
pub(super) fn replay(packs: &Packs, index: &Index, from: Tail) -> Result<Replayed> {
    let walk = walk_into(packs, index, from)?;
    let n_changes = apply_journals(packs, index, &walk)?;
    let n_damaged = walk.damage.len() as u64;
    Ok(Replayed { n_artifacts: walk.n_artifacts, n_changes, n_damaged })
}

/// Takes in what a crash kept from the index, and cuts off what it tore; answers where appends go
/// on.
pub(super) fn recover(packs: &Packs, index: &Index) -> Result<Tail> {
    let known = index.tail()?;
    let numbers = packs.numbers()?;
    let Some(&last) = numbers.last().filter(|last| **last >= known.pack) else {
        if known.end > 0 {
            tracing::warn!(pack = known.pack, "the last pack is missing: run fsck");
        }
        // A number is never used twice, not even that of a pack that went missing.
        return Ok(Tail { pack: known.pack + u32::from(known.end > 0), end: 0 });
    };
    if known.end > 0 && !numbers.contains(&known.pack) {
        return Err(super::index::damaged("it is older than the packs"));
    }
    packs.continue_at(Tail { pack: last + 1, end: 0 });
    let mut walk = walk_into(packs, index, known)?;
    let cuts = take_torn(&mut walk, known);
    apply_journals(packs, index, &walk)?;
    let is_moved = salvage(packs, index, &cuts)?;
    // Before the tail: should this die, the next opening does it again.
    for (&pack, &end) in &cuts {
        tracing::info!(pack, end, "cut off what a crash had torn");
        packs.cut(Tail { pack, end })?;
    }
    if walk.is_cut_short {
        tracing::warn!(pack = known.pack, "the pack is shorter than it was: run fsck");
    }
    let tail = if is_moved {
        packs.tail()
    } else if walk.is_cut_short && last == known.pack {
        return Ok(Tail { pack: last + 1, end: 0 });
    } else {
        Tail { pack: last, end: packs.pack_bytes(last)? }
    };
    if tail != known {
        tracing::debug!(n_artifacts = walk.n_artifacts, "took in what the index had lost");
        let mut changes = Changeset::default();
        changes.insert_tail(tail);
        index.apply(changes)?;
    }
    Ok(tail)
}

/// Walks, and indexes the artifacts.
fn walk_into(packs: &Packs, index: &Index, from: Tail) -> Result<Walk> {
    // Written, perhaps not synced: the index must not be ahead of it.
    for pack in packs.numbers()?.into_iter().filter(|pack| *pack >= from.pack) {
        if pack > from.pack || packs.pack_bytes(pack)? > from.end {
            packs.sync_pack(pack)?;
        }
    }
    packs.sync_names()?;
    let (mut changes, mut n_waiting) = (Changeset::default(), 0);
    let walk = walk(packs, from, None, |location| {
        changes.insert_location(location);
        n_waiting += 1;
        if n_waiting == BATCH {
            index.apply(std::mem::take(&mut changes))?;
            n_waiting = 0;
        }
        Ok(())
    })?;
    if n_waiting > 0 {
        index.apply(changes)?;
    }
    Ok(walk)
}

/// Finds where each pack was torn, and takes a publication that was torn out of the walk.
///
/// A journal is written only after all before the last one was synced. So damage behind the last
/// but one may be what a loss of power left of a publication that nobody was told of; damage before
/// it is rot, and costs no more than the records it is in.
fn take_torn(walk: &mut Walk, from: Tail) -> BTreeMap<u32, u64> {
    let synced = match walk.journals.as_slice() {
        [.., before, _] => before.location.place(),
        _ => from,
    };
    let mut torn: Vec<Tail> =
        walk.damage.keys().filter(|place| **place >= synced).copied().collect();
    let Some(first) = torn.first().copied() else { return BTreeMap::new() };
    torn.extend(
        walk.journals.pop_if(|last| last.location.place() > first).map(|j| j.location.place()),
    );
    let mut cuts = BTreeMap::new();
    for place in torn {
        let cut = cuts.entry(place.pack).or_insert(place.end);
        *cut = place.end.min(*cut);
    }
    cuts
}

/// Copies the artifacts behind the cuts to a new pack; answers whether there were any.
fn salvage(packs: &Packs, index: &Index, cuts: &BTreeMap<u32, u64>) -> Result<bool> {
    let mut changes = Changeset::default();
    let mut is_any = false;
    for (&pack, &cut) in cuts {
        for location in packs.scan(pack, cut, u64::MAX)?.records {
            if location.header.content == Content::Artifact
                && let Ok(stored) = packs.read_verified(&location)
            {
                changes.insert_location(&packs.append(location.header, &stored)?);
                is_any = true;
            }
        }
    }
    if is_any {
        packs.sync()?;
        index.apply(changes)?;
    }
    Ok(is_any)
}

fn apply_journals(packs: &Packs, index: &Index, walk: &Walk) -> Result<u64> {
    let (journals, is_from_snapshot) = walk.current();
    if is_from_snapshot {
        clear(index)?;
    }
    let mut n_changes = 0;
    for journal in journals {
        let entries = journal.read(packs)?;
        n_changes += entries.len() as u64;
        let mut changes = Changeset::default();
        entries.iter().for_each(|entry| entry.apply(&mut changes));
        index.apply(changes)?;
    }
    Ok(n_changes)
}

/// Takes refs and events out, for a snapshot has all of them.
fn clear(index: &Index) -> Result<()> {
    for kind in [REF, EVENT, STREAM] {
        let (mut changes, mut n_waiting) = (Changeset::default(), 0);
        for item in index.list(kind, &[]) {
            changes.remove(kind, &item?.0);
            n_waiting += 1;
            if n_waiting == BATCH {
                index.apply(std::mem::take(&mut changes))?;
                n_waiting = 0;
            }
        }
        index.apply(changes)?;
    }
    Ok(())
}
