//! What the fuzz targets do with their bytes. It stands here, not in `tests/fuzz`, so that a plain
//! test gives every seed to the same functions.
//!
//! Invariant: bytes may be refused, but never with a panic; and what is taken holds what is
//! promised of it. Each target calls what the host calls with bytes from elsewhere.

mod batches;
#[cfg(feature = "sandbox")]
mod plugins;
mod rows;

#[cfg(feature = "sandbox")]
pub use plugins::{component, manifest, pipeline, project};
pub use rows::{blocks, columns, csv, ndjson};
