//! NDJSON: one JSON object a line, split into the fields of its columns, not yet parsed.
//!
//! Columns stand in the order in which they first come up; a row without one has no value there.
//! Empty lines are skipped.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use refrain_domain::table::CHUNK_ROWS_MAX;

use super::Sender;
use super::error::{IngestError, Place};
use super::json::{Fault, Found, Scanner};
use super::records::{ROW_BYTES_MAX, Records, Tag, too_long};

/// A file with more names than this has names where values should be.
const COLUMNS_MAX: usize = 4_096;

/// Sends rows on, and begins new [`Records`] where a column comes up or a chunk is whole.
pub(super) fn split(
    mut source: Box<dyn BufRead + Send>,
    sender: &Sender<Records>,
) -> Result<(), IngestError> {
    let mut lines = Lines::default();
    let mut columns = Columns::default();
    let mut records = Records::new(&columns.header);
    let (mut row, mut scanner) = (Row::default(), Scanner::default());
    let mut rows: u64 = 0;
    while let Some(line) = lines.next(&mut source, rows)? {
        let number = line.number;
        if let Err(reason) = row.read(&mut scanner, &columns, line.bytes) {
            let reason = if line.is_last { format!("{reason}; {CUT}") } else { reason };
            if number == 1 && line.bytes.trim_ascii_start().starts_with(b"[") {
                return Err(array());
            }
            records.push_malformed(number, reason, std::iter::once(line.bytes));
        } else {
            if !row.new.is_empty() {
                columns.add(&row.new, number)?;
                let full = std::mem::replace(&mut records, Records::new(&columns.header));
                if !send(full, lines.bytes, sender) {
                    return Ok(());
                }
            }
            row.write(&mut records, number);
            rows += 1;
        }
        // Up to the edge of the chunk: where a column came up late, no later chunk is copied.
        let chunk_is_whole = rows.is_multiple_of(CHUNK_ROWS_MAX as u64) && records.rows() > 0;
        if chunk_is_whole || records.is_full(records.bytes.len()) {
            let full = std::mem::replace(&mut records, Records::new(&columns.header));
            if !send(full, lines.bytes, sender) {
                return Ok(());
            }
        }
    }
    send(records, lines.bytes, sender);
    Ok(())
}

const CUT: &str = "the file ends here without a newline: is it cut short?";

/// False when nobody takes rows any more.
fn send(mut records: Records, bytes_read: u64, sender: &Sender<Records>) -> bool {
    let bytes = std::mem::take(&mut records.bytes);
    records.seal(bytes, bytes_read);
    sender.send(Ok(records)).is_ok()
}

fn array() -> IngestError {
    let detail = "it begins with `[`: write one object a line, as `jq -c '.[]'` does".to_owned();
    IngestError::Format { format: "NDJSON".to_owned(), detail }
}

/// The lines of a file, empty ones left out.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

struct Line<'a> {
    bytes: &'a [u8],
    number: u64,
    /// Whether the file ends without a newline after it.
    is_last: bool,
}

impl Lines {
    fn next(
        &mut self,
        source: &mut dyn BufRead,
        rows: u64,
    ) -> Result<Option<Line<'_>>, IngestError> {
        loop {
            self.buffer.clear();
            let mut bounded = std::io::Read::take(&mut *source, ROW_BYTES_MAX as u64 + 1);
            let read = bounded.read_until(b'\n', &mut self.buffer);
            let read = read.map_err(|source| IngestError::Read { rows, source })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.bytes += read as u64;
            if read > ROW_BYTES_MAX {
                return Err(too_long(self.number));
            }
            if self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let is_last = !self.buffer.ends_with(b"\n");
        Ok(Some(Line { bytes: self.buffer.trim_ascii_end(), number: self.number, is_last }))
    }
}

/// The columns so far.
#[derive(Default)]
struct Columns {
    header: Arc<Vec<String>>,
    indices: HashMap<Vec<u8>, usize>,
}

impl Columns {
    fn add(&mut self, names: &[Vec<u8>], line: u64) -> Result<(), IngestError> {
        let mut header = self.header.to_vec();
        for name in names {
            self.indices.insert(name.clone(), header.len());
            header.push(String::from_utf8_lossy(name).into_owned());
        }
        if header.len() > COLUMNS_MAX {
            return Err(IngestError::TooLarge {
                place: Place::Line(line),
                what: format!("{} names", header.len()),
                limit: COLUMNS_MAX.to_string(),
                remedy: "names that vary from row to row belong into a column".to_owned(),
            });
        }
        self.header = Arc::new(header);
        Ok(())
    }
}

/// A row under way.
#[derive(Default)]
struct Row {
    bytes: Vec<u8>,
    /// By column, the new ones last: what stands there, and where.
    fields: Vec<Option<(Tag, usize, usize)>>,
    /// Names that no row before had.
    new: Vec<Vec<u8>>,
}

impl Row {
    /// Takes a line apart, or says what is wrong with it.
    fn read(
        &mut self,
        scanner: &mut Scanner,
        columns: &Columns,
        line: &[u8],
    ) -> Result<(), String> {
        self.bytes.clear();
        self.new.clear();
        self.fields.clear();
        self.fields.resize(columns.header.len(), None);
        let (mut next, mut wrong) = (0, None);
        let scanned = scanner.object(line, |name, found, value| {
            // The row is refused for it later. To look each further name up among those before
            // would take hours in a line of 16 MiB.
            if self.new.len() > COLUMNS_MAX {
                return;
            }
            let column = self.column(columns, name, next);
            next = column + 1;
            let shown = || String::from_utf8_lossy(name).into_owned();
            let Found::Field(tag) = found else {
                let nested = "holds an object or a list of other things than numbers";
                let remedy = "flatten it into columns of its own";
                wrong = Some(format!("column `{}` {nested}: {remedy}", shown()));
                return;
            };
            if self.fields[column].is_some() {
                wrong = Some(format!("column `{}` stands twice", shown()));
            } else if name.is_empty() {
                wrong = Some("a value has no name".to_owned());
            }
            let start = self.bytes.len();
            self.bytes.extend_from_slice(value);
            self.fields[column] = Some((tag, start, self.bytes.len()));
        });
        match (scanned, wrong) {
            (Err(Fault { at, expected }), _) => {
                Err(format!("no JSON object: byte {} should be {expected}", at + 1))
            }
            (Ok(()), Some(wrong)) => Err(wrong),
            (Ok(()), None) if self.fields.is_empty() => Err("the object is empty".to_owned()),
            (Ok(()), None) => Ok(()),
        }
    }

    /// The index of a name: nearly always the next one.
    fn column(&mut self, columns: &Columns, name: &[u8], next: usize) -> usize {
        if columns.header.get(next).is_some_and(|header| header.as_bytes() == name) {
            return next;
        }
        if let Some(index) = columns.indices.get(name) {
            return *index;
        }
        let known = columns.header.len();
        if let Some(index) = self.new.iter().position(|new| new == name) {
            return known + index;
        }
        self.new.push(name.to_vec());
        self.fields.push(None);
        self.fields.len() - 1
    }

    /// Appends the row; its columns are those of the records.
    fn write(&self, records: &mut Records, line: u64) {
        for field in &self.fields {
            let (tag, start, end) = field.unwrap_or((Tag::Null, 0, 0));
            records.bytes.extend_from_slice(&self.bytes[start..end]);
            records.ends.push(records.bytes.len() as u32);
            records.tags.push(tag);
        }
        records.lines.push(line);
    }
}
