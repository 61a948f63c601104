//! CSV, plain or gzipped, as batches: streaming, typed, and never silent about a bad row.
//!
//! One thread inflates and splits records; the rest parse columns side by side. Kinds are inferred
//! from the first [`INFERENCE_BYTES`] of records: for smaller files that is all of them, so the
//! inference is exact; a larger file that breaks it later fails with line, column and remedy.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;
use refrain_domain::table::CHUNK_ROWS_MAX;
use refrain_domain::{Batch, Column, Field, Kind, Schema, Values, VariableValues};

use crate::time::parse_timestamp_us;

/// Records of this many bytes are looked at before kinds are settled.
const INFERENCE_BYTES: usize = 96 << 20;

/// How to read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOptions {
    /// Column to kind, where inference should not decide.
    pub schema: BTreeMap<String, Kind>,
    /// The texts that mean a missing value.
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
    /// Leave it out of the table and hand it back with its reason.
    Quarantine,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// Its fields as they stood.
    pub fields: Vec<String>,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows so far.
    pub rows: u64,
    /// Bytes of the source so far.
    pub bytes: u64,
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be read.
    #[error("reading failed after {rows} rows: {source}")]
    Read {
        /// Rows read before.
        rows: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The file has no header, or one that cannot be a schema.
    #[error("the header is no schema: {detail}")]
    Header {
        /// Why not.
        detail: String,
    },
    /// A row with too few or too many fields, or one that is no text.
    #[error("line {line}: {reason}; mend the file, or import it with `malformed: quarantine`")]
    Row {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A field that is not of its column's kind.
    #[error("line {line}, column `{column}`: `{text}` is no {kind}; {remedy}")]
    Value {
        /// Counted from 1.
        line: u64,
        /// The column.
        column: String,
        /// The field.
        text: String,
        /// What it should be.
        kind: Kind,
        /// What to do.
        remedy: String,
    },
    /// A declared column that the file does not have.
    #[error("the schema declares column `{column}`, which the file does not have; it has {found}")]
    NoSuchColumn {
        /// The column.
        column: String,
        /// The header.
        found: String,
    },
    /// Whoever takes the batches failed.
    #[error("{0}")]
    Sink(String),
}

/// What an import found besides its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// As declared and inferred.
    pub schema: Schema,
    /// Rows handed on.
    pub rows: u64,
    /// Rows left out.
    pub quarantined: Vec<Quarantined>,
}

/// Takes a batch; its schema never changes within one import.
pub type Sink<'a> = &'a mut dyn FnMut(&Schema, Batch) -> Result<(), String>;

/// Reads a CSV file with a header, gzipped or not.
///
/// # Errors
/// [`IngestError`], naming line, column and remedy.
pub fn ingest_csv(
    source: Box<dyn Read + Send>,
    options: &IngestOptions,
    sink: Sink<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, IngestError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Result<Records, IngestError>>(4);
        let split = scope.spawn(move || split_records(source, &sender));
        let result = take_in(&receiver, options, sink, progress);
        // Ends the splitting thread when taking in failed first.
        drop(receiver);
        split.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result
    })
}

/// Up to a chunk of records, split into fields.
struct Records {
    header: Arc<Vec<String>>,
    /// All fields, end to end.
    bytes: Vec<u8>,
    /// Where each field ends, record after record.
    ends: Vec<u32>,
    lines: Vec<u64>,
    /// Rows with the wrong number of fields.
    ragged: Vec<Quarantined>,
    bytes_read: u64,
}

impl Records {
    fn new(header: &Arc<Vec<String>>) -> Self {
        Self {
            header: header.clone(),
            bytes: Vec::new(),
            ends: Vec::new(),
            lines: Vec::new(),
            ragged: Vec::new(),
            bytes_read: 0,
        }
    }

    fn rows(&self) -> usize {
        self.lines.len()
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        let at = row * self.header.len() + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }
}

type Sender = std::sync::mpsc::SyncSender<Result<Records, IngestError>>;

fn split_records(source: Box<dyn Read + Send>, sender: &Sender) {
    let mut rows = 0;
    if let Err(error) = try_split(source, sender, &mut rows) {
        // The other side is gone only when it has failed itself.
        drop(sender.send(Err(error)));
    }
}

fn try_split(
    source: Box<dyn Read + Send>,
    sender: &Sender,
    rows: &mut u64,
) -> Result<(), IngestError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 17)
        .from_reader(inflate(source).map_err(|source| IngestError::Read { rows: 0, source })?);
    let header = read_header(&mut reader)?;
    let mut records = Records::new(&header);
    let mut record = csv::ByteRecord::new();
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| IngestError::Read { rows: *rows, source: to_io(error) })?;
        if !more {
            break;
        }
        *rows += 1;
        push_record(&mut records, &record);
        if records.rows() == CHUNK_ROWS_MAX {
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
        let fields = record.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
        records.ragged.push(Quarantined { line, reason, fields });
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
    let names: Result<Vec<String>, _> =
        header.iter().map(|name| String::from_utf8(name.to_vec())).collect();
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

/// Inflates what begins like gzip.
fn inflate(source: Box<dyn Read + Send>) -> std::io::Result<Box<dyn Read + Send>> {
    use std::io::BufRead;
    let mut buffered = BufReader::with_capacity(1 << 16, source);
    if buffered.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(Inflated(flate2::bufread::MultiGzDecoder::new(buffered))));
    }
    Ok(Box::new(buffered))
}

/// A gzip file whose errors say what is wrong with it.
struct Inflated<R>(flate2::bufread::MultiGzDecoder<R>);

impl<R: std::io::BufRead> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let kind = error.kind();
            let is_cut = kind == std::io::ErrorKind::UnexpectedEof
                || error.to_string() == "incomplete deflate stream";
            let text = if is_cut {
                "the gzip file is cut short: copy it again".to_owned()
            } else {
                format!("the gzip file is damaged ({error}): copy it again")
            };
            std::io::Error::new(kind, text)
        })
    }
}

fn take_in(
    receiver: &Receiver<Result<Records, IngestError>>,
    options: &IngestOptions,
    sink: Sink<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, IngestError> {
    let mut waiting = Vec::new();
    let (mut bytes, mut candidates) = (0, Vec::new());
    for records in receiver {
        let records = records?;
        bytes += records.bytes.len();
        narrow(&mut candidates, &records, options);
        waiting.push(records);
        if bytes > INFERENCE_BYTES {
            break;
        }
    }
    let header = waiting.first().map(|records| records.header.clone()).unwrap_or_default();
    let schema = settle(&header, &candidates, options)?;
    let mut report = Report { schema, rows: 0, quarantined: Vec::new() };
    let rest = receiver.iter();
    for records in waiting.into_iter().map(Ok).chain(rest) {
        let records = records?;
        let bytes = records.bytes_read;
        let batch = parse(records, &mut report, options)?;
        report.rows += batch.rows as u64;
        if batch.rows > 0 {
            sink(&report.schema, batch).map_err(IngestError::Sink)?;
        }
        progress(Progress { rows: report.rows, bytes });
    }
    Ok(report)
}

/// What a column could still be.
#[derive(Debug, Clone, Copy)]
struct Candidates {
    int: bool,
    float: bool,
    boolean: bool,
    time: bool,
    seen: bool,
}

/// Rules out what the fields are not.
fn narrow(candidates: &mut Vec<Candidates>, records: &Records, options: &IngestOptions) {
    let all = Candidates { int: true, float: true, boolean: true, time: true, seen: false };
    candidates.resize(records.header.len(), all);
    candidates.par_iter_mut().enumerate().for_each(|(column, candidate)| {
        if options.schema.contains_key(&records.header[column]) {
            return;
        }
        for row in 0..records.rows() {
            let field = records.field(row, column);
            if is_null(field, options) {
                continue;
            }
            candidate.seen = true;
            candidate.int = candidate.int && parse_int(field).is_some();
            // Every integer is a float too, so this is asked only after the first that is none.
            candidate.float = candidate.float && (candidate.int || looks_like_float(field));
            candidate.boolean = candidate.boolean && parse_boolean(field).is_some();
            candidate.time = candidate.time && parse_time(field).is_some();
            if !(candidate.int || candidate.float || candidate.boolean || candidate.time) {
                break;
            }
        }
    });
}

fn settle(
    header: &[String],
    candidates: &[Candidates],
    options: &IngestOptions,
) -> Result<Schema, IngestError> {
    if let Some(column) = options.schema.keys().find(|column| !header.contains(column)) {
        let (column, found) = (column.clone(), header.join(", "));
        return Err(IngestError::NoSuchColumn { column, found });
    }
    let kind = |name: &String, candidate: &Candidates| {
        if let Some(kind) = options.schema.get(name) {
            return *kind;
        }
        match candidate {
            Candidates { seen: false, .. } => Kind::Utf8,
            Candidates { int: true, .. } => Kind::Int64,
            Candidates { float: true, .. } => Kind::Float64,
            Candidates { boolean: true, .. } => Kind::Boolean,
            Candidates { time: true, .. } => Kind::TimestampUs,
            _ => Kind::Utf8,
        }
    };
    let fields = header.iter().zip(candidates).map(|(n, c)| Field::new(n, kind(n, c), true));
    Schema::new(fields.collect()).map_err(|error| IngestError::Header { detail: error.to_string() })
}

fn parse(
    records: Records,
    report: &mut Report,
    options: &IngestOptions,
) -> Result<Batch, IngestError> {
    let quarantine = options.malformed == Malformed::Quarantine;
    if let Some(row) = records.ragged.first().filter(|_| !quarantine) {
        return Err(IngestError::Row { line: row.line, reason: row.reason.clone() });
    }
    let fields: Vec<&Field> = report.schema.fields.iter().collect();
    let parsed: Vec<(Column, Vec<usize>)> = fields
        .par_iter()
        .enumerate()
        .map(|(index, field)| parse_column(&records, index, field.kind, options))
        .collect();
    let first_bad =
        |(index, (_, bad)): (usize, &(Column, Vec<usize>))| Some((*bad.first()?, index));
    let worst = parsed.iter().enumerate().filter_map(first_bad).min();
    if let Some((row, column)) = worst.filter(|_| !quarantine) {
        return Err(bad_value(&records, row, fields[column], column));
    }
    let rows = records.rows();
    let mut mask = vec![true; rows];
    let mut bad_rows: BTreeMap<usize, usize> = BTreeMap::new();
    for (column, (_, bad)) in parsed.iter().enumerate() {
        for row in bad {
            bad_rows.entry(*row).or_insert(column);
        }
    }
    let before = report.quarantined.len();
    report.quarantined.extend(records.ragged.iter().cloned());
    for (row, column) in bad_rows {
        mask[row] = false;
        let all = 0..records.header.len();
        let text = |column| String::from_utf8_lossy(records.field(row, column)).into_owned();
        report.quarantined.push(Quarantined {
            line: records.lines[row],
            reason: bad_value(&records, row, fields[column], column).to_string(),
            fields: all.map(text).collect(),
        });
    }
    report.quarantined[before..].sort_by_key(|row| row.line);
    let columns = parsed.into_iter().map(|(column, _)| Arc::new(column)).collect();
    let batch = Batch { rows, columns };
    let is_whole = mask.iter().all(|keep| *keep);
    Ok(if is_whole { batch } else { crate::ops::filter_rows(&batch, &mask) })
}

fn bad_value(records: &Records, row: usize, field: &Field, column: usize) -> IngestError {
    let text = String::from_utf8_lossy(records.field(row, column)).into_owned();
    let name = &field.name;
    IngestError::Value {
        line: records.lines[row],
        column: name.clone(),
        text,
        kind: field.kind,
        remedy: format!(
            "declare `schema: {{{name}: utf8}}`, add it to `null_values`, or set `malformed: quarantine`"
        ),
    }
}

fn is_null(field: &[u8], options: &IngestOptions) -> bool {
    options.null_values.iter().any(|null| null.as_bytes() == field)
}

/// Parses one column; answers the rows that are not of its kind.
fn parse_column(
    records: &Records,
    column: usize,
    kind: Kind,
    options: &IngestOptions,
) -> (Column, Vec<usize>) {
    let rows = records.rows();
    let mut bad = Vec::new();
    let mut validity = vec![0; rows.div_ceil(8)];
    let mut fields = |take: &mut dyn FnMut(Option<&[u8]>) -> bool| {
        for row in 0..rows {
            let field = records.field(row, column);
            if is_null(field, options) {
                take(None);
            } else if take(Some(field)) {
                validity[row / 8] |= 1 << (row % 8);
            } else {
                bad.push(row);
            }
        }
    };
    macro_rules! numbers {
        ($parse:expr, $zero:expr) => {{
            let mut values = Vec::with_capacity(rows);
            fields(&mut |field| {
                let parsed = field.and_then($parse);
                values.push(parsed.unwrap_or($zero));
                parsed.is_some()
            });
            values
        }};
    }
    let values = match kind {
        Kind::Int64 => Values::Int64(numbers!(parse_int, 0)),
        Kind::Float64 => Values::Float64(numbers!(parse_float, 0.0)),
        Kind::Boolean => Values::Boolean(numbers!(parse_boolean, 0)),
        Kind::TimestampUs => Values::TimestampUs(numbers!(parse_time, 0)),
        Kind::Utf8 | Kind::Binary | Kind::Vector => {
            let mut values = VariableValues::new();
            values.offsets.reserve(rows);
            fields(&mut |field| {
                let text = field.filter(|f| kind == Kind::Binary || std::str::from_utf8(f).is_ok());
                values.push(text.unwrap_or_default());
                text.is_some() && kind != Kind::Vector
            });
            if kind == Kind::Binary { Values::Binary(values) } else { Values::Utf8(values) }
        }
    };
    // Rows that are bad fail or are left out: what stays need not say that it is there.
    let rows_are_whole = bad.is_empty() && validity_is_full(&validity, rows);
    let validity = if rows_are_whole { Vec::new() } else { validity };
    (Column { values, validity }, bad)
}

fn validity_is_full(validity: &[u8], rows: usize) -> bool {
    validity.iter().map(|byte| byte.count_ones() as usize).sum::<usize>() == rows
}

fn parse_int(field: &[u8]) -> Option<i64> {
    // Leading zeros or a plus sign mean an identifier, which arithmetic would destroy.
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if digits.is_empty() || (digits[0] == b'0' && digits.len() > 1) || digits[0] == b'+' {
        return None;
    }
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// A whole number beyond int64 is an identifier: float64 would round it without a word. Whoever
/// declares the column float64 has it rounded.
fn looks_like_float(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_whole = digits.iter().all(u8::is_ascii_digit);
    parse_float(field).is_some() && !(is_whole && parse_int(field).is_none())
}

fn parse_float(field: &[u8]) -> Option<f64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    if has_leading_zero || !digits.first().is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let text = std::str::from_utf8(field).ok()?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn parse_boolean(field: &[u8]) -> Option<u8> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(1),
        b"false" | b"False" | b"FALSE" => Some(0),
        _ => None,
    }
}

fn parse_time(field: &[u8]) -> Option<i64> {
    // Nothing shorter than a date, and a date has a dash where a number has none.
    if field.len() < 10 || field.get(4) != Some(&b'-') {
        return None;
    }
    parse_timestamp_us(std::str::from_utf8(field).ok()?)
}
