//! Copies of a store.
//!
//! Invariant: a copy is the store as it was at one moment, however much is written meanwhile; packs
//! only grow, so copying up to an end that is known is enough.

use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::SledStore;
use super::index::{Changeset, Index};
use super::open::{Folder, io};
use super::packs::sync_dir;
use crate::{Result, StoreError};

/// Index entries are copied in batches of so many.
const BATCH: usize = 10_000;

impl SledStore {
    /// Copies the store, as it is now, to a folder that is empty or not there yet. The copy can be
    /// opened like any store. Bytes are copied as they are: check the copy, or the store before.
    ///
    /// # Errors
    /// [`StoreError::Io`], also if the folder is not empty; [`StoreError::DiskFull`].
    pub fn backup(&self, to: &Path) -> Result<()> {
        let _maintaining = self.lock_maintenance();
        let place = format!("writing the backup {}", to.display());
        std::fs::create_dir_all(to).map_err(io(&place))?;
        if std::fs::read_dir(to).map_err(io(&place))?.next().is_some() {
            let error = std::io::Error::other("the folder is not empty");
            return Err(StoreError::io(place, error));
        }
        let folder = Folder::open(to)?;
        folder.begin_copy()?;
        let index = Index::open(&to.join("index"))?;
        // One moment: what the index leads to, and how far the packs reach.
        let ends = {
            let _publishing = self.lock_publishing();
            self.commit(Changeset::default(), &[])?;
            self.copy_index(&index)?;
            let tail = self.packs.tail();
            let mut ends = Vec::new();
            for pack in self.packs.numbers()? {
                let end = self.packs.pack_bytes(pack)?;
                ends.push((pack, if pack == tail.pack { tail.end } else { end }));
            }
            ends
        };
        let packs: Dir = folder.packs()?;
        for (pack, end) in ends {
            self.packs.copy_to(pack, end, &packs)?;
        }
        sync_dir(&packs)?;
        folder.create(&index)?;
        // Names of the folders themselves.
        let parent = to.canonicalize().ok().and_then(|to| to.parent().map(Path::to_owned));
        if let Some(parent) = parent {
            let parent = Dir::open_ambient_dir(parent, ambient_authority());
            sync_dir(&parent.map_err(io(&place))?)?;
        }
        Ok(())
    }

    fn copy_index(&self, to: &Index) -> Result<()> {
        let mut changes = Changeset::default();
        for (number, item) in self.index.dump().enumerate() {
            let (key, value) = item?;
            changes.insert_dumped(&key, &value);
            if number % BATCH == BATCH - 1 {
                to.apply(std::mem::take(&mut changes))?;
            }
        }
        to.apply(changes)
    }

    /// Makes a store of a backup: a copy into a folder that is empty or not there yet.
    ///
    /// # Errors
    /// [`StoreError::Format`] if `from` is no backup, and as [`Self::backup`].
    pub fn restore(from: &Path, to: &Path) -> Result<()> {
        if !from.join("FORMAT").is_file() {
            let (path, expected) = (from.display().to_string(), super::open::FORMAT.to_owned());
            return Err(StoreError::Format { path, found: "none".to_owned(), expected });
        }
        Self::open(from)?.backup(to)
    }
}
