//! [`MemoryStore`]: the reference implementation. What it does, every other store must do.
//!
//! Invariant: one lock, so every publication is atomic by construction.
//!
//! Absent on purpose: durability, GC, limits. Nothing is ever swept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use refrain_domain::Digest;

use crate::changes::resolve;
use crate::{Artifacts, Bytes, Events, Memos, Publication, Publish, Refs, Result, StoreError};

/// Everything in maps, gone with the process.
#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    artifacts: HashMap<Digest, Bytes>,
    refs: BTreeMap<String, Digest>,
    streams: BTreeMap<String, Vec<Vec<u8>>>,
    memos: HashMap<Vec<u8>, Vec<u8>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Artifacts for MemoryStore {
    fn stage(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        self.lock().artifacts.entry(digest).or_insert_with(|| Arc::from(bytes));
        Ok(digest)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn get(&self, digest: &Digest) -> Result<Bytes> {
        let found = self.lock().artifacts.get(digest).cloned();
        found.ok_or(StoreError::Missing { digest: *digest })
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.lock().artifacts.get(digest).map(|bytes| bytes.len() as u64))
    }
}

impl Refs for MemoryStore {
    fn get_ref(&self, name: &str) -> Result<Option<Digest>> {
        Ok(self.lock().refs.get(name).copied())
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>> {
        let inner = self.lock();
        let matching = inner.refs.range(prefix.to_owned()..);
        let matching = matching.take_while(|(name, _)| name.starts_with(prefix));
        Ok(matching.map(|(name, digest)| (name.clone(), *digest)).collect())
    }
}

impl Events for MemoryStore {
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>> {
        let inner = self.lock();
        let events = inner.streams.get(stream).map_or(&[][..], Vec::as_slice);
        Ok(events.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)).cloned().collect())
    }

    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let inner = self.lock();
        let matching = inner.streams.range(prefix.to_owned()..);
        let matching = matching.take_while(|(name, _)| name.starts_with(prefix));
        Ok(matching.map(|(name, events)| (name.clone(), events.len() as u64)).collect())
    }
}

impl Memos for MemoryStore {
    fn get_memo(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.lock().memos.get(key).cloned())
    }
}

impl Publish for MemoryStore {
    fn publish(&self, publication: &Publication) -> Result<()> {
        let mut inner = self.lock();
        let changes = resolve(
            publication,
            |name| Ok(inner.refs.get(name).copied()),
            |stream| Ok(inner.streams.get(stream).map_or(0, |events| events.len() as u64)),
        )?;
        for (name, new) in changes.refs {
            match new {
                Some(digest) => inner.refs.insert(name.to_owned(), digest),
                None => inner.refs.remove(name),
            };
        }
        for (stream, _, event) in changes.events {
            inner.streams.entry(stream.to_owned()).or_default().push(event.to_vec());
        }
        inner.memos.extend(publication.memos.iter().cloned());
        Ok(())
    }
}
