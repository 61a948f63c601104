//! [`Blocks`]: where column blocks go, as far as this crate cares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use refrain_domain::{Batch, Chunk, Digest, Schema};

use crate::block::{canonicalize, decode_column, encode_column};

/// A block that could not be kept or had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BlockError {
    /// Which, and why.
    pub message: String,
}

/// Blocks by digest.
pub trait Blocks: Send + Sync {
    /// Keeps a block.
    ///
    /// # Errors
    /// [`BlockError`] with the store's words.
    fn put(&self, bytes: &[u8]) -> Result<Digest, BlockError>;

    /// Gives a block back, verified.
    ///
    /// # Errors
    /// [`BlockError`] with the store's words.
    fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, BlockError>;
}

/// Blocks in memory, for tests.
#[derive(Default)]
pub struct MemoryBlocks {
    blocks: Mutex<HashMap<Digest, Arc<[u8]>>>,
}

impl Blocks for MemoryBlocks {
    fn put(&self, bytes: &[u8]) -> Result<Digest, BlockError> {
        let digest = Digest::of(bytes);
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.insert(digest, Arc::from(bytes));
        Ok(digest)
    }

    fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, BlockError> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = || BlockError { message: format!("no block {digest}") };
        blocks.get(digest).cloned().ok_or_else(missing)
    }
}

/// Writes a batch as a chunk.
///
/// # Errors
/// As [`Blocks::put`].
pub fn write_chunk(
    batch: &Batch,
    schema: &Schema,
    blocks: &dyn Blocks,
) -> Result<Chunk, BlockError> {
    let mut columns = Vec::with_capacity(batch.columns.len());
    for (column, field) in batch.columns.iter().zip(&schema.fields) {
        let column = canonicalize((**column).clone(), batch.rows);
        columns.push(blocks.put(&encode_column(&column, field, batch.rows))?);
    }
    let rows = u32::try_from(batch.rows).expect("BUG: a chunk of more than 2^32 rows");
    Ok(Chunk { rows, columns })
}

/// Reads a chunk's columns.
///
/// # Errors
/// [`BlockError`] for blocks that are not there, not canonical, or not of the schema.
pub fn read_batch(
    chunk: &Chunk,
    schema: &Schema,
    blocks: &dyn Blocks,
) -> Result<Batch, BlockError> {
    let mut columns = Vec::with_capacity(chunk.columns.len());
    for digest in &chunk.columns {
        let column = decode_column(&blocks.get(digest)?)
            .map_err(|error| BlockError { message: format!("{digest}: {error}") })?;
        columns.push(Arc::new(column));
    }
    let batch = Batch { rows: chunk.rows as usize, columns };
    batch.check(schema).map_err(|error| BlockError { message: error.to_string() })?;
    Ok(batch)
}
