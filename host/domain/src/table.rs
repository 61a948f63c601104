//! [`Table`]: rows at rest, as digests of column blocks.
//!
//! A chunk is not one blob: each of its columns is an artifact of its own, so that a step which
//! adds one column shares all others with its input, and a step which reads three columns is keyed
//! on those three.

use serde::{Deserialize, Serialize};

use crate::{Digest, Schema};

/// At most this many rows make a chunk: the unit of storage, of parallelism and of caching.
pub const CHUNK_ROWS_MAX: usize = 32_768;

/// Some consecutive rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// From 0 (in an empty table's only chunk, or where a filter left nothing) to [`CHUNK_ROWS_MAX`].
    pub rows: u32,
    /// The digest of each column block, in schema order.
    pub columns: Vec<Digest>,
}

/// A manifest of rows: what a step reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Of every chunk.
    pub schema: Schema,
    /// In row order.
    pub chunks: Vec<Chunk>,
}

impl Table {
    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.rows)).sum()
    }

    /// Checks that every chunk has the schema's columns, and not too many rows. A manifest from
    /// elsewhere may say anything.
    ///
    /// # Errors
    /// The first fault, with the chunk.
    pub fn check(&self) -> Result<(), String> {
        self.schema.check().map_err(|error| error.to_string())?;
        let n_columns = self.schema.fields.len();
        for (index, chunk) in self.chunks.iter().enumerate() {
            if chunk.columns.len() != n_columns {
                let found = chunk.columns.len();
                return Err(format!("chunk {index} has {found} columns, its schema {n_columns}"));
            }
            if chunk.rows as usize > CHUNK_ROWS_MAX {
                return Err(format!("chunk {index} has {} rows, too many for one", chunk.rows));
            }
        }
        Ok(())
    }
}
