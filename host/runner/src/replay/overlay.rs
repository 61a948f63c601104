//! A store over a store: what a replay writes never reaches the run's own.

use std::sync::Arc;

use refrain_domain::Digest;
use refrain_store::{
    Artifacts, Bytes, DynStore, Events, MemoryStore, Memos, Publication, Publish, Refs, StoreError,
};

/// A store to replay in: reads from the run's store, and keeps apart only what differs from it,
/// so that an identical replay takes no room.
pub(crate) struct Overlay {
    base: Arc<DynStore>,
    apart: MemoryStore,
}

impl Overlay {
    pub(crate) fn new(base: Arc<DynStore>) -> Self {
        Self { base, apart: MemoryStore::new() }
    }
}

impl Artifacts for Overlay {
    fn stage(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if self.base.size(&digest)?.is_some() {
            return Ok(digest);
        }
        self.apart.stage(bytes)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn get(&self, digest: &Digest) -> Result<Bytes, StoreError> {
        self.apart.get(digest).or_else(|_| self.base.get(digest))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match self.apart.size(digest)? {
            Some(size) => Ok(Some(size)),
            None => self.base.size(digest),
        }
    }
}

impl Refs for Overlay {
    fn get_ref(&self, name: &str) -> Result<Option<Digest>, StoreError> {
        self.base.get_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>, StoreError> {
        self.base.list_refs(prefix)
    }
}

impl Events for Overlay {
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        self.base.read_events(stream, from)
    }

    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
        self.base.list_streams(prefix)
    }
}

impl Memos for Overlay {
    fn get_memo(&self, _key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }
}

impl Publish for Overlay {
    fn publish(&self, _publication: &Publication) -> Result<(), StoreError> {
        Ok(())
    }
}
