//! [`Blocks`]: where column blocks go, as far as this crate cares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use refrain_domain::{Batch, Chunk, Column, Digest, Field, Schema, to_canonical};

use crate::block::{decode_column, encode_column};

/// A block that could not be kept or had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BlockError {
    /// Which, and why.
    pub message: String,
}

impl BlockError {
    /// An error with these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
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
/// As [`Blocks::put`], or if the batch does not have the schema's number of columns.
pub fn write_chunk(
    batch: &Batch,
    schema: &Schema,
    blocks: &dyn Blocks,
) -> Result<Chunk, BlockError> {
    if batch.columns.len() != schema.fields.len() {
        let (found, expected) = (batch.columns.len(), schema.fields.len());
        return Err(BlockError::new(format!("{found} columns for a schema of {expected}")));
    }
    let mut columns = Vec::with_capacity(batch.columns.len());
    for (column, field) in batch.columns.iter().zip(&schema.fields) {
        columns.push(blocks.put(&encode_column(column, field, batch.rows))?);
    }
    let rows = u32::try_from(batch.rows).expect("BUG: a chunk of more than 2^32 rows");
    Ok(Chunk { rows, columns })
}

/// Reads all of a chunk's columns.
///
/// # Errors
/// As [`read_columns`].
pub fn read_batch(
    chunk: &Chunk,
    schema: &Schema,
    blocks: &dyn Blocks,
) -> Result<Batch, BlockError> {
    let all: Vec<usize> = (0..schema.fields.len()).collect();
    read_columns(chunk, schema, &all, blocks)
}

/// Reads some of a chunk's columns, in the order asked for; the others are not touched.
///
/// # Errors
/// [`BlockError`] for blocks that are not there, not canonical, or not of the schema.
pub fn read_columns(
    chunk: &Chunk,
    schema: &Schema,
    indices: &[usize],
    blocks: &dyn Blocks,
) -> Result<Batch, BlockError> {
    let mut batch = Batch { rows: chunk.rows as usize, columns: Vec::with_capacity(indices.len()) };
    for &index in indices {
        let (Some(digest), Some(field)) = (chunk.columns.get(index), schema.fields.get(index))
        else {
            return Err(BlockError::new(format!(
                "column {index} was asked of a chunk that has {} for a schema of {}",
                chunk.columns.len(),
                schema.fields.len()
            )));
        };
        let column = decode_column(&blocks.get(digest)?).map_err(|error| {
            BlockError::new(format!("column `{}` ({digest}): {error}", field.name))
        })?;
        // `decode_column` has checked the column itself: what is left is the schema's promise.
        check_promise(&column, field, batch.rows)?;
        batch.columns.push(Arc::new(column));
    }
    Ok(batch)
}

fn check_promise(column: &Column, field: &Field, rows: usize) -> Result<(), BlockError> {
    let len = column.values.rows(field.width).unwrap_or(usize::MAX);
    let nulls_fit = field.nullable || column.validity.is_empty();
    if column.values.kind() != field.kind || len != rows || !nulls_fit {
        let (name, kind, found) = (&field.name, field.kind, column.values.kind());
        let nulls = if column.validity.is_empty() { "no nulls" } else { "nulls" };
        return Err(BlockError::new(format!(
            "column `{name}`: the table promises {rows} rows of {kind} (nullable: {}), the block holds {len} of {found} with {nulls}",
            field.nullable
        )));
    }
    Ok(())
}

/// Writes a manifest as canonical JSON.
pub(crate) fn put_manifest<T: serde::Serialize>(
    blocks: &dyn Blocks,
    value: &T,
) -> Result<Digest, BlockError> {
    let bytes = to_canonical(value).map_err(|error| BlockError::new(error.to_string()))?;
    blocks.put(&bytes)
}

#[cfg(test)]
mod tests {
    use refrain_domain::{Kind, Values};

    use super::*;

    #[test]
    fn one_column_is_read_without_touching_the_others() {
        let blocks = MemoryBlocks::default();
        let schema = Schema::new(vec![
            Field::new("a", Kind::Int64, false),
            Field::new("b", Kind::Float64, false),
        ])
        .expect("a schema");
        let batch = Batch {
            rows: 2,
            columns: vec![
                Arc::new(Column::new(Values::Int64(vec![1, 2]))),
                Arc::new(Column::new(Values::Float64(vec![0.5, -0.0]))),
            ],
        };
        let mut chunk = write_chunk(&batch, &schema, &blocks).expect("writes");
        assert_eq!(read_batch(&chunk, &schema, &blocks), Ok(batch.clone()));
        chunk.columns[0] = Digest::of(b"lost");
        assert_eq!(read_columns(&chunk, &schema, &[1], &blocks), Ok(batch.project(&[1])));
        assert!(read_columns(&chunk, &schema, &[0], &blocks).is_err());
        assert!(read_columns(&chunk, &schema, &[2], &blocks).is_err());
    }

    #[test]
    fn a_block_of_another_kind_is_refused() {
        let blocks = MemoryBlocks::default();
        let field = Field::new("a", Kind::Int64, false);
        let bytes = encode_column(&Column::new(Values::Int64(vec![1])), &field, 1);
        let chunk = Chunk { rows: 1, columns: vec![blocks.put(&bytes).expect("puts")] };
        let of = |kind| Schema { fields: vec![Field::new("a", kind, false)] };
        assert!(read_batch(&chunk, &of(Kind::Int64), &blocks).is_ok());
        assert!(read_batch(&chunk, &of(Kind::TimestampUs), &blocks).is_err());
        let longer = Chunk { rows: 2, ..chunk };
        assert!(read_batch(&longer, &of(Kind::Int64), &blocks).is_err());
    }
}
