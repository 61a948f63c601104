//! Rows: how they come in, how they lie, and what the host does with them.
//!
//! Invariant: equal columns have equal bytes, whatever file they came from, whatever machine or
//! number of threads wrote them. `CHUNK_FORMAT.md` is the specification of those bytes.
//!
//! Absent on purpose: no store (only the small [`Blocks`] trait), no wasmtime, no clock, and no
//! float arithmetic whose order could change.

mod block;
mod blocks;
mod diff;
mod export;
mod ingest;
mod join;
mod ops;
mod quality;
mod stats;
mod time;
mod unique;
mod version;

pub use block::{DecodeError, canonicalize, decode_column, encode_column};
pub use blocks::{BlockError, Blocks, MemoryBlocks, read_batch, read_columns, write_chunk};
pub use diff::{VersionDiff, diff};
pub use export::{ExportError, export};
pub use ingest::{
    Format, IngestError, IngestOptions, Malformed, Place, Progress, Quarantined, Report, Sink,
    Source, ingest,
};
pub use join::{AsofIndex, JoinError, LookupIndex};
pub use ops::{filter_rows, mask_hash, mask_time, mask_true};
pub use quality::{Expectation, ExpectationResult};
pub use stats::{ColumnStatistics, TopValue};
pub use time::{format_timestamp_us, parse_timestamp_us};
pub use version::{
    DATASET_FORMAT, DatasetVersion, ImportError, Provenance, Quarantine, Request, append, import,
};
