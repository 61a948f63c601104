//! The sled database: where every artifact lies, refs, events, memos.
//!
//! Invariant: one tree, so that one batch is one atomic change whatever it touches, and the index
//! is always the packs up to its own tail. What a crash takes from it, the packs give back; so
//! nobody waits for it to reach the disk.
//!
//! Absent on purpose: large values. sled spills those into files that it never syncs, so anything
//! above [`VALUE_BYTES_MAX`] goes to a pack and the index keeps its digest.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use refrain_domain::Digest;
use sled::{Batch, IVec};

use super::packs::{Location, Tail};
use super::record::{Codec, Content, Header};
use crate::{Result, StoreError};

/// Events and memos up to this length lie in the index itself.
pub(super) const VALUE_BYTES_MAX: usize = 1 << 10;

const CACHE_BYTES: u64 = 16 << 20;

/// sled's unit of writing. Opening reads and rewrites one, so that a small one opens sooner; a node
/// of sixteen entries, each of [`VALUE_BYTES_MAX`] at most, must fit into a quarter of it.
const SEGMENT_BYTES: usize = 128 << 10;

const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(2);
const OPEN_TRIES_MAX: u32 = 2500; // five seconds

/// What a key is of: its first byte.
pub(super) const ARTIFACT: u8 = b'a';
pub(super) const EVENT: u8 = b'e';
pub(super) const MEMO: u8 = b'm';
pub(super) const REF: u8 = b'r';
pub(super) const STREAM: u8 = b's';
const META: u8 = b'x';

const HERE: u8 = 0;
const SPILLED: u8 = 1;

/// A location, as the value of an artifact's key.
pub(super) fn location_to_bytes(location: &Location) -> Vec<u8> {
    let Location { pack, offset, header } = location;
    let mut bytes = vec![header.codec as u8];
    bytes.extend(pack.to_be_bytes());
    bytes.extend(offset.to_be_bytes());
    bytes.extend(header.len.to_be_bytes());
    bytes.extend(header.stored_len.to_be_bytes());
    bytes
}

/// None for bytes that [`location_to_bytes`] did not write.
pub(super) fn parse_location(digest: &Digest, bytes: &[u8]) -> Option<Location> {
    let bytes: &[u8; 29] = bytes.try_into().ok()?;
    let number = |at: usize| to_u64(&bytes[at..at + 8]);
    let codec = if bytes[0] == Codec::Lz4 as u8 { Codec::Lz4 } else { Codec::Raw };
    let pack = u32::from_be_bytes(bytes[1..5].try_into().ok()?);
    let (content, len, stored_len) = (Content::Artifact, number(13), number(21));
    let header = Header { content, codec, digest: *digest, len, stored_len };
    Some(Location { pack, offset: number(5), header })
}

/// An event or a memo as the index has it.
pub(super) enum Value {
    Here(Vec<u8>),
    /// Too long for the index.
    Artifact(Digest),
}

impl Value {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Here(bytes) => [&[HERE], &bytes[..]].concat(),
            Self::Artifact(digest) => [&[SPILLED], &digest.as_bytes()[..]].concat(),
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&HERE, rest) => Some(Self::Here(rest.to_vec())),
            (&SPILLED, rest) => to_digest(rest).map(Self::Artifact),
            _ => None,
        }
    }
}

/// One sled tree.
pub(super) struct Index {
    db: sled::Db,
    /// sled's own flush asks the kernel to write, not the disk to keep: this file is synced.
    file: std::fs::File,
    /// Batches since the last flush.
    n_waiting: AtomicUsize,
    /// Artifacts, by the index's own account: one that loses entries is found out by it.
    n_artifacts: Mutex<u64>,
}

impl Index {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES);
        // No thread of its own: publications flush, nothing else needs to.
        let config = config.flush_every_ms(None).segment_size(SEGMENT_BYTES);
        let db = open_sled(&config)?;
        let file = std::fs::File::open(path.join("db"));
        let file = file.map_err(|e| StoreError::io("opening the index", e))?;
        let index = Self { db, file, n_waiting: AtomicUsize::new(0), n_artifacts: Mutex::new(0) };
        let n_artifacts = index.meta("artifacts")?.map_or(0, |bytes| to_u64(&bytes));
        *index.n_artifacts.lock().unwrap_or_else(PoisonError::into_inner) = n_artifacts;
        Ok(index)
    }

    pub(super) fn get(&self, kind: u8, key: &[u8]) -> Result<Option<IVec>> {
        self.db.get(join(kind, key)).map_err(from_sled)
    }

    /// All keys of a kind that start so, sorted, without the kind's byte.
    pub(super) fn list(
        &self,
        kind: u8,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Vec<u8>, IVec)>> + use<> {
        let items = self.db.scan_prefix(join(kind, prefix));
        items.map(|item| {
            let (key, value) = item.map_err(from_sled)?;
            Ok((key[1..].to_vec(), value))
        })
    }

    /// The events of a stream from a number on, with their numbers.
    pub(super) fn events(
        &self,
        stream: &str,
        from: u64,
    ) -> impl Iterator<Item = Result<(u64, IVec)>> + use<> {
        let bound = |number| join(EVENT, &event_key(stream, number));
        let items = self.db.range(bound(from)..=bound(u64::MAX));
        items.map(|item| {
            let (key, value) = item.map_err(from_sled)?;
            Ok((to_u64(&key[key.len() - 8..]), value))
        })
    }

    /// Every key and value, as they are.
    pub(super) fn dump(&self) -> impl Iterator<Item = Result<(IVec, IVec)>> + use<> {
        self.db.iter().map(|item| item.map_err(from_sled))
    }

    /// Reads every entry.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub(super) fn read_through(&self) -> Result<()> {
        let read = || self.dump().try_for_each(|entry| entry.map(drop));
        // sled panics on some damage. Nothing is changed by reading.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
        read.map_err(|_| damaged("it cannot be read"))?
    }

    /// Applies a batch, all or nothing. It can be seen at once, and reaches the disk with some
    /// later [`Self::flush`].
    pub(super) fn apply(&self, mut changes: Changeset) -> Result<()> {
        let mut n_artifacts = self.n_artifacts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut n = *n_artifacts;
        for (digest, is_there) in &changes.artifacts {
            let was_there = self.get(ARTIFACT, digest.as_bytes())?.is_some();
            match (was_there, *is_there) {
                (false, true) => n += 1,
                (true, false) => n = n.saturating_sub(1),
                _ => {}
            }
        }
        if n != *n_artifacts {
            changes.insert_meta("artifacts", &n.to_be_bytes());
        }
        self.db.apply_batch(changes.batch).map_err(from_sled)?;
        *n_artifacts = n;
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// How many artifacts there should be.
    pub(super) fn n_artifacts(&self) -> u64 {
        *self.n_artifacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Batches that have not been flushed.
    pub(super) fn n_waiting(&self) -> usize {
        self.n_waiting.load(Ordering::Relaxed)
    }

    /// Hands everything to the operating system: a killed process loses none of it.
    pub(super) fn flush(&self) -> Result<()> {
        self.n_waiting.store(0, Ordering::Relaxed);
        self.db.flush().map(drop).map_err(from_sled)
    }

    /// Makes everything durable, for the rare moments in which the index must not fall behind.
    pub(super) fn sync(&self) -> Result<()> {
        self.flush()?;
        self.file.sync_data().map_err(|e| StoreError::io("syncing the index", e))
    }

    pub(super) fn disk_bytes(&self) -> Result<u64> {
        self.db.size_on_disk().map_err(from_sled)
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<IVec>> {
        self.get(META, key.as_bytes())
    }

    pub(super) fn tail(&self) -> Result<Tail> {
        let Some(bytes) = self.meta("tail")? else { return Ok(Tail::default()) };
        let (pack, end) =
            bytes.split_first_chunk::<8>().ok_or_else(|| damaged("its tail is cut"))?;
        let pack = u32::try_from(u64::from_be_bytes(*pack)).unwrap_or(u32::MAX);
        Ok(Tail { pack, end: to_u64(end) })
    }
}

/// Changes to the index that are applied together.
#[derive(Default)]
pub(super) struct Changeset {
    batch: Batch,
    /// Which of them this leaves in the index, and which not.
    artifacts: BTreeMap<Digest, bool>,
}

impl Changeset {
    pub(super) fn insert(&mut self, kind: u8, key: &[u8], value: impl Into<IVec>) {
        self.batch.insert(join(kind, key), value);
    }

    pub(super) fn remove(&mut self, kind: u8, key: &[u8]) {
        self.batch.remove(join(kind, key));
    }

    pub(super) fn insert_location(&mut self, location: &Location) {
        self.artifacts.insert(location.header.digest, true);
        self.insert(ARTIFACT, location.header.digest.as_bytes(), location_to_bytes(location));
    }

    pub(super) fn remove_artifact(&mut self, digest: &Digest) {
        self.artifacts.insert(*digest, false);
        self.remove(ARTIFACT, digest.as_bytes());
    }

    pub(super) fn insert_meta(&mut self, key: &str, value: &[u8]) {
        self.insert(META, key.as_bytes(), value);
    }

    pub(super) fn insert_tail(&mut self, tail: Tail) {
        let bytes = [u64::from(tail.pack).to_be_bytes(), tail.end.to_be_bytes()].concat();
        self.insert_meta("tail", &bytes);
    }

    /// For keys that [`Index::dump`] gave.
    pub(super) fn insert_dumped(&mut self, key: &[u8], value: &[u8]) {
        self.batch.insert(key, value);
    }
}

/// The stream's length first, so that no stream's keys lie among another's.
pub(super) fn event_key(stream: &str, number: u64) -> Vec<u8> {
    let len = u32::try_from(stream.len()).expect("BUG: a stream's name of 4 GiB");
    [&len.to_be_bytes(), stream.as_bytes(), &number.to_be_bytes()].concat()
}

pub(super) fn to_digest(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

pub(super) fn to_u64(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

fn join(kind: u8, key: &[u8]) -> Vec<u8> {
    [&[kind], key].concat()
}

/// A database that was just closed is locked until sled's own threads have ended, which it does not
/// wait for. Nobody else can have it: the store's lock is ours.
fn open_sled(config: &sled::Config) -> Result<sled::Db> {
    let mut n_tries = 0;
    loop {
        // sled panics on some damage. Nothing of it outlives the closure then.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.open()));
        match opened.map_err(|_| damaged("it cannot be read"))? {
            Ok(db) => return Ok(db),
            Err(error) if n_tries < OPEN_TRIES_MAX && is_locked(&error) => {
                n_tries += 1;
                std::thread::sleep(OPEN_AGAIN_AFTER);
            }
            Err(sled::Error::Io(error)) => return Err(StoreError::io("opening the index", error)),
            Err(error) => return Err(from_sled(error)),
        }
    }
}

fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock"))
}

fn from_sled(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => StoreError::io("using the index", source),
        other => damaged(&other.to_string()),
    }
}

pub(super) fn damaged(what: &str) -> StoreError {
    let hint = "`refrain rebuild-index` makes it anew from the packs, and loses nothing";
    let source = std::io::Error::other(format!("the index is damaged: {what}; {hint}"));
    StoreError::io("using the index", source)
}
