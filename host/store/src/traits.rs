//! What a store can do: four small traits over plain data, and one that publishes.
//!
//! Invariant: a publication is seen whole or not at all, by readers and after a crash.
//!
//! Absent on purpose: ranges, streams of bytes, deletion. Artifacts are chunks; GC deletes.

use std::sync::Arc;

use refrain_domain::Digest;

use crate::Result;
#[cfg(doc)]
use crate::StoreError;

/// The bytes of an artifact.
pub type Bytes = Arc<[u8]>;

/// Artifacts by digest.
pub trait Artifacts: Send + Sync {
    /// Writes an artifact that becomes durable with the next [`Publish::publish`] or
    /// [`Artifacts::sync`]. It can be read at once. Until something permanent names it, it is in
    /// flight: GC leaves it alone while the process lives.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Stopped`], [`StoreError::Io`].
    fn stage(&self, bytes: &[u8]) -> Result<Digest>;

    /// Makes everything staged so far durable.
    ///
    /// # Errors
    /// As [`Artifacts::stage`].
    fn sync(&self) -> Result<()>;

    /// Stages and syncs: the artifact survives whatever comes after the return.
    ///
    /// # Errors
    /// As [`Artifacts::stage`].
    fn put(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = self.stage(bytes)?;
        self.sync()?;
        Ok(digest)
    }

    /// Reads an artifact and verifies its digest.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Corrupt`], [`StoreError::Io`].
    fn get(&self, digest: &Digest) -> Result<Bytes>;

    /// The length of an artifact in bytes, or none if it is not here. Reads no bytes of it.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn size(&self, digest: &Digest) -> Result<Option<u64>>;
}

/// Names that move.
pub trait Refs: Send + Sync {
    /// What a ref points at.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn get_ref(&self, name: &str) -> Result<Option<Digest>>;

    /// All refs whose names start so, sorted by name.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Digest)>>;
}

/// Streams of events that only ever grow.
pub trait Events: Send + Sync {
    /// The events of a stream from the given number on (the first is 0).
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn read_events(&self, stream: &str, from: u64) -> Result<Vec<Vec<u8>>>;

    /// The streams whose names start so, sorted, each with its length.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn list_streams(&self, prefix: &str) -> Result<Vec<(String, u64)>>;
}

/// Small values by key that may be lost without harm: caches of what can be computed again.
pub trait Memos: Send + Sync {
    /// What was remembered under this key.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn get_memo(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;
}

/// A move of a ref, if it still is where the caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// The ref.
    pub name: String,
    /// What it must point at now; none: it must not exist.
    pub expected: Option<Digest>,
    /// What it will point at; none: it is removed.
    pub new: Option<Digest>,
}

/// Events to append to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAppend {
    /// The stream.
    pub stream: String,
    /// The length that it must have now; none: whatever it is.
    pub expected_len: Option<u64>,
    /// In order.
    pub events: Vec<Vec<u8>>,
}

/// Everything that becomes true at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Publication {
    /// Refs to move.
    pub refs: Vec<RefChange>,
    /// Events to append.
    pub events: Vec<EventAppend>,
    /// Memos to remember.
    pub memos: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Write, then publish.
pub trait Publish: Artifacts + Refs + Events + Memos {
    /// Makes all staged artifacts durable, then applies the publication, all of it or nothing,
    /// and makes that durable too.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] or [`StoreError::StreamConflict`] and nothing is applied;
    /// otherwise as [`Artifacts::stage`].
    fn publish(&self, publication: &Publication) -> Result<()>;
}

/// The whole store, as the floors above see it.
pub type DynStore = dyn Publish;
