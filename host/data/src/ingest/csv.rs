//! CSV with a header: split into records, not yet parsed.
//!
//! Fields are separated by commas, quoted with `"`, doubled inside. Empty lines are skipped, as
//! every reader of CSV does: in a file of one column they are no missing values.

use std::io::BufRead;
use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader};
use refrain_domain::{Field, Kind, Schema};

use super::Sender;
use super::error::IngestError;
use super::records::{ROW_BYTES_MAX, Records, too_long};

/// Room is made in steps of this, and never less than this is free.
const ROOM_BYTES: usize = 1 << 16;

pub(super) fn split(
    source: Box<dyn BufRead + Send>,
    sender: &Sender<Records>,
) -> Result<(), IngestError> {
    let mut splitter = Splitter { source, core: Reader::new(), rows: 0, bytes: 0 };
    let mut row = Row::default();
    let is_empty = !splitter.read(&mut row)?;
    let fields: Vec<&[u8]> = if is_empty { Vec::new() } else { row.fields(0).collect() };
    let header = check_header(&fields)?;
    let mut records = Records::new(&header);
    row.used = 0;
    loop {
        let start = row.used;
        let line = splitter.next_line()?;
        if !splitter.read(&mut row)? {
            break;
        }
        splitter.rows += 1;
        keep(&mut records, &mut row, start, line);
        if records.is_full(row.used) {
            let next = Records::new(&header);
            let full = std::mem::replace(&mut records, next);
            if sender.send(Ok(row.seal(full, splitter.bytes))).is_err() {
                return Ok(());
            }
        }
    }
    // The last records, and even none: an empty file still has a schema.
    drop(sender.send(Ok(row.seal(records, splitter.bytes))));
    Ok(())
}

/// Fields are written where they stay: behind those of the rows before.
#[derive(Default)]
struct Row {
    /// Longer than what is used.
    bytes: Vec<u8>,
    used: usize,
    /// Of the row under way, from where it starts.
    ends: Vec<usize>,
    n_fields: usize,
}

impl Row {
    fn fields(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ends = self.ends[..self.n_fields].iter();
        starts.zip(ends).map(move |(from, to)| &self.bytes[start + from..start + to])
    }

    /// Gives the bytes to the records that they belong to.
    fn seal(&mut self, mut records: Records, bytes_read: u64) -> Records {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(self.used);
        // The next records are likely as long.
        self.bytes = Vec::with_capacity(bytes.len() + ROOM_BYTES);
        self.used = 0;
        records.seal(bytes, bytes_read);
        records
    }
}

fn keep(records: &mut Records, row: &mut Row, start: usize, line: u64) {
    if row.n_fields == records.header.len() {
        let ends = row.ends[..row.n_fields].iter();
        records.ends.extend(ends.map(|end| (start + end) as u32));
        records.lines.push(line);
        return;
    }
    let reason = format!("{} fields, the header has {}", row.n_fields, records.header.len());
    records.push_malformed(line, reason, row.fields(start));
    row.used = start;
}

struct Splitter {
    source: Box<dyn BufRead + Send>,
    core: Reader,
    rows: u64,
    bytes: u64,
}

impl Splitter {
    fn fill(&mut self) -> Result<&[u8], IngestError> {
        let rows = self.rows;
        self.source.fill_buf().map_err(|source| IngestError::Read { rows, source })
    }

    fn consume(&mut self, bytes: usize) {
        self.source.consume(bytes);
        self.bytes += bytes as u64;
    }

    /// The line on which the next record starts, behind empty ones.
    fn next_line(&mut self) -> Result<u64, IngestError> {
        let mut line = self.core.line();
        loop {
            let input = self.fill()?;
            let skipped = input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            line += input[..skipped].iter().filter(|byte| **byte == b'\n').count() as u64;
            let is_done = skipped < input.len() || input.is_empty();
            self.consume(skipped);
            if is_done {
                self.core.set_line(line);
                return Ok(line);
            }
        }
    }

    /// Reads a record behind what is used; false at the end of the file.
    fn read(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        let start = row.used;
        row.n_fields = 0;
        loop {
            if row.bytes.len() < row.used + ROOM_BYTES / 2 {
                row.bytes.resize(row.used + ROOM_BYTES, 0);
            }
            let rows = self.rows;
            let input =
                self.source.fill_buf().map_err(|source| IngestError::Read { rows, source })?;
            let (result, n_in, n_out, n_ends) = self.core.read_record(
                input,
                &mut row.bytes[row.used..],
                &mut row.ends[row.n_fields..],
            );
            self.consume(n_in);
            row.used += n_out;
            row.n_fields += n_ends;
            // Separators count too: a row of nothing but commas is no row either.
            if row.used - start + row.n_fields > ROW_BYTES_MAX {
                return Err(too_long(self.core.line()));
            }
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
                ReadRecordResult::OutputEndsFull => {
                    row.ends.resize(2 * row.ends.len() + 16, 0);
                }
                ReadRecordResult::Record => return Ok(true),
                ReadRecordResult::End => return Ok(false),
            }
        }
    }
}

/// Names of columns, unique and not empty.
fn check_header(header: &[&[u8]]) -> Result<Arc<Vec<String>>, IngestError> {
    if header.is_empty() {
        return Err(IngestError::Header { detail: "the file is empty".to_owned() });
    }
    let names: Result<Vec<String>, _> =
        header.iter().map(|name| String::from_utf8(name.to_vec())).collect();
    let names = names.map_err(|_| IngestError::Header { detail: "it is not UTF-8".to_owned() })?;
    let fields = names.iter().map(|name| Field::new(name, Kind::Utf8, true)).collect();
    Schema::new(fields).map_err(|error| IngestError::Header { detail: error.to_string() })?;
    Ok(Arc::new(names))
}
