//! CSV with a header: split into records, not yet parsed.
//!
//! Fields are separated by commas, quoted with `"`, doubled inside. Empty lines are skipped, as
//! every reader of CSV does: in a file of one column they are no missing values.

use std::io::{BufRead, Read};
use std::sync::Arc;

use refrain_domain::table::CHUNK_ROWS_MAX;
use refrain_domain::{Field, Kind, Schema};

use super::Sender;
use super::error::IngestError;
use super::records::Records;

pub(super) fn split(
    source: Box<dyn BufRead + Send>,
    sender: &Sender<Records>,
) -> Result<(), IngestError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let header = read_header(&mut reader)?;
    let mut records = Records::new(&header);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| IngestError::Read { rows, source: to_io(error) })?;
        if !more {
            break;
        }
        rows += 1;
        push_record(&mut records, &record);
        if records.is_full(CHUNK_ROWS_MAX) {
            records.bytes_read = reader.position().byte();
            let full = std::mem::replace(&mut records, Records::new(&header));
            if sender.send(Ok(full)).is_err() {
                return Ok(());
            }
        }
    }
    records.bytes_read = reader.position().byte();
    // The last records, and even none: an empty file still has a schema.
    drop(sender.send(Ok(records)));
    Ok(())
}

fn push_record(records: &mut Records, record: &csv::ByteRecord) {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != records.header.len() {
        let reason = format!("{} fields, the header has {}", record.len(), records.header.len());
        records.push_malformed(line, reason, record.iter());
        return;
    }
    for field in record {
        records.bytes.extend_from_slice(field);
        records.ends.push(records.bytes.len() as u32);
    }
    records.lines.push(line);
}

fn read_header<R: Read>(reader: &mut csv::Reader<R>) -> Result<Arc<Vec<String>>, IngestError> {
    let header = reader
        .byte_headers()
        .map_err(|error| IngestError::Read { rows: 0, source: to_io(error) })?;
    check_header(header.iter())
}

/// Names of columns, unique and not empty.
fn check_header<'a>(
    header: impl Iterator<Item = &'a [u8]>,
) -> Result<Arc<Vec<String>>, IngestError> {
    let names: Result<Vec<String>, _> =
        header.map(|name| String::from_utf8(name.to_vec())).collect();
    let names = names.map_err(|_| IngestError::Header { detail: "it is not UTF-8".to_owned() })?;
    if names.is_empty() {
        return Err(IngestError::Header { detail: "the file is empty".to_owned() });
    }
    let fields = names.iter().map(|name| Field::new(name, Kind::Utf8, true)).collect();
    Schema::new(fields).map_err(|error| IngestError::Header { detail: error.to_string() })?;
    Ok(Arc::new(names))
}

fn to_io(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}
