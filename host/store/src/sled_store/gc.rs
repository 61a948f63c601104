//! Sweeping.
//!
//! Invariant: packs are rewritten, never edited. A record's copy is durable and in the index before
//! the original goes; so is a snapshot of all refs and events before any journal goes. Whatever
//! moment a collection dies at, nothing live is lost.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use refrain_domain::Digest;

use super::SledStore;
use super::flight::GRACE;
use super::index::{ARTIFACT, Changeset, EVENT, MEMO, REF, Value, parse_location, to_digest};
use super::journal::Entry;
use super::record::{Content, HEADER_BYTES, Header, encode};
use crate::{Result, StoreError};

/// A snapshot is written in records of about this length.
const SNAPSHOT_RECORD_BYTES: usize = 1 << 20;

/// What an entry of a journal takes beyond its key and value.
const ENTRY_BYTES: usize = 5;

/// How to sweep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GcOptions {
    /// Only count.
    pub dry_run: bool,
    /// What this process staged or asked for within this time stays, named or not.
    pub grace: Duration,
    /// A pack is rewritten when at least this share of it is garbage.
    pub garbage_share_min: f64,
}

impl Default for GcOptions {
    /// An hour; a tenth.
    fn default() -> Self {
        Self { dry_run: false, grace: GRACE, garbage_share_min: 0.1 }
    }
}

/// What a collection did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Artifacts that something live names, or that are in flight.
    pub n_kept: u64,
    /// Artifacts swept.
    pub n_swept: u64,
    /// Bytes given back to the disk. It counts records, padding and journals, so it may be more than
    /// was swept, and zero while no pack holds enough garbage.
    pub freed_bytes: u64,
}

/// What the index leads to in a pack.
#[derive(Default)]
struct PackUse {
    n_kept: u64,
    kept_bytes: u64,
}

/// What a sweep found.
#[derive(Default)]
struct Swept {
    report: GcReport,
    packs: BTreeMap<u32, PackUse>,
    /// What a snapshot takes at most.
    snapshot_bytes: u64,
}

impl SledStore {
    /// Sweeps every artifact that is not in `live`, not in flight in this process, and not the value
    /// of an event or a memo. `live` must hold what was named before this call; what is staged,
    /// asked for with [`Artifacts::size`](crate::Artifacts::size) or held meanwhile, stays.
    ///
    /// # Errors
    /// As [`Artifacts::stage`](crate::Artifacts::stage); whatever it fails at, nothing live is lost.
    pub fn gc(&self, live: &HashSet<Digest>, options: &GcOptions) -> Result<GcReport> {
        let _maintaining = self.lock_maintenance();
        self.check_running()?;
        let before = self.packs.total_bytes()?;
        let Swept { mut report, packs, snapshot_bytes } = self.sweep(live, options)?;
        let (mut doomed, mut doomed_bytes, mut garbage_bytes) = (Vec::new(), 0, 0);
        for (pack, used) in packs {
            let size = self.packs.pack_bytes(pack)?;
            let garbage = size.saturating_sub(used.kept_bytes);
            if garbage as f64 >= options.garbage_share_min * size as f64 {
                doomed.push((pack, used));
                doomed_bytes += size;
                garbage_bytes += garbage;
            }
        }
        // Journals are garbage once a snapshot is written, which is then as long as they need to be.
        let gain = garbage_bytes.saturating_sub(snapshot_bytes);
        if gain == 0 || (gain as f64) < options.garbage_share_min * doomed_bytes as f64 {
            return Ok(report);
        }
        report.freed_bytes = gain;
        if options.dry_run {
            return Ok(report);
        }
        self.write_snapshot()?;
        // First those that ask for least space, so that they give theirs to the others.
        doomed.sort_by_key(|(_, used)| used.kept_bytes);
        for (pack, used) in doomed {
            self.rewrite(pack, used.n_kept)?;
        }
        report.freed_bytes = before.saturating_sub(self.packs.total_bytes()?);
        Ok(report)
    }

    /// Takes the dead out of the index; answers what the packs still hold. From then on, appends go
    /// to a pack that is not among these.
    fn sweep(&self, live: &HashSet<Digest>, options: &GcOptions) -> Result<Swept> {
        let _publishing = self.lock_publishing();
        if !options.dry_run {
            self.packs.begin_pack();
        }
        self.commit(Changeset::default(), &[])?;
        let mut swept = Swept { snapshot_bytes: self.snapshot_bytes()?, ..Swept::default() };
        let (spilled, newest) = (self.spilled()?, self.packs.tail().pack);
        let is_closed = |pack: &u32| options.dry_run || *pack < newest;
        let closed = self.packs.numbers()?.into_iter().filter(is_closed);
        swept.packs = closed.map(|pack| (pack, PackUse::default())).collect();
        let mut dead = Changeset::default();
        // Held until the dead are gone: whoever stages one of them now, waits, and writes it anew.
        let mut flight = self.flight.lock();
        flight.expire(options.grace);
        for item in self.index.list(ARTIFACT, &[]) {
            let (key, value) = item?;
            let Some(digest) = to_digest(&key) else { continue };
            let is_kept =
                live.contains(&digest) || spilled.contains(&digest) || flight.is_pinned(&digest);
            if !is_kept {
                swept.report.n_swept += 1;
                dead.remove_artifact(&digest);
                continue;
            }
            swept.report.n_kept += 1;
            let location = parse_location(&digest, &value);
            if let Some((location, used)) =
                location.and_then(|at| Some((at, swept.packs.get_mut(&at.pack)?)))
            {
                used.n_kept += 1;
                used.kept_bytes += location.padded_bytes();
            }
        }
        if !options.dry_run && swept.report.n_swept > 0 {
            self.or_stop(self.index.apply(dead))?;
        }
        Ok(swept)
    }

    /// Artifacts that are the values of events and memos.
    fn spilled(&self) -> Result<HashSet<Digest>> {
        let mut spilled = HashSet::new();
        for kind in [EVENT, MEMO] {
            for item in self.index.list(kind, &[]) {
                if let Some(Value::Artifact(digest)) = Value::parse(&item?.1) {
                    spilled.insert(digest);
                }
            }
        }
        Ok(spilled)
    }

    /// What a snapshot takes at most: it may be compressed.
    fn snapshot_bytes(&self) -> Result<u64> {
        let mut content_bytes = 1;
        for item in self.index.list(REF, &[]).chain(self.index.list(EVENT, &[])) {
            let (key, value) = item?;
            content_bytes += (key.len() + value.len() + ENTRY_BYTES) as u64;
        }
        let n_records = content_bytes / SNAPSHOT_RECORD_BYTES as u64 + 2; // the last is its end
        Ok(content_bytes + n_records * 2 * HEADER_BYTES as u64)
    }

    /// Begins a pack with all refs and events, so that the journals before it may go.
    pub(super) fn write_snapshot(&self) -> Result<()> {
        let _publishing = self.lock_publishing();
        self.packs.begin_pack();
        let mut record = Vec::new();
        let mut n_entries = 0;
        let mut add = |entry: Entry| -> Result<()> {
            entry.write(&mut record);
            n_entries += 1;
            if record.len() < SNAPSHOT_RECORD_BYTES {
                return Ok(());
            }
            self.append_snapshot(&std::mem::take(&mut record))
        };
        add(Entry::SnapshotBegin)?;
        for item in self.index.list(REF, &[]) {
            let (name, value) = item?;
            let name = String::from_utf8_lossy(&name).into_owned();
            add(Entry::Ref { name, new: to_digest(&value) })?;
        }
        for (stream, _) in self.streams("")? {
            for item in self.index.events(&stream, 0) {
                let (number, value) = item?;
                add(Entry::Event { stream: stream.clone(), number, value: value.to_vec() })?;
            }
        }
        self.append_snapshot(&record)?;
        // Whoever finds the end may rely on the rest.
        self.or_stop(self.packs.sync())?;
        self.commit(Changeset::default(), &[Entry::SnapshotEnd { n_entries: n_entries - 1 }])
    }

    fn append_snapshot(&self, record: &[u8]) -> Result<()> {
        let encoded = encode(record);
        let header = Header::new(Content::Journal, Digest::of(record), record, &encoded);
        self.packs.append(header, &encoded.1).map(drop)
    }

    /// Copies what the index leads to in a pack to the newest one, then removes it.
    fn rewrite(&self, pack: u32, n_kept: u64) -> Result<()> {
        let mut changes = Changeset::default();
        let mut n_moved = 0;
        for location in self.packs.scan(pack, 0, u64::MAX)?.records {
            if location.header.content != Content::Artifact
                || self.location(&location.header.digest)? != Some(location)
            {
                continue;
            }
            // Verified first: damage must not be given a fresh header.
            match self.packs.read_verified(&location) {
                Ok(stored) => {
                    changes.insert_location(&self.packs.append(location.header, &stored)?);
                    n_moved += 1;
                }
                Err(StoreError::Corrupt { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        if n_moved != n_kept {
            tracing::warn!(pack, n_moved, n_kept, "a pack stays, for it is damaged: run fsck");
            return Ok(());
        }
        let _publishing = self.lock_publishing();
        self.commit(changes, &[])?;
        // The index must not lead to a pack that is gone, not even after a loss of power.
        self.or_stop(self.index.sync())?;
        self.packs.remove(pack)
    }
}
