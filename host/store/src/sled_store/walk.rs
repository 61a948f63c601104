//! Reading packs in order: every record, verified, and what the journals among them amount to.
//!
//! Invariant: whatever the bytes of a pack are, a walk ends and says which of them are no record.
//!
//! Absent on purpose: the index. Opening, rebuilding and checking compare it with what is found here.

use std::collections::BTreeMap;

use refrain_domain::Digest;

use super::journal::{self, Entry};
use super::packs::{Location, Packs, Tail};
use super::record::Content;
use crate::{Result, StoreError};

/// What the packs hold from one place to another, but for the artifacts.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// In order.
    pub journals: Vec<Journal>,
    /// Stretches that are no record, and records that do not verify: where each begins and ends.
    pub damage: BTreeMap<Tail, u64>,
    /// A pack that is shorter than where the walk should begin in it.
    pub is_cut_short: bool,
    pub n_artifacts: u64,
}

/// A record of changes of refs and events.
#[derive(Debug)]
pub(super) struct Journal {
    pub location: Location,
    is_begin: bool,
    n_entries: u64,
    ends: Option<u64>,
}

/// What refs and streams amount to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub refs: BTreeMap<String, Digest>,
    /// How long each stream is.
    pub lens: BTreeMap<String, u64>,
}

/// Reads and verifies every record from a place to another, or to the end.
pub(super) fn walk(
    packs: &Packs,
    from: Tail,
    to: Option<Tail>,
    mut on_artifact: impl FnMut(&Location) -> Result<()>,
) -> Result<Walk> {
    let mut walk = Walk::default();
    let last = to.map_or(u32::MAX, |to| to.pack);
    for pack in packs.numbers()?.into_iter().filter(|pack| (from.pack..=last).contains(pack)) {
        let start = if pack == from.pack { from.end } else { 0 };
        if packs.pack_bytes(pack)? < start {
            walk.is_cut_short = true;
            continue;
        }
        let limit = to.filter(|to| to.pack == pack).map_or(u64::MAX, |to| to.end);
        let scan = packs.scan(pack, start, limit)?;
        walk.damage.extend(scan.damaged.iter().map(|at| (Tail { pack, end: at.start }, at.end)));
        for location in &scan.records {
            let content = match packs.read(location) {
                Ok(content) => content,
                Err(StoreError::Corrupt { .. }) => {
                    walk.damage.insert(location.place(), location.end());
                    continue;
                }
                Err(error) => return Err(error),
            };
            match location.header.content {
                Content::Artifact => {
                    walk.n_artifacts += 1;
                    on_artifact(location)?;
                }
                Content::Journal => walk.take_journal(*location, &content),
            }
        }
    }
    Ok(walk)
}

impl Walk {
    fn take_journal(&mut self, location: Location, content: &[u8]) {
        let Some(entries) = journal::parse(content) else {
            self.damage.insert(location.place(), location.end());
            return;
        };
        let mut journal = Journal { location, is_begin: false, n_entries: 0, ends: None };
        for entry in entries {
            match entry {
                Entry::SnapshotBegin => journal.is_begin = true,
                Entry::SnapshotEnd { n_entries } => journal.ends = Some(n_entries),
                Entry::Ref { .. } | Entry::Event { .. } => journal.n_entries += 1,
            }
        }
        self.journals.push(journal);
    }

    /// The journals that count, and whether they begin with a whole snapshot, which stands for all
    /// that was before.
    pub(super) fn current(&self) -> (&[Journal], bool) {
        let (mut begun, mut whole, mut n_entries) = (None, None, 0);
        for (at, journal) in self.journals.iter().enumerate() {
            if journal.is_begin {
                (begun, n_entries) = (Some(at), 0);
            }
            n_entries += journal.n_entries;
            // With an entry missing it is not whole, and what was before it must speak.
            if journal.ends == Some(n_entries) && begun.is_some() {
                whole = begun;
            }
        }
        (&self.journals[whole.unwrap_or(0)..], whole.is_some())
    }

    /// What refs and streams amount to, according to the packs.
    pub(super) fn state(&self, packs: &Packs) -> Result<State> {
        let mut state = State::default();
        for journal in self.current().0 {
            for entry in journal.read(packs)? {
                match entry {
                    Entry::Ref { name, new: Some(digest) } => {
                        state.refs.insert(name, digest);
                    }
                    Entry::Ref { name, new: None } => {
                        state.refs.remove(&name);
                    }
                    Entry::Event { stream, number, .. } => {
                        state.lens.insert(stream, number + 1);
                    }
                    Entry::SnapshotBegin | Entry::SnapshotEnd { .. } => {}
                }
            }
        }
        Ok(state)
    }
}

impl Journal {
    pub(super) fn read(&self, packs: &Packs) -> Result<Vec<Entry>> {
        Ok(journal::parse(&packs.read(&self.location)?).unwrap_or_default())
    }
}
