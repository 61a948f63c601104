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
use super::packs::Location;
use crate::Result;

/// A snapshot is written in records of about this length.
const SNAPSHOT_RECORD_BYTES: usize = 1 << 20;

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
    /// Bytes given back to the disk.
    pub freed_bytes: u64,
}

/// What a pack holds.
#[derive(Default)]
struct PackUse {
    kept: Vec<Location>,
    kept_bytes: u64,
}

impl SledStore {
    /// Sweeps every artifact that is not in `live`, not in flight in this process, and not the value
    /// of an event or a memo.
    ///
    /// # Errors
    /// As [`Artifacts::stage`](crate::Artifacts::stage); whatever it fails at, nothing live is lost.
    pub fn gc(&self, live: &HashSet<Digest>, options: &GcOptions) -> Result<GcReport> {
        let _maintaining = self.lock_maintenance();
        self.check_running()?;
        let before = self.packs.total_bytes()?;
        let (mut report, packs) = self.sweep(live, options)?;
        let mut doomed = Vec::new();
        for (pack, used) in packs {
            let size = self.packs.pack_bytes(pack)?;
            let garbage = size.saturating_sub(used.kept_bytes);
            if garbage > 0 && garbage as f64 >= options.garbage_share_min * size as f64 {
                doomed.push((pack, used));
                report.freed_bytes += garbage;
            }
        }
        if options.dry_run || report.n_swept == 0 || doomed.is_empty() {
            return Ok(report);
        }
        self.write_snapshot()?;
        for (pack, used) in doomed {
            self.rewrite(pack, &used.kept)?;
        }
        report.freed_bytes = before.saturating_sub(self.packs.total_bytes()?);
        Ok(report)
    }

    /// Takes the dead out of the index; answers what the packs still hold.
    fn sweep(
        &self,
        live: &HashSet<Digest>,
        options: &GcOptions,
    ) -> Result<(GcReport, BTreeMap<u32, PackUse>)> {
        let _publishing = self.lock_publishing();
        self.commit(Changeset::default(), &[])?;
        let spilled = self.spilled()?;
        let mut report = GcReport::default();
        let mut packs: BTreeMap<u32, PackUse> =
            self.packs.numbers()?.into_iter().map(|pack| (pack, PackUse::default())).collect();
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
                report.n_swept += 1;
                dead.remove(ARTIFACT, &key);
                continue;
            }
            report.n_kept += 1;
            if let Some(location) = parse_location(&digest, &value) {
                let used = packs.entry(location.pack).or_default();
                used.kept_bytes += location.record_bytes();
                used.kept.push(location);
            }
        }
        if !options.dry_run && report.n_swept > 0 {
            self.or_stop(self.index.apply(dead))?;
        }
        Ok((report, packs))
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

    /// Begins a pack with all refs and events, so that the journals before it may go.
    fn write_snapshot(&self) -> Result<()> {
        let _publishing = self.lock_publishing();
        self.packs.begin_pack();
        let mut record = Vec::new();
        Entry::SnapshotBegin.write(&mut record);
        let flush_if_long = |record: &mut Vec<u8>| -> Result<()> {
            if record.len() >= SNAPSHOT_RECORD_BYTES {
                self.append_journal(&std::mem::take(record))?;
            }
            Ok(())
        };
        for item in self.index.list(REF, &[]) {
            let (name, value) = item?;
            let name = String::from_utf8_lossy(&name).into_owned();
            Entry::Ref { name, new: to_digest(&value) }.write(&mut record);
            flush_if_long(&mut record)?;
        }
        for stream in self.streams("")? {
            for item in self.index.events(&stream.0, 0) {
                let (number, value) = item?;
                let (stream, value) = (stream.0.clone(), value.to_vec());
                Entry::Event { stream, number, value }.write(&mut record);
                flush_if_long(&mut record)?;
            }
        }
        Entry::SnapshotEnd.write(&mut record);
        self.append_journal(&record)?;
        self.commit(Changeset::default(), &[])
    }

    /// Copies what is kept of a pack to the newest one, then removes it.
    fn rewrite(&self, pack: u32, kept: &[Location]) -> Result<()> {
        let _publishing = self.lock_publishing();
        let mut kept = kept.to_vec();
        kept.sort_by_key(|location| location.offset);
        let mut changes = Changeset::default();
        for location in kept {
            let digest = location.header.digest;
            if self.location(&digest)? != Some(location) {
                continue;
            }
            // Verified first: damage must not be given a fresh header.
            if let Err(error) = self.packs.read(&location) {
                tracing::warn!(pack, %error, "a pack stays, for it cannot be read: run fsck");
                return Ok(());
            }
            let stored = self.packs.read_stored(&location)?;
            let moved = self.packs.append(location.header, &stored)?;
            changes.insert_location(&moved);
        }
        self.commit(changes, &[])?;
        // The index must not lead to a pack that is gone, not even after a loss of power.
        self.or_stop(self.index.sync())?;
        self.packs.remove(pack)
    }
}
