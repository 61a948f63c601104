//! The index, made anew from the packs.

use std::path::{Path, PathBuf};

use super::SledStore;
use super::index::{Changeset, Index};
use super::journal::{self, Entry};
use super::open::Folder;
use super::packs::{Location, Packs, Tail};
use super::record::Content;
use crate::{Result, StoreError};

/// Index entries are written in batches of so many.
const BATCH: usize = 10_000;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebuildReport {
    /// Artifacts.
    pub n_artifacts: u64,
    /// Changes of refs and events.
    pub n_changes: u64,
    /// Stretches of packs that are no record, and records that do not verify.
    pub n_damaged: u64,
    /// Where the index that was there is now.
    pub set_aside: Option<PathBuf>,
}

impl SledStore {
    /// Makes the index of a store anew. Artifacts, refs and events come back; memos do not, so the
    /// next runs execute what they would have reused. The index that was there is set aside.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Format`] for a folder that is no store,
    /// [`StoreError::Io`].
    pub fn rebuild_index(path: &Path) -> Result<RebuildReport> {
        let folder = Folder::open(path)?;
        if folder.check_format()? {
            return Err(folder.format_error("none: it is empty".to_owned()));
        }
        let mut report = RebuildReport { set_aside: set_aside(path)?, ..RebuildReport::default() };
        let packs = Packs::new(folder.packs()?, Tail::default());
        let index = Index::open(&path.join("index"))?;
        let mut state = Vec::new();
        let mut tail = Tail::default();
        for pack in packs.numbers()? {
            let end = read_pack(&packs, &index, pack, &mut state, &mut report)?;
            tail = Tail { pack, end };
        }
        for entries in state.chunks(BATCH) {
            let mut changes = Changeset::default();
            entries.iter().for_each(|entry| entry.apply(&mut changes));
            index.apply(changes)?;
        }
        report.n_changes = state.len() as u64;
        let mut changes = Changeset::default();
        changes.insert_tail(tail);
        index.apply(changes)?;
        folder.create(&index)?;
        Ok(report)
    }
}

/// Indexes the artifacts of a pack, and takes its journals to the state so far.
fn read_pack(
    packs: &Packs,
    index: &Index,
    pack: u32,
    state: &mut Vec<Entry>,
    report: &mut RebuildReport,
) -> Result<u64> {
    let scan = packs.scan(pack, 0, u64::MAX)?;
    report.n_damaged += scan.damaged.len() as u64;
    let mut changes = Changeset::default();
    let mut n_waiting = 0;
    for location in &scan.records {
        let Ok(bytes) = packs.read(location) else {
            report.n_damaged += 1;
            continue;
        };
        match location.header.content {
            Content::Artifact => {
                changes.insert_location(location);
                report.n_artifacts += 1;
                n_waiting += 1;
            }
            Content::Journal => match journal::parse(&bytes) {
                Some(entries) => take_in(state, entries),
                None => report.n_damaged += 1,
            },
        }
        if n_waiting == BATCH {
            index.apply(std::mem::take(&mut changes))?;
            n_waiting = 0;
        }
    }
    index.apply(changes)?;
    Ok(scan.records.last().map_or(0, Location::end))
}

/// A whole snapshot stands for everything before it; the beginning of one for nothing.
fn take_in(state: &mut Vec<Entry>, entries: Vec<Entry>) {
    for entry in entries {
        if entry == Entry::SnapshotEnd {
            let begin = state.iter().rposition(|entry| *entry == Entry::SnapshotBegin);
            state.drain(..begin.map_or(0, |begin| begin + 1));
            continue;
        }
        state.push(entry);
    }
}

fn set_aside(path: &Path) -> Result<Option<PathBuf>> {
    let index = path.join("index");
    if !index.exists() {
        return Ok(None);
    }
    let free = (1..).map(|n| path.join(format!("index.damaged-{n}"))).find(|to| !to.exists());
    let to = free.expect("BUG: every number is taken");
    let io = |error| StoreError::io("setting the damaged index aside", error);
    std::fs::rename(&index, &to).map_err(io)?;
    Ok(Some(to))
}
