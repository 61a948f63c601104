//! Parquet and Arrow IPC: files that say themselves what they hold.
//!
//! Arrow IPC files are read as the streams that they contain: their footer only says that they are
//! whole. Nothing here trusts a length that a file states before as many bytes have come.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use refrain_domain::table::CHUNK_ROWS_MAX;

use super::arrays::{ArrayRows, parse_column, settle};
use super::error::{IngestError, Place};
use super::intake::{Intake, Parsed};
use super::ipc::{Batches, END_OF_STREAM};
use super::{Format, IngestOptions, Receiver, Sender};

const ARROW_MAGIC: &[u8; 6] = b"ARROW1";
const PARQUET_MAGIC: &[u8; 4] = b"PAR1";

/// Some rows, and how much of the file has been read for them.
pub(super) struct Portion {
    batch: RecordBatch,
    bytes: u64,
}

/// Sends an empty batch for the schema, then all rows.
pub(super) fn read(
    format: Format,
    file: File,
    sender: &Sender<Portion>,
) -> Result<(), IngestError> {
    // The readers answer nearly all bad input with an error; for the rest there is this.
    let result = catch_unwind(AssertUnwindSafe(|| try_read(format, file, sender)));
    result.unwrap_or_else(|_| Err(unreadable(format, "it is damaged: copy or write it again")))
}

fn try_read(format: Format, mut file: File, sender: &Sender<Portion>) -> Result<(), IngestError> {
    let failed = |source| IngestError::Read { rows: 0, source };
    let len = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let tail = tail(&mut file, len).map_err(failed)?;
    let damaged = |error: &dyn std::fmt::Display| unreadable(format, &error.to_string());
    if format == Format::Parquet {
        check_end(format, tail.ends_with(PARQUET_MAGIC))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(&e))?;
        let rows = builder.metadata().file_metadata().num_rows().unsigned_abs().max(1);
        let (schema, batches) = (builder.schema().clone(), builder.with_batch_size(CHUNK_ROWS_MAX));
        let batches = batches.build().map_err(|e| damaged(&e))?;
        // Pages are read as they are needed: the share of rows is as good as that of bytes.
        let bytes =
            |done: u64| (u128::from(len) * u128::from(done.min(rows)) / u128::from(rows)) as u64;
        send(format, RecordBatch::new_empty(schema), batches, sender, bytes)
    } else {
        let is_file = format == Format::ArrowFile;
        let is_whole =
            if is_file { tail.ends_with(ARROW_MAGIC) } else { tail.ends_with(END_OF_STREAM) };
        check_end(format, is_whole)?;
        let start = if is_file { first_message(&mut file).map_err(failed)? } else { 0 };
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let source = BufReader::with_capacity(1 << 17, file);
        let batches = Batches::new(source).map_err(|e| damaged(&e))?;
        let schema = batches.schema().map_err(|e| damaged(&e))?;
        send(format, RecordBatch::new_empty(schema), batches, sender, |_| 0)
    }
}

fn tail(file: &mut File, len: u64) -> std::io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(len.saturating_sub(8)))?;
    file.by_ref().take(8).read_to_end(&mut tail)?;
    file.rewind()?;
    Ok(tail)
}

/// Where the stream within a file begins: behind the magic, and the zeros that its writer put there
/// to align what follows, always a multiple of 8.
fn first_message(file: &mut File) -> std::io::Result<u64> {
    let mut head = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut head)?;
    let after = head.iter().skip(ARROW_MAGIC.len()).position(|byte| *byte != 0).unwrap_or(0);
    Ok(((ARROW_MAGIC.len() + after) / 8 * 8) as u64)
}

fn check_end(format: Format, is_whole: bool) -> Result<(), IngestError> {
    let detail = "it is cut short, or its writer did not close it: copy or write it again";
    if is_whole { Ok(()) } else { Err(unreadable(format, detail)) }
}

fn unreadable(format: Format, detail: &str) -> IngestError {
    IngestError::Format { format: format.to_string(), detail: detail.to_owned() }
}

fn send(
    format: Format,
    empty: RecordBatch,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    sender: &Sender<Portion>,
    bytes: impl Fn(u64) -> u64,
) -> Result<(), IngestError> {
    let mut rows = 0;
    if sender.send(Ok(Portion { batch: empty, bytes: 0 })).is_err() {
        return Ok(());
    }
    for batch in batches {
        let batch = batch.map_err(|error| {
            unreadable(format, &format!("after {rows} rows: {error}; copy or write it again"))
        })?;
        rows += batch.num_rows() as u64;
        // A batch may hold all rows of the file: slices of it cost nothing.
        for from in (0..batch.num_rows()).step_by(CHUNK_ROWS_MAX) {
            let batch = batch.slice(from, CHUNK_ROWS_MAX.min(batch.num_rows() - from));
            if sender.send(Ok(Portion { batch, bytes: bytes(rows) })).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Takes batches from the thread that reads them.
pub(super) fn take_in(
    receiver: &Receiver<Portion>,
    options: &IngestOptions,
    intake: &mut Intake<'_>,
) -> Result<(), IngestError> {
    let Ok(begin) = receiver.recv() else { return Ok(()) };
    let found = begin?.batch.schema();
    let first = receiver.recv().ok().transpose()?;
    intake.begin(settle(&found, first.as_ref().map(|read| &read.batch), options)?)?;
    let mut before = 0;
    for read in first.into_iter().map(Ok).chain(receiver.iter()) {
        let Portion { batch, bytes } = read?;
        let rows = ArrayRows { batch, before };
        before += rows.batch.num_rows() as u64;
        let fields = intake.schema().fields.par_iter().zip(rows.batch.columns());
        let columns = fields
            .map(|(field, array)| {
                parse_column(array, field).map_err(|what| IngestError::TooLarge {
                    place: Place::Row(rows.before + 1),
                    what: format!("column `{}` holds long values", field.name),
                    limit: what,
                    remedy: "keep such values in files and their names in the column".to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        intake.take(&rows, Parsed { columns }, bytes)?;
    }
    Ok(())
}
