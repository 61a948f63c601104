//! Making the index anew from the packs.
//!
//! Invariant: the index that is there stays until the new one is whole.

use std::path::{Path, PathBuf};

use super::SledStore;
use super::index::{Changeset, Index};
use super::open::{Folder, io};
use super::packs::{Packs, Tail, sync_dir};
use super::replay::replay;
use crate::Result;

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
    /// next runs execute what they would have reused. What was swept but not yet overwritten comes
    /// back too, until the next collection. The index that was there is set aside.
    ///
    /// # Errors
    /// [`StoreError::InUse`](crate::StoreError::InUse); [`StoreError::Format`](crate::StoreError::Format)
    /// for a folder that is no store; [`StoreError::Io`](crate::StoreError::Io).
    pub fn rebuild_index(path: &Path) -> Result<RebuildReport> {
        let folder = Folder::open(path)?;
        if folder.check_format()? {
            return Err(folder.format_error("none: it is empty".to_owned()));
        }
        folder.rebuild_index()
    }
}

impl Folder<'_> {
    pub(super) fn rebuild_index(&self) -> Result<RebuildReport> {
        let path = self.path;
        let new = path.join("index.new");
        if new.exists() {
            std::fs::remove_dir_all(&new).map_err(io("removing an index that was not finished"))?;
        }
        let packs = Packs::new(self.packs()?, Tail::default());
        let replayed = {
            let index = Index::open(&new)?;
            let replayed = replay(&packs, &index, Tail::default())?;
            // Whatever lies behind the last record stays as it is, for fsck to name.
            let next = packs.numbers()?.last().map_or(0, |last| last + 1);
            let mut changes = Changeset::default();
            changes.insert_tail(Tail { pack: next, end: 0 });
            index.apply(changes)?;
            Folder::finish_index(&index)?;
            replayed
        };
        let set_aside = set_aside(path)?;
        std::fs::rename(&new, path.join("index")).map_err(io("moving the new index into place"))?;
        sync_dir(&self.dir)?;
        Ok(RebuildReport {
            n_artifacts: replayed.n_artifacts,
            n_changes: replayed.n_changes,
            n_damaged: replayed.n_damaged,
            set_aside,
        })
    }
}

fn set_aside(path: &Path) -> Result<Option<PathBuf>> {
    let index = path.join("index");
    if !index.exists() {
        return Ok(None);
    }
    let free = (1..).map(|n| path.join(format!("index.damaged-{n}"))).find(|to| !to.exists());
    let to = free.expect("BUG: every number is taken");
    std::fs::rename(&index, &to).map_err(io("setting the damaged index aside"))?;
    Ok(Some(to))
}
