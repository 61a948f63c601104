//! [`StoreError`]: one enum for every way in which a store can fail.

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
    /// The disk is full. Nothing that was acknowledged is lost. If it was the index that could not
    /// be written, the store has stopped, and goes on when it is opened again.
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
    /// A write or fsync failed, or the store was closed; it refuses further writes until it is opened
    /// again.
    #[error("the store takes no more writes ({detail}): open it again")]
    Stopped {
        /// The first failure, or that it is closed.
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

impl StoreError {
    /// Names what was being done, and tells a full disk from other failures.
    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let doing = doing.into();
        // To whoever must make room it is the same whose limit it was.
        if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
            return Self::DiskFull { detail: doing };
        }
        Self::Io { doing, source }
    }
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, StoreError>;
