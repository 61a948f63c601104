//! [`Records`]: some rows of a text file, split into fields and not yet parsed.

use std::sync::Arc;

use refrain_domain::table::CHUNK_ROWS_MAX;

use super::Quarantined;
use super::error::{IngestError, Place};

/// Records of more bytes are handed on before they make a chunk.
const RECORDS_BYTES_MAX: usize = 64 << 20;
/// A longer row is an error: most likely a quote was left open.
pub(super) const ROW_BYTES_MAX: usize = 16 << 20;
/// So much of a malformed field is kept.
const QUARANTINED_FIELD_BYTES_MAX: usize = 1 << 10;

/// What stands in a field. The discriminants are how [`Records`] keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// Nothing.
    Null,
    /// Text without quotes: whatever it looks like.
    Bare,
    /// Text that the file itself calls text: no number, but perhaps a moment.
    Quoted,
    /// Numbers in brackets.
    List,
}

/// Some rows, row after row.
pub(super) struct Records {
    pub(super) header: Arc<Vec<String>>,
    /// All fields, end to end.
    pub(super) bytes: Vec<u8>,
    /// Where each field ends, record after record.
    pub(super) ends: Vec<u32>,
    /// By field; empty where all are bare.
    pub(super) tags: Vec<Tag>,
    /// By row.
    pub(super) lines: Vec<u64>,
    /// Rows that could not be split.
    pub(super) malformed: Vec<Quarantined>,
    malformed_bytes: usize,
    /// Bytes of the source so far, inflated.
    pub(super) bytes_read: u64,
    /// Whether every field is ASCII, and so UTF-8.
    pub(super) is_ascii: bool,
}

impl Records {
    pub(super) fn new(header: &Arc<Vec<String>>) -> Self {
        Self {
            header: header.clone(),
            bytes: Vec::new(),
            ends: Vec::new(),
            tags: Vec::new(),
            lines: Vec::new(),
            malformed: Vec::new(),
            malformed_bytes: 0,
            bytes_read: 0,
            is_ascii: false,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Whether to hand these on and begin new ones, given how many bytes their fields take.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.rows() >= CHUNK_ROWS_MAX
            || self.malformed.len() >= CHUNK_ROWS_MAX
            || bytes + self.malformed_bytes >= RECORDS_BYTES_MAX
    }

    /// Ends these records: all fields end to end, and how far the source has been read.
    pub(super) fn seal(&mut self, bytes: Vec<u8>, bytes_read: u64) {
        self.is_ascii = bytes.is_ascii();
        self.bytes = bytes;
        self.bytes_read = bytes_read;
    }

    /// A field as it stands; nothing for a column that came up later.
    pub(super) fn field(&self, row: usize, column: usize) -> (Tag, &[u8]) {
        if column >= self.header.len() {
            return (Tag::Null, &[]);
        }
        let at = row * self.header.len() + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        let tag = self.tags.get(at).copied().unwrap_or(Tag::Bare);
        (tag, &self.bytes[start..self.ends[at] as usize])
    }

    /// A field for people.
    pub(super) fn text(&self, row: usize, column: usize) -> String {
        shorten(self.field(row, column).1)
    }

    /// Puts a row aside.
    pub(super) fn push_malformed<'a>(
        &mut self,
        line: u64,
        reason: String,
        fields: impl Iterator<Item = &'a [u8]>,
    ) {
        let fields: Vec<String> = fields.map(shorten).collect();
        self.malformed_bytes += 64 + fields.iter().map(|field| 24 + field.len()).sum::<usize>();
        self.malformed.push(Quarantined { line, reason, fields });
    }
}

/// Text of bounded length, whatever the bytes.
pub(super) fn shorten(field: &[u8]) -> String {
    match field.get(..QUARANTINED_FIELD_BYTES_MAX) {
        Some(head) if field.len() > head.len() => {
            format!("{}… ({} bytes)", String::from_utf8_lossy(head), field.len())
        }
        _ => String::from_utf8_lossy(field).into_owned(),
    }
}

/// A row that is longer than any row should be.
pub(super) fn too_long(line: u64) -> IngestError {
    IngestError::TooLarge {
        place: Place::Line(line),
        what: "the row goes on".to_owned(),
        limit: format!("{} MiB", ROW_BYTES_MAX >> 20),
        remedy: "is a quote left open?".to_owned(),
    }
}
