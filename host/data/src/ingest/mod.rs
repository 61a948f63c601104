//! Files as batches: streaming, typed, and never silent about a bad row.
//!
//! One thread reads the file and splits it into rows; the rest parse columns side by side. Text has
//! kinds inferred from its first 96 MiB: for smaller files that is all of them, so the inference is
//! exact; a larger file that breaks it later fails with line, column and remedy. The other formats
//! say themselves what they hold.
//!
//! Invariant: equal rows come out as equal batches, whatever the format, however its writer
//! grouped them, and whatever bad rows stood between them.

mod arrays;
mod cells;
mod chunker;
mod columnar;
mod csv;
mod error;
mod infer;
mod intake;
mod ipc;
mod json;
mod lists;
mod ndjson;
mod records;
mod scalar;
mod source;
mod text;

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};

use refrain_domain::{Batch, Kind, Schema};

pub use error::{IngestError, Place};
pub use source::{Format, Source};

use intake::Intake;
use source::Opened;

/// How to read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOptions {
    /// Column to kind, where inference or the file should not decide.
    pub schema: BTreeMap<String, Kind>,
    /// The texts that mean a missing value, in CSV.
    pub null_values: Vec<String>,
    /// What to do with a malformed row.
    pub malformed: Malformed,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            schema: BTreeMap::new(),
            null_values: vec![String::new(), "NA".to_owned()],
            malformed: Malformed::Fail,
        }
    }
}

/// What to do with a malformed row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Fail, naming line and column.
    Fail,
    /// Leave it out of the table and hand it back with its reason. At most 64 MiB of them.
    Quarantine,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// Its line, or its row where the format has no lines; counted from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// Its fields as they stood; long ones are cut.
    pub fields: Vec<String>,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows so far.
    pub rows: u64,
    /// Bytes of the source so far, inflated.
    pub bytes: u64,
}

/// What an import found besides its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// As declared, inferred, or stated by the file.
    pub schema: Schema,
    /// Rows handed on.
    pub rows: u64,
    /// Rows left out.
    pub quarantined: Vec<Quarantined>,
}

/// Takes a chunk of rows; its schema never changes within one import.
pub type Sink<'a> = &'a mut dyn FnMut(&Schema, Batch) -> Result<(), String>;

/// Reads a file of any [`Format`].
///
/// # Errors
/// [`IngestError`], naming place, column and remedy.
pub fn ingest(
    source: Source,
    options: &IngestOptions,
    sink: Sink<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, IngestError> {
    let mut intake = Intake::new(options, sink, progress);
    match source.open()? {
        Opened::Text(format, text) => beside(
            |sender| match format {
                Format::NdJson => ndjson::split(text, sender),
                _ => csv::split(text, sender),
            },
            |receiver| text::take_in(receiver, options, &mut intake),
        )?,
        Opened::Columns(format, file) => beside(
            |sender| columnar::read(format, file, sender),
            |receiver| columnar::take_in(receiver, options, &mut intake),
        )?,
    }
    intake.finish()
}

/// What a reading thread sends on.
type Sender<T> = SyncSender<Result<T, IngestError>>;
type Receiver<T> = std::sync::mpsc::Receiver<Result<T, IngestError>>;

/// Reads on a thread of its own, a little ahead of whoever takes the rows.
fn beside<T: Send>(
    read: impl FnOnce(&Sender<T>) -> Result<(), IngestError> + Send,
    take_in: impl FnOnce(&Receiver<T>) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2);
        let reading = scope.spawn(move || {
            if let Err(error) = read(&sender) {
                // The other side is gone only when it has failed itself.
                drop(sender.send(Err(error)));
            }
        });
        let result = take_in(&receiver);
        // Ends the reading thread when taking in failed first.
        drop(receiver);
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result
    })
}
