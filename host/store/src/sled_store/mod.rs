//! [`SledStore`]: artifacts in packs, everything else in a sled index.
//!
//! Invariant: the packs hold everything that was acknowledged, refs and events too, and the index
//! is what they amount to. Order of a publication: artifacts, journal, sync, index, and only then
//! the return. After a failed sync nothing is written any more. `STORE_FORMAT.md` is the
//! specification.
//!
//! Absent on purpose: threads. Every byte is written by a caller, and dropping a store is quick.

mod backup;
mod flight;
mod fsck;
mod gc;
mod index;
mod journal;
mod open;
mod packs;
mod rebuild;
mod record;
mod replay;
mod scan;
mod walk;

use std::collections::hash_map::Entry::Vacant;
use std::sync::{Mutex, MutexGuard, PoisonError};

use refrain_domain::Digest;

pub use flight::TempRef;
pub use fsck::{Fault, FaultKind, FsckReport};
pub use gc::{GcOptions, GcReport};
pub use rebuild::RebuildReport;

use crate::changes::{Changes, resolve};
use crate::{Artifacts, Bytes, Events, Memos, Publication, Publish, Refs, Result, StoreError};
use flight::Flight;
use index::{
    ARTIFACT, Changeset, Index, MEMO, REF, STREAM, VALUE_BYTES_MAX, Value, parse_location,
    to_digest, to_u64,
};
use journal::Entry as JournalEntry;
use packs::{Location, Packs};
use record::{Content, Header, encode};

/// Batches that may wait in the index before they are handed to the operating system.
const FLUSH_EVERY: usize = 16;

/// A store in a folder. One process at a time has it open.
pub struct SledStore {
    packs: Packs,
    index: Index,
    flight: Flight,
    /// The first failure of a disk that cannot be trusted since.
    stopped: Mutex<Option<String>>,
    /// Serialises publications.
    publishing: Mutex<()>,
    /// Serialises collections, checks and backups; taken before `publishing`.
    maintenance: Mutex<()>,
    /// Held for its lock, and dropped last; empty once the store is closed.
    lock: std::fs::File,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Artifacts.
    pub n_artifacts: u64,
    /// Their bytes, as they were put.
    pub artifact_bytes: u64,
    /// Bytes of the packs on disk.
    pub pack_bytes: u64,
    /// Bytes of the index on disk.
    pub index_bytes: u64,
}

impl SledStore {
    /// Keeps an artifact from GC while the answer lives. The artifact need not be there yet.
    pub fn hold(&self, digest: &Digest) -> TempRef {
        self.flight.hold(*digest)
    }

    /// Counts artifacts and bytes. Takes time linear in the number of artifacts.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn usage(&self) -> Result<Usage> {
        let (mut n_artifacts, mut artifact_bytes) = (0, 0);
        for item in self.index.list(ARTIFACT, &[]) {
            let (key, value) = item?;
            let location = to_digest(&key).and_then(|digest| parse_location(&digest, &value));
            n_artifacts += 1;
            artifact_bytes += location.map_or(0, |location| location.header.len);
        }
        let (pack_bytes, index_bytes) = (self.packs.total_bytes()?, self.index.disk_bytes()?);
        Ok(Usage { n_artifacts, artifact_bytes, pack_bytes, index_bytes })
    }

    /// Does what dropping does, and leaves the rest to the end of the process, which is quicker at it.
    /// Nothing is written afterwards.
    pub fn close(&self) {
        let _publishing = self.lock_publishing();
        // What is lost here is taken in again at the next opening.
        if self.check_running().is_ok() && self.index.flush().is_ok() {
            drop(self.lock.set_len(0));
        }
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| "it is closed".to_owned());
    }

    fn location(&self, digest: &Digest) -> Result<Option<Location>> {
        if let Some(location) = self.flight.lock().pending.get(digest) {
            return Ok(Some(*location));
        }
        let Some(value) = self.index.get(ARTIFACT, digest.as_bytes())? else {
            return Ok(None);
        };
        let location = parse_location(digest, &value).ok_or_else(|| StoreError::Corrupt {
            digest: *digest,
            detail: "its index entry is damaged: rebuild the index".to_owned(),
        })?;
        Ok(Some(location))
    }

    /// Makes all that was staged durable together with a journal of these entries, and shows both
    /// in the index. The caller holds the publishing lock.
    fn commit(&self, mut changes: Changeset, journal: &[JournalEntry]) -> Result<()> {
        let mut record = Vec::new();
        journal.iter().for_each(|entry| entry.write(&mut record));
        let encoded = encode(&record);
        let header = Header::new(Content::Journal, Digest::of(&record), &record, &encoded);
        // Of one moment: every record before this tail is in the index, or is among these.
        let (pending, tail) = {
            let flight = self.flight.lock();
            if !journal.is_empty() {
                self.packs.append(header, &encoded.1)?;
            }
            (flight.pending.values().copied().collect::<Vec<Location>>(), self.packs.tail())
        };
        self.or_stop(self.packs.sync())?;
        changes.insert_tail(tail);
        pending.iter().for_each(|location| changes.insert_location(location));
        journal.iter().for_each(|entry| entry.apply(&mut changes));
        self.or_stop(self.index.apply(changes))?;
        let mut flight = self.flight.lock();
        for location in &pending {
            flight.pending.remove(&location.header.digest);
        }
        Ok(())
    }

    /// Hands the index to the operating system now and then. The packs hold everything already;
    /// this bounds what an opening has to take in, and how many memos a kill can cost.
    fn flush_now_and_then(&self) -> Result<()> {
        if self.index.n_waiting() < FLUSH_EVERY {
            return Ok(());
        }
        self.or_stop(self.index.flush())
    }

    /// Nothing may be written once a write to disk has failed: what is on disk is not known.
    fn or_stop<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error @ (StoreError::Io { .. } | StoreError::DiskFull { .. })) = &result {
            let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
            stopped.get_or_insert_with(|| error.to_string());
        }
        result
    }

    fn check_running(&self) -> Result<()> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.clone().map_or(Ok(()), |detail| Err(StoreError::Stopped { detail }))
    }

    fn lock_publishing(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_maintenance(&self) -> MutexGuard<'_, ()> {
        self.maintenance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let mut streams = Vec::new();
        for item in self.index.list(STREAM, prefix.as_bytes()) {
            let (name, len) = item?;
            streams.push((String::from_utf8_lossy(&name).into_owned(), to_u64(&len)));
        }
        Ok(streams)
    }

    fn to_value(&self, bytes: &[u8]) -> Result<Value> {
        if bytes.len() <= VALUE_BYTES_MAX {
            return Ok(Value::Here(bytes.to_vec()));
        }
        self.stage(bytes).map(Value::Artifact)
    }

    fn read_value(&self, bytes: &[u8], what: impl Fn() -> String) -> Result<Vec<u8>> {
        match Value::parse(bytes) {
            Some(Value::Here(bytes)) => Ok(bytes),
            Some(Value::Artifact(digest)) => Ok(self.get(&digest)?.to_vec()),
            None => {
                let source = std::io::Error::other("its index entry is damaged");
                Err(StoreError::io(format!("reading {}", what()), source))
            }
        }
    }

    fn journal_of(&self, changes: &Changes<'_>) -> Result<Vec<JournalEntry>> {
        let mut journal = Vec::with_capacity(changes.refs.len() + changes.events.len());
        for (name, new) in &changes.refs {
            journal.push(JournalEntry::Ref { name: (*name).to_owned(), new: *new });
        }
        for (stream, number, event) in &changes.events {
            let (stream, value) = ((*stream).to_owned(), self.to_value(event)?.to_bytes());
            journal.push(JournalEntry::Event { stream, number: *number, value });
        }
        Ok(journal)
    }

    fn memos_of(&self, publication: &Publication) -> Result<Changeset> {
        let mut changes = Changeset::default();
        for (key, value) in &publication.memos {
            changes.insert(MEMO, key, self.to_value(value)?.to_bytes());
        }
        Ok(changes)
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl Artifacts for SledStore {
    fn stage(&self, bytes: &[u8]) -> Result<Digest> {
        self.check_running()?;
        let digest = Digest::of(bytes);
        // Pinned before it is looked up, so that GC cannot sweep it in between.
        self.flight.lock().pin(digest);
        // sled tells of a write that failed with whatever it is asked next.
        if self.or_stop(self.location(&digest))?.is_some() {
            return Ok(digest);
        }
        // Outside the lock: this is where the time goes.
        let encoded = encode(bytes);
        let header = Header::new(Content::Artifact, digest, bytes, &encoded);
        // Another thread may have brought the same bytes meanwhile.
        if let Vacant(pending) = self.flight.lock().pending.entry(digest) {
            // Under the lock, so that a commit sees the record among the pending, or behind its tail.
            pending.insert(self.packs.append(header, &encoded.1)?);
        }
        Ok(digest)
    }

    fn sync(&self) -> Result<()> {
        self.check_running()?;
        let _publishing = self.lock_publishing();
        if self.flight.lock().pending.is_empty() {
            return Ok(());
        }
        self.commit(Changeset::default(), &[])?;
        self.flush_now_and_then()
    }

    fn get(&self, digest: &Digest) -> Result<Bytes> {
        let missing = || StoreError::Missing { digest: *digest };
        let mut location = self.location(digest)?.ok_or_else(missing)?;
        loop {
            let read = self.packs.read(&location);
            if read.is_ok() {
                return read;
            }
            // GC may have moved it meanwhile: then look there.
            let again = self.location(digest)?.ok_or_else(missing)?;
            if again == location {
                return read;
            }
            location = again;
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let size = self.location(digest)?.map(|location| location.header.len);
        if size.is_some() {
            // Whoever asks means to use it: it stays for as long as if it had been staged.
            self.flight.lock().pin(*digest);
            // Between the look and the pin a collection may have come by.
            return Ok(self.location(digest)?.map(|location| location.header.len));
        }
        Ok(None)
    }
}

impl Refs for SledStore {
    fn get_ref(&self, name: &str) -> Result<Option<Digest>> {
        Ok(self.index.get(REF, name.as_bytes())?.and_then(|bytes| to_digest(&bytes)))
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>> {
        let mut refs = Vec::new();
        for item in self.index.list(REF, prefix.as_bytes()) {
            let (name, value) = item?;
            let name = String::from_utf8_lossy(&name).into_owned();
            refs.extend(to_digest(&value).map(|digest| (name, digest)));
        }
        Ok(refs)
    }
}

impl Events for SledStore {
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>> {
        let events = self.index.events(stream, from);
        let read = |item: Result<(u64, sled::IVec)>| {
            let (number, value) = item?;
            self.read_value(&value, || format!("event {number} of `{stream}`"))
        };
        events.map(read).collect()
    }

    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        self.streams(prefix)
    }
}

impl Memos for SledStore {
    fn get_memo(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(value) = self.index.get(MEMO, key)? else { return Ok(None) };
        match self.read_value(&value, || "a memo".to_owned()) {
            // A memo may be lost without harm; whoever asked computes it again.
            Err(StoreError::Missing { .. } | StoreError::Corrupt { .. }) => Ok(None),
            read => read.map(Some),
        }
    }
}

impl Publish for SledStore {
    fn publish(&self, publication: &Publication) -> Result<()> {
        self.check_running()?;
        let _publishing = self.lock_publishing();
        let len_of = |stream: &str| {
            let len = self.or_stop(self.index.get(STREAM, stream.as_bytes()))?;
            Ok(len.map_or(0, |bytes| to_u64(&bytes)))
        };
        let ref_at = |name: &str| self.or_stop(self.get_ref(name));
        let changes = resolve(publication, ref_at, len_of)?;
        let journal = self.journal_of(&changes)?;
        self.commit(self.memos_of(publication)?, &journal)?;
        self.flush_now_and_then()
    }
}
