//! Where artifacts, refs, events and memos live.
//!
//! Four small traits over plain data, and two implementations of all four: [`memory`], the
//! reference, and [`sled_store`], packs and a sled index through `cap-std`.
//!
//! Invariant: what a publication names is durable before the publication is.
//!
//! Absent on purpose: nothing here knows what an artifact means. No schema, no plan, no wasmtime.

mod gc;
pub mod memory;
mod packs;
pub mod sled_store;

use std::sync::Arc;

use refrain_domain::Digest;

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nobody put such an artifact, or it was swept.
    #[error("artifact {digest} is not in the store")]
    Missing {
        /// What was asked for.
        digest: Digest,
    },
    /// The bytes on disk are not the bytes that were put. They are never served.
    #[error("artifact {digest} is corrupt: {detail}")]
    Corrupt {
        /// What was asked for.
        digest: Digest,
        /// Where, and what was found.
        detail: String,
    },
    /// A ref changed since it was read.
    #[error("ref `{name}` is at {}, not at {}", display(.found), display(.expected))]
    Conflict {
        /// The ref.
        name: String,
        /// What the caller had seen.
        expected: Option<Digest>,
        /// What is there.
        found: Option<Digest>,
    },
    /// An event stream grew since it was read.
    #[error("event stream `{stream}` has {found} events, not {expected}")]
    StreamConflict {
        /// The stream.
        stream: String,
        /// The length that the caller had seen.
        expected: u64,
        /// The length that it has.
        found: u64,
    },
    /// Another process has the store open.
    #[error("the store at {path} is in use by another process{}", holder(.pid))]
    InUse {
        /// Where the store is.
        path: String,
        /// The process, where it left its id.
        pid: Option<u32>,
    },
    /// The disk is full. Nothing that was acknowledged is lost.
    #[error("the disk of the store is full: {detail}")]
    DiskFull {
        /// What was being written.
        detail: String,
    },
    /// The files are of a format that this version does not read.
    #[error("the store at {path} has format {found}, this version reads {expected}")]
    Format {
        /// Where the store is.
        path: String,
        /// What is there.
        found: String,
        /// What is read.
        expected: String,
    },
    /// A write or fsync failed; the store refuses further writes until it is opened again.
    #[error("the store stopped after a failed write: {detail}")]
    Stopped {
        /// The first failure.
        detail: String,
    },
    /// Any other failure of the disk.
    #[error("store I/O failed while {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

fn display(digest: &Option<Digest>) -> String {
    digest.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string())
}

fn holder(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

pub use gc::{Fault, FsckReport, GcReport};
pub use memory::MemoryStore;
pub use sled_store::{SledStore, Usage};

impl StoreError {
    /// Names what was being done, and tells a full disk from other failures.
    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        let doing = doing.into();
        if source.kind() == std::io::ErrorKind::StorageFull {
            return Self::DiskFull { detail: doing };
        }
        Self::Io { doing, source }
    }
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, StoreError>;

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
