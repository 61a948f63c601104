//! Batches of any size into chunks of one size, so that equal rows lie equally whatever file they
//! came from, and however its writer grouped them.

use std::sync::Arc;

use refrain_domain::table::CHUNK_ROWS_MAX;
use refrain_domain::{Batch, Column, Schema, Values, VariableValues};

/// Text of one column of one chunk.
pub(super) const COLUMN_BYTES_MAX: usize = 1 << 30;

/// Rows that do not make a chunk yet.
#[derive(Default)]
pub(super) struct Chunker {
    rows: usize,
    columns: Vec<Column>,
}

impl Chunker {
    /// Adds rows, and gives whole chunks to `emit`.
    pub(super) fn push<E>(
        &mut self,
        schema: &Schema,
        batch: Batch,
        mut emit: impl FnMut(Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.rows == 0 && batch.rows == CHUNK_ROWS_MAX {
            return emit(batch);
        }
        let mut at = 0;
        while at < batch.rows {
            let end = batch.rows.min(at + CHUNK_ROWS_MAX - self.rows);
            self.append(schema, &batch, at, end);
            at = end;
            if self.rows == CHUNK_ROWS_MAX {
                self.rest().map_or(Ok(()), &mut emit)?;
            }
        }
        Ok(())
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> Option<Batch> {
        let rows = std::mem::take(&mut self.rows);
        let mut columns = std::mem::take(&mut self.columns);
        for column in columns.iter_mut().filter(|column| column.null_count(rows) == 0) {
            column.validity = Vec::new();
        }
        let columns = columns.into_iter().map(Arc::new).collect();
        (rows > 0).then_some(Batch { rows, columns })
    }

    /// The column that would hold too much text with this batch, if any.
    pub(super) fn overfull(&self, batch: &Batch) -> Option<usize> {
        let len = |column: &Column| match &column.values {
            Values::Utf8(v) | Values::Binary(v) => v.bytes.len(),
            _ => 0,
        };
        let before = |index: usize| self.columns.get(index).map_or(0, len);
        batch
            .columns
            .iter()
            .enumerate()
            .position(|(index, column)| before(index) + len(column) > COLUMN_BYTES_MAX)
    }

    fn append(&mut self, schema: &Schema, batch: &Batch, from: usize, to: usize) {
        if self.columns.is_empty() {
            let none = |field: &refrain_domain::Field| Column::new(Values::empty(field.kind));
            self.columns = schema.fields.iter().map(none).collect();
        }
        for ((column, more), field) in
            self.columns.iter_mut().zip(&batch.columns).zip(&schema.fields)
        {
            append_validity(&mut column.validity, self.rows, more, from, to);
            append_values(&mut column.values, &more.values, from, to, field.width as usize);
        }
        self.rows += to - from;
    }
}

fn append_validity(validity: &mut Vec<u8>, rows: usize, more: &Column, from: usize, to: usize) {
    if validity.is_empty() && more.validity.is_empty() {
        return;
    }
    if validity.is_empty() {
        validity.resize(rows.div_ceil(8), 0xff);
        if let (Some(last), true) = (validity.last_mut(), !rows.is_multiple_of(8)) {
            *last = (1 << (rows % 8)) - 1;
        }
    }
    validity.resize((rows + to - from).div_ceil(8), 0);
    for (at, row) in (rows..).zip(from..to) {
        validity[at / 8] |= u8::from(more.is_valid(row)) << (at % 8);
    }
}

fn append_values(values: &mut Values, more: &Values, from: usize, to: usize, width: usize) {
    match (values, more) {
        (Values::Boolean(a), Values::Boolean(b)) => a.extend_from_slice(&b[from..to]),
        (Values::Int64(a), Values::Int64(b)) | (Values::TimestampUs(a), Values::TimestampUs(b)) => {
            a.extend_from_slice(&b[from..to]);
        }
        (Values::Float64(a), Values::Float64(b)) => a.extend_from_slice(&b[from..to]),
        (Values::Vector(a), Values::Vector(b)) => {
            a.extend_from_slice(&b[from * width..to * width]);
        }
        (Values::Utf8(a), Values::Utf8(b)) | (Values::Binary(a), Values::Binary(b)) => {
            append_variable(a, b, from, to);
        }
        _ => panic!("BUG: batches of one file differ in kind"),
    }
}

fn append_variable(values: &mut VariableValues, more: &VariableValues, from: usize, to: usize) {
    let (start, end) = (more.offsets[from], more.offsets[to]);
    // `overfull` has been asked before: both ends are far below 2^32.
    let before = values.bytes.len() as u32;
    values.offsets.extend(more.offsets[from + 1..=to].iter().map(|end| before + (end - start)));
    values.bytes.extend_from_slice(&more.bytes[start as usize..end as usize]);
}

#[cfg(test)]
mod tests {
    use refrain_domain::{Field, Kind};

    use super::*;

    fn batch(rows: std::ops::Range<usize>) -> Batch {
        let mut texts = VariableValues::new();
        rows.clone().for_each(|row| texts.push(&b"abcdefg"[..row % 8]));
        let mut validity = vec![0; rows.len().div_ceil(8)];
        for (at, row) in rows.clone().enumerate() {
            validity[at / 8] |= u8::from(row % 3 > 0) << (at % 8);
        }
        let vector = rows.clone().flat_map(|row| [row as f32, 0.5]).collect();
        let columns = [Values::Utf8(texts), Values::Vector(vector)];
        let columns = columns.map(|values| Arc::new(Column { values, validity: validity.clone() }));
        Batch { rows: rows.len(), columns: columns.to_vec() }
    }

    #[test]
    fn rows_lie_equally_however_they_came() {
        let fields = vec![Field::new("t", Kind::Utf8, true), Field::vector("v", 2, true)];
        let schema = Schema::new(fields).expect("a schema");
        let total = CHUNK_ROWS_MAX + 9;
        let chunked = |step: usize| {
            let (mut chunker, mut chunks) = (Chunker::default(), Vec::new());
            let mut emit = |chunk: Batch| chunk.check(&schema).map(|()| chunks.push(chunk));
            for from in (0..total).step_by(step) {
                let batch = batch(from..total.min(from + step));
                chunker.push(&schema, batch, &mut emit).expect("as promised");
            }
            chunker.rest().map_or(Ok(()), &mut emit).expect("as promised");
            chunks
        };
        let expected = [batch(0..CHUNK_ROWS_MAX), batch(CHUNK_ROWS_MAX..total)];
        // One by one, across bytes of validity, whole chunks, and everything at once.
        for step in [1, 7, 8, 1_000, CHUNK_ROWS_MAX - 1, CHUNK_ROWS_MAX, total] {
            assert!(chunked(step) == expected, "in steps of {step}");
        }
    }
}
