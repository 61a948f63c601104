//! Columns between steps: written once, and kept decoded while there is room.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use refrain_domain::{Batch, Chunk, Column, Digest, Schema};
use refrain_store::DynStore;

use crate::executor::UnitError;

/// Decoded columns by digest, the oldest of them leaving first.
pub(super) struct ColumnCache {
    bytes_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    columns: HashMap<Digest, Arc<Column>>,
    order: VecDeque<Digest>,
    bytes: usize,
}

impl ColumnCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inner: Mutex::default() }
    }

    /// Stages every column of the batch; answers their digests.
    pub(super) fn write(
        &self,
        store: &DynStore,
        batch: Batch,
        schema: &Schema,
    ) -> Result<Vec<Digest>, UnitError> {
        let rows = batch.rows;
        let mut digests = Vec::with_capacity(batch.columns.len());
        for (column, field) in batch.columns.into_iter().zip(&schema.fields) {
            // What later steps see must be what they would read: the canonical column.
            let column = Arc::new(refrain_data::canonicalize(Arc::unwrap_or_clone(column), rows));
            let digest = store.stage(&refrain_data::encode_column(&column, field, rows))?;
            self.insert(digest, column);
            digests.push(digest);
        }
        Ok(digests)
    }

    /// Reads every column of the chunk.
    pub(super) fn read(
        &self,
        store: &DynStore,
        schema: &Schema,
        chunk: &Chunk,
    ) -> Result<Batch, UnitError> {
        let mut columns = Vec::with_capacity(chunk.columns.len());
        for (digest, field) in chunk.columns.iter().zip(&schema.fields) {
            columns.push(match self.get(digest) {
                Some(column) => column,
                None => self.read_column(store, digest, &field.name)?,
            });
        }
        let batch = Batch { rows: chunk.rows as usize, columns };
        // A manifest from elsewhere may promise another schema than its blocks hold.
        batch.check(schema).map_err(|error| UnitError::Data(error.to_string()))?;
        Ok(batch)
    }

    fn read_column(
        &self,
        store: &DynStore,
        digest: &Digest,
        name: &str,
    ) -> Result<Arc<Column>, UnitError> {
        let column = refrain_data::decode_column(&store.get(digest)?)
            .map_err(|error| UnitError::Data(format!("column `{name}` ({digest}): {error}")))?;
        let column = Arc::new(column);
        self.insert(*digest, column.clone());
        Ok(column)
    }

    fn get(&self, digest: &Digest) -> Option<Arc<Column>> {
        self.lock().columns.get(digest).cloned()
    }

    fn insert(&self, digest: Digest, column: Arc<Column>) {
        let size = column.size_bytes();
        let mut inner = self.lock();
        if size > self.bytes_max || inner.columns.insert(digest, column).is_some() {
            return;
        }
        inner.order.push_back(digest);
        inner.bytes += size;
        while inner.bytes > self.bytes_max {
            let Some(oldest) = inner.order.pop_front() else { break };
            if let Some(column) = inner.columns.remove(&oldest) {
                inner.bytes -= column.size_bytes();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
