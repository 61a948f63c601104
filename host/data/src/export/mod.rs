//! Tables as files, chunk by chunk: the way back out of [`crate::ingest`].
//!
//! Parquet and Arrow IPC keep everything. Text does not: CSV cannot tell an empty text from a
//! missing value, and neither CSV nor NDJSON says which kind a column has, so that a column of
//! `NaN`, of nulls alone or of texts that look like numbers comes back as itself only where its
//! kind is declared.

mod arrays;
mod text;

use std::io::Write;

use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use refrain_domain::table::CHUNK_ROWS_MAX;
use refrain_domain::{Batch, Kind, Table};

use crate::blocks::{BlockError, Blocks, read_batch};
use crate::ingest::Format;

/// A row group is held in memory until it is whole.
const ROW_GROUP_ROWS_MAX: usize = 8 * CHUNK_ROWS_MAX;

/// Why a table cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The table's blocks cannot be read.
    #[error(transparent)]
    Blocks(#[from] BlockError),
    /// The file cannot be written.
    #[error("writing failed: {0}")]
    Write(#[from] std::io::Error),
    /// The encoder refused.
    #[error("writing {format} failed: {detail}")]
    Encode {
        /// The format.
        format: Format,
        /// In the words of its encoder.
        detail: String,
    },
    /// A kind that the format has no place for.
    #[error("{format} cannot hold column `{column}` of kind {kind}: {remedy}")]
    Kind {
        /// The format.
        format: Format,
        /// The column.
        column: String,
        /// Its kind.
        kind: Kind,
        /// What to do.
        remedy: &'static str,
    },
    /// A value that the format has no place for.
    #[error("{format} cannot hold the value of column `{column}` in row {row}: {remedy}")]
    Value {
        /// The format.
        format: Format,
        /// The column.
        column: String,
        /// Counted from 1.
        row: u64,
        /// What to do.
        remedy: &'static str,
    },
}

/// Writes a table as a file of this format; answers the number of rows. Parquet is compressed with
/// zstd, the others not at all. Memory: one chunk, for Parquet a row group of eight chunks.
///
/// # Errors
/// [`ExportError`]; what has been written until then is of no use.
pub fn export(
    table: &Table,
    blocks: &dyn Blocks,
    format: Format,
    to: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    match format {
        Format::Csv | Format::NdJson => {
            let mut writer = text::Writer::begin(format, &table.schema, to)?;
            each(table, blocks, |batch| writer.write(batch))?;
            writer.finish()?;
        }
        Format::Parquet => parquet_file(table, blocks, to)?,
        Format::ArrowFile => {
            let fail = |error| encode(format, error);
            let schema = arrays::schema(&table.schema);
            let mut writer = FileWriter::try_new(&mut *to, &schema).map_err(fail)?;
            each(table, blocks, |batch| {
                let batch = arrays::batch(&table.schema, &schema, batch);
                batch.and_then(|batch| writer.write(&batch)).map_err(fail)
            })?;
            writer.finish().map_err(fail)?;
        }
        Format::ArrowStream => {
            let fail = |error| encode(format, error);
            let schema = arrays::schema(&table.schema);
            let mut writer = StreamWriter::try_new(&mut *to, &schema).map_err(fail)?;
            each(table, blocks, |batch| {
                let batch = arrays::batch(&table.schema, &schema, batch);
                batch.and_then(|batch| writer.write(&batch)).map_err(fail)
            })?;
            writer.finish().map_err(fail)?;
        }
    }
    to.flush()?;
    Ok(table.rows())
}

fn parquet_file(
    table: &Table,
    blocks: &dyn Blocks,
    to: &mut (dyn Write + Send),
) -> Result<(), ExportError> {
    let fail = |error: ParquetError| encode(Format::Parquet, error.into());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .build();
    let schema = arrays::schema(&table.schema);
    let mut writer = ArrowWriter::try_new(to, schema.clone(), Some(properties)).map_err(fail)?;
    each(table, blocks, |batch| {
        let batch = arrays::batch(&table.schema, &schema, batch);
        let batch = batch.map_err(|error| encode(Format::Parquet, error))?;
        writer.write(&batch).map_err(fail)
    })?;
    writer.finish().map_err(fail)?;
    Ok(())
}

/// Reads the chunks one after another.
fn each(
    table: &Table,
    blocks: &dyn Blocks,
    mut take: impl FnMut(&Batch) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    for chunk in &table.chunks {
        take(&read_batch(chunk, &table.schema, blocks)?)?;
    }
    Ok(())
}

/// A full disk is not the encoder's fault.
fn encode(format: Format, error: ArrowError) -> ExportError {
    match error {
        ArrowError::IoError(_, source) => ExportError::Write(source),
        other => ExportError::Encode { format, detail: other.to_string() },
    }
}
