//! Sweeping, checking, rebuilding and copying a [`SledStore`].

use std::collections::HashSet;
use std::path::Path;
use std::sync::PoisonError;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use refrain_domain::Digest;

use crate::packs::Location;
use crate::sled_store::{Entry, SledStore, from_sled};
use crate::{Artifacts, Result, StoreError};

/// What a collection did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Artifacts that something live names, or that are in flight.
    pub n_kept: u64,
    /// Artifacts swept.
    pub n_swept: u64,
    /// Bytes given back to the disk.
    pub freed_bytes: u64,
}

/// Something that `fsck` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The artifact, if it is one.
    pub digest: Option<Digest>,
    /// What is wrong, and where.
    pub detail: String,
}

/// What `fsck` found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FsckReport {
    /// Artifacts whose digests were verified.
    pub n_verified: u64,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

impl SledStore {
    /// Sweeps every artifact that is neither in `live` nor in flight in this process. Packs are
    /// rewritten, never edited: the copy is durable and indexed before the original goes.
    ///
    /// # Errors
    /// As [`Artifacts::stage`]; whatever moment it fails at, no live artifact is lost.
    pub fn gc(&self, live: &HashSet<Digest>, dry_run: bool) -> Result<GcReport> {
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        self.commit_staged()?;
        let before = self.packs.size_bytes()?;
        let mut report = GcReport::default();
        let mut dead = Vec::new();
        let mut dirty_packs = HashSet::new();
        {
            let pinned = &self.lock_staged().pinned;
            for item in &self.artifacts {
                let (key, value) = item.map_err(from_sled)?;
                let Some(digest) = key.as_ref().try_into().ok().map(Digest::from_bytes) else {
                    continue;
                };
                if live.contains(&digest) || pinned.contains(&digest) {
                    report.n_kept += 1;
                    continue;
                }
                report.n_swept += 1;
                if let Some(Entry::Pack(location)) = Entry::from_bytes(&value) {
                    dirty_packs.insert(location.pack);
                    report.freed_bytes += location.len;
                }
                dead.push(digest);
            }
        }
        if dry_run {
            return Ok(report);
        }
        let mut batch = sled::Batch::default();
        dead.iter().for_each(|digest| batch.remove(digest.as_bytes()));
        self.artifacts.apply_batch(batch).map_err(from_sled)?;
        self.flush()?;
        let mut dirty_packs: Vec<u32> = dirty_packs.into_iter().collect();
        dirty_packs.sort_unstable();
        self.packs.close_pack();
        for pack in dirty_packs {
            self.rewrite(pack)?;
        }
        report.freed_bytes = before.saturating_sub(self.packs.size_bytes()?);
        Ok(report)
    }

    /// Copies what is live in a pack to the newest one, then removes it.
    fn rewrite(&self, pack: u32) -> Result<()> {
        let mut moved = Vec::new();
        for (digest, location) in self.packs.scan(pack)?.0 {
            let is_here = |entry| matches!(entry, Some(Entry::Pack(found)) if found == location);
            if is_here(self.entry(&digest)?) {
                let bytes = self.packs.read(&digest, location)?;
                moved.push((digest, self.packs.append(&digest, &bytes)?));
            }
        }
        {
            let mut staged = self.lock_staged();
            staged.pending.extend(moved.iter().map(|(d, l)| (*d, Entry::Pack(*l))));
        }
        self.commit_staged()?;
        self.flush()?;
        self.packs.remove(pack)
    }

    /// Reads and verifies everything.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the index itself cannot be read; faults are no errors.
    pub fn fsck(&self) -> Result<FsckReport> {
        let mut report = FsckReport::default();
        for item in &self.artifacts {
            let (key, _) = item.map_err(from_sled)?;
            let Some(digest) = key.as_ref().try_into().ok().map(Digest::from_bytes) else {
                let detail = format!("the index has a key of {} bytes", key.len());
                report.faults.push(Fault { digest: None, detail });
                continue;
            };
            match self.get(&digest) {
                Ok(_) => report.n_verified += 1,
                Err(error) => {
                    let detail = error.to_string();
                    report.faults.push(Fault { digest: Some(digest), detail });
                }
            }
        }
        for item in &self.refs {
            let (name, value) = item.map_err(from_sled)?;
            let digest = value.as_ref().try_into().ok().map(Digest::from_bytes);
            let is_there = digest.map_or(Ok(None), |digest| self.size(&digest))?.is_some();
            if !is_there {
                let name = String::from_utf8_lossy(&name);
                let detail = format!("ref `{name}` names an artifact that is not in the store");
                report.faults.push(Fault { digest, detail });
            }
        }
        Ok(report)
    }

    /// Puts every whole record of every pack back into the index. Refs and events are not in the
    /// packs; they come back with a backup.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn rebuild_index(&self) -> Result<u64> {
        let mut n_found = 0;
        for pack in self.packs.numbers()? {
            let mut batch = sled::Batch::default();
            for (digest, location) in self.packs.scan(pack)?.0 {
                if self.is_whole(&digest, location) {
                    batch.insert(digest.as_bytes(), Entry::Pack(location).to_bytes());
                    n_found += 1;
                }
            }
            self.artifacts.apply_batch(batch).map_err(from_sled)?;
        }
        self.flush()?;
        Ok(n_found)
    }

    fn is_whole(&self, digest: &Digest, location: Location) -> bool {
        self.packs.read(digest, location).is_ok()
    }

    /// Copies the store, as it is now, to an empty folder, where it can be opened.
    ///
    /// # Errors
    /// [`StoreError::Io`]; also if the folder is not empty.
    pub fn backup(&self, to: &Path) -> Result<()> {
        let io = |e| StoreError::io(format!("writing the backup {}", to.display()), e);
        std::fs::create_dir_all(to).map_err(io)?;
        if std::fs::read_dir(to).map_err(io)?.next().is_some() {
            let error = std::io::Error::other("the folder is not empty");
            return Err(io(error));
        }
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        self.commit_staged()?;
        self.flush()?;
        let packs_path = to.join("packs");
        std::fs::create_dir(&packs_path).map_err(io)?;
        let target = Dir::open_ambient_dir(&packs_path, ambient_authority()).map_err(io)?;
        for pack in self.packs.numbers()? {
            self.packs.copy_to(pack, &target)?;
        }
        let db = sled::Config::new().path(to.join("index")).flush_every_ms(None).open();
        let db = db.map_err(from_sled)?;
        db.import(self.db.export());
        db.flush().map_err(from_sled)?;
        std::fs::write(to.join("FORMAT"), "refrain-store/1\n").map_err(io)
    }

    /// Makes a store of a backup: a copy into an empty folder.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::backup`].
    pub fn restore(from: &Path, to: &Path) -> Result<()> {
        Self::open(from)?.backup(to)
    }
}
