//! [`SledStore`]: artifacts in packs, everything else in a sled index.
//!
//! Invariant: the index never points at bytes that are not durable. Order of a publication: pack
//! records, fsync, index, flush. After a failed fsync nothing is written any more.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use refrain_domain::Digest;
use sled::transaction::{ConflictableTransactionError, TransactionError, TransactionalTree};
use sled::{Transactional, Tree};

use crate::packs::{Location, Packs};
use crate::{Artifacts, Bytes, Events, Memos, Publication, Publish, Refs, Result, StoreError};

const FORMAT: &str = "refrain-store/1\n";
const TAIL: &[u8] = b"tail";

/// Artifacts up to this length lie in the index itself.
const INLINE_BYTES_MAX: usize = 256;
const INLINE: u8 = 0;
const IN_PACK: u8 = 1;

/// A store in a folder. One process at a time has it open.
pub struct SledStore {
    pub(crate) packs: Packs,
    pub(crate) artifacts: Tree,
    pub(crate) refs: Tree,
    pub(crate) events: Tree,
    streams: Tree,
    memos: Tree,
    pub(crate) meta: Tree,
    pub(crate) db: sled::Db,
    pub(crate) staged: Mutex<Staged>,
    stopped: Mutex<Option<String>>,
    /// Serialises publications and garbage collection.
    pub(crate) publishing: Mutex<()>,
    /// Held for its lock.
    _lock: std::fs::File,
}

/// What was staged by this process.
#[derive(Default)]
pub(crate) struct Staged {
    /// Not in the index yet.
    pub pending: HashMap<Digest, Entry>,
    /// Staged at any time since the store was opened: in flight, for all that GC knows.
    pub pinned: HashSet<Digest>,
}

/// Where an artifact's bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Inline(Bytes),
    Pack(Location),
}

impl Entry {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Inline(bytes) => [&[INLINE], &bytes[..]].concat(),
            Self::Pack(location) => [&[IN_PACK], &location.to_bytes()[..]].concat(),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&INLINE, rest) => Some(Self::Inline(Arc::from(rest))),
            (&IN_PACK, rest) => Location::from_bytes(rest).map(Self::Pack),
            _ => None,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Pack(location) => location.len,
        }
    }
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Artifacts.
    pub n_artifacts: u64,
    /// Their bytes.
    pub artifact_bytes: u64,
    /// Bytes of the packs on disk.
    pub pack_bytes: u64,
    /// Bytes of the index on disk.
    pub index_bytes: u64,
}

impl SledStore {
    /// Opens the store in this folder; makes one if the folder is empty or does not exist.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process has it open, [`StoreError::Format`] for a store
    /// of another version or a folder of something else, [`StoreError::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)
            .map_err(|e| StoreError::io(format!("creating {}", path.display()), e))?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|e| StoreError::io(format!("opening {}", path.display()), e))?;
        let lock = lock(&dir, path)?;
        check_format(&dir, path)?;
        dir.create_dir_all("packs").map_err(|e| StoreError::io("creating the pack folder", e))?;
        let db = sled::Config::new()
            .path(path.join("index"))
            .cache_capacity(32 << 20)
            .flush_every_ms(None)
            .open()
            .map_err(from_sled)?;
        let tree = |name| db.open_tree(name).map_err(from_sled);
        let meta = tree("meta")?;
        let tail = meta.get(TAIL).map_err(from_sled)?.and_then(|bytes| parse_tail(&bytes));
        let packs_dir =
            dir.open_dir("packs").map_err(|e| StoreError::io("opening the pack folder", e))?;
        Ok(Self {
            packs: Packs::open(packs_dir, tail)?,
            artifacts: tree("artifacts")?,
            refs: tree("refs")?,
            events: tree("events")?,
            streams: tree("streams")?,
            memos: tree("memos")?,
            meta,
            db,
            staged: Mutex::default(),
            stopped: Mutex::default(),
            publishing: Mutex::default(),
            _lock: lock,
        })
    }

    /// Counts artifacts and bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn usage(&self) -> Result<Usage> {
        let (mut n_artifacts, mut artifact_bytes) = (0, 0);
        for item in &self.artifacts {
            let (_, value) = item.map_err(from_sled)?;
            n_artifacts += 1;
            artifact_bytes += Entry::from_bytes(&value).map_or(0, |entry| entry.len());
        }
        let index_bytes = self.db.size_on_disk().map_err(from_sled)?;
        Ok(Usage { n_artifacts, artifact_bytes, pack_bytes: self.packs.size_bytes()?, index_bytes })
    }

    pub(crate) fn entry(&self, digest: &Digest) -> Result<Option<Entry>> {
        if let Some(entry) = self.lock_staged().pending.get(digest) {
            return Ok(Some(entry.clone()));
        }
        let Some(value) = self.artifacts.get(digest.as_bytes()).map_err(from_sled)? else {
            return Ok(None);
        };
        let entry = Entry::from_bytes(&value).ok_or_else(|| StoreError::Corrupt {
            digest: *digest,
            detail: "its index entry is damaged: rebuild the index".to_owned(),
        })?;
        Ok(Some(entry))
    }

    /// Makes staged artifacts durable and visible to the next process.
    pub(crate) fn commit_staged(&self) -> Result<()> {
        // Taken before the sync: what is staged meanwhile waits for the next one.
        let pending: Vec<(Digest, Entry)> =
            self.lock_staged().pending.iter().map(|(d, e)| (*d, e.clone())).collect();
        if pending.is_empty() {
            return Ok(());
        }
        let tail = self.packs.sync().inspect_err(|error| self.stop(error))?;
        let mut batch = sled::Batch::default();
        for (digest, entry) in &pending {
            batch.insert(digest.as_bytes(), entry.to_bytes());
        }
        self.artifacts.apply_batch(batch).map_err(from_sled)?;
        if let Some((pack, end)) = tail {
            let bytes = [&pack.to_be_bytes()[..], &end.to_be_bytes()[..]].concat();
            self.meta.insert(TAIL, bytes).map_err(from_sled)?;
        }
        let mut staged = self.lock_staged();
        for (digest, _) in &pending {
            staged.pending.remove(digest);
        }
        Ok(())
    }

    pub(crate) fn flush(&self) -> Result<()> {
        let flushed = self.db.flush().map_err(from_sled);
        flushed.map(drop).inspect_err(|error| self.stop(error))
    }

    /// Nothing may be written once a write to disk has failed: what is on disk is not known.
    fn stop(&self, error: &StoreError) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert_with(|| error.to_string());
    }

    fn check_running(&self) -> Result<()> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.clone().map_or(Ok(()), |detail| Err(StoreError::Stopped { detail }))
    }

    pub(crate) fn lock_staged(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_publishing(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Artifacts for SledStore {
    fn stage(&self, bytes: &[u8]) -> Result<Digest> {
        self.check_running()?;
        let digest = Digest::of(bytes);
        // Pinned before it is looked up, so that GC cannot sweep it in between.
        self.lock_staged().pinned.insert(digest);
        if self.entry(&digest)?.is_some() {
            return Ok(digest);
        }
        let entry = if bytes.len() <= INLINE_BYTES_MAX {
            Entry::Inline(Arc::from(bytes))
        } else {
            Entry::Pack(self.packs.append(&digest, bytes)?)
        };
        self.lock_staged().pending.insert(digest, entry);
        Ok(digest)
    }

    fn sync(&self) -> Result<()> {
        self.check_running()?;
        let _publishing = self.lock_publishing();
        self.commit_staged()?;
        self.flush()
    }

    fn get(&self, digest: &Digest) -> Result<Bytes> {
        match self.entry(digest)? {
            None => Err(StoreError::Missing { digest: *digest }),
            Some(Entry::Pack(location)) => self.packs.read(digest, location),
            Some(Entry::Inline(bytes)) if Digest::of(&bytes) == *digest => Ok(bytes),
            Some(Entry::Inline(_)) => Err(StoreError::Corrupt {
                digest: *digest,
                detail: "its bytes in the index have another digest".to_owned(),
            }),
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.entry(digest)?.map(|entry| entry.len()))
    }
}

impl Refs for SledStore {
    fn get_ref(&self, name: &str) -> Result<Option<Digest>> {
        let value = self.refs.get(name).map_err(from_sled)?;
        Ok(value.and_then(|bytes| to_digest(&bytes)))
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>> {
        let mut refs = Vec::new();
        for item in self.refs.scan_prefix(prefix) {
            let (name, value) = item.map_err(from_sled)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            refs.extend(to_digest(&value).map(|digest| (name, digest)));
        }
        Ok(refs)
    }
}

impl Events for SledStore {
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>> {
        let range = event_key(stream, from)..=event_key(stream, u64::MAX);
        let values = self.events.range(range).values();
        values.map(|value| value.map(|bytes| bytes.to_vec()).map_err(from_sled)).collect()
    }

    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let mut streams = Vec::new();
        for item in self.streams.scan_prefix(prefix) {
            let (name, len) = item.map_err(from_sled)?;
            streams.push((String::from_utf8_lossy(&name).into_owned(), to_u64(&len)));
        }
        Ok(streams)
    }
}

impl Memos for SledStore {
    fn get_memo(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.memos.get(key).map_err(from_sled)?.map(|bytes| bytes.to_vec()))
    }
}

impl Publish for SledStore {
    fn publish(&self, publication: &Publication) -> Result<()> {
        self.check_running()?;
        let _publishing = self.lock_publishing();
        self.commit_staged()?;
        let trees = (&self.refs, &self.events, &self.streams, &self.memos);
        let applied = trees.transaction(|(refs, events, streams, memos)| {
            apply_refs(refs, publication)?;
            apply_events(events, streams, publication)?;
            for (key, value) in &publication.memos {
                memos.insert(key.as_slice(), value.as_slice())?;
            }
            Ok(())
        });
        applied.map_err(|error| match error {
            TransactionError::Abort(error) => error,
            TransactionError::Storage(error) => from_sled(error),
        })?;
        self.flush()
    }
}

type Transacted<T> = std::result::Result<T, ConflictableTransactionError<StoreError>>;

fn apply_refs(refs: &TransactionalTree, publication: &Publication) -> Transacted<()> {
    for change in &publication.refs {
        let found = refs.get(&change.name)?.and_then(|bytes| to_digest(&bytes));
        if found != change.expected {
            let (name, expected) = (change.name.clone(), change.expected);
            let error = StoreError::Conflict { name, expected, found };
            return Err(ConflictableTransactionError::Abort(error));
        }
        match change.new {
            Some(digest) => refs.insert(change.name.as_bytes(), digest.as_bytes())?,
            None => refs.remove(change.name.as_bytes())?,
        };
    }
    Ok(())
}

fn apply_events(
    events: &TransactionalTree,
    streams: &TransactionalTree,
    publication: &Publication,
) -> Transacted<()> {
    for append in &publication.events {
        let found = streams.get(&append.stream)?.map_or(0, |bytes| to_u64(&bytes));
        if let Some(expected) = append.expected_len.filter(|expected| *expected != found) {
            let stream = append.stream.clone();
            let error = StoreError::StreamConflict { stream, expected, found };
            return Err(ConflictableTransactionError::Abort(error));
        }
        if append.events.is_empty() {
            continue;
        }
        for (number, event) in (found..).zip(&append.events) {
            events.insert(event_key(&append.stream, number), event.as_slice())?;
        }
        let len = found + append.events.len() as u64;
        streams.insert(append.stream.as_bytes(), &len.to_be_bytes())?;
    }
    Ok(())
}

/// A stream's name, a zero byte that no name has, and the event's number.
fn event_key(stream: &str, number: u64) -> Vec<u8> {
    [stream.as_bytes(), &[0], &number.to_be_bytes()].concat()
}

fn to_digest(bytes: &[u8]) -> Option<Digest> {
    bytes.try_into().ok().map(Digest::from_bytes)
}

fn to_u64(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

fn parse_tail(bytes: &[u8]) -> Option<(u32, u64)> {
    let pack = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    Some((pack, u64::from_be_bytes(bytes.get(4..12)?.try_into().ok()?)))
}

pub(crate) fn from_sled(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => StoreError::io("writing the index", source),
        other => StoreError::io("using the index", std::io::Error::other(other.to_string())),
    }
}

fn lock(dir: &Dir, path: &Path) -> Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    let io = |e| StoreError::io("locking the store", e);
    let mut file = dir.open_with("lock", &options).map_err(io)?.into_std();
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Who holds it is a courtesy; that someone does is what matters.
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::InUse { path: path.display().to_string(), pid });
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    write!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

fn check_format(dir: &Dir, path: &Path) -> Result<()> {
    let format = |found: String| StoreError::Format {
        path: path.display().to_string(),
        found,
        expected: FORMAT.trim().to_owned(),
    };
    match dir.read_to_string("FORMAT") {
        Ok(found) if found == FORMAT => Ok(()),
        Ok(found) => Err(format(found.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if dir.exists("index") {
                return Err(format("no FORMAT file, but an index".to_owned()));
            }
            dir.write("FORMAT", FORMAT).map_err(|e| StoreError::io("writing FORMAT", e))
        }
        Err(error) => Err(StoreError::io("reading FORMAT", error)),
    }
}
