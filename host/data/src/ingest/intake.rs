//! [`Intake`]: where the rows of every format end: bad ones fail or go to the quarantine, good
//! ones lie in chunks.

use std::collections::BTreeMap;
use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Schema};

use super::chunker::{COLUMN_BYTES_MAX, Chunker};
use super::error::{IngestError, Place};
use super::{IngestOptions, Malformed, Progress, Quarantined, Report, Sink};

/// No table of ours is wider. Numbers a row, so that a chunk of them stays below 1 GiB.
const NUMBERS_PER_ROW_MAX: usize = 4_096;
/// So much is kept of malformed rows; with more, the file is not what it was taken for.
const QUARANTINE_BYTES_MAX: usize = 64 << 20;

/// Rows as they stand in the file, for errors and the quarantine.
pub(super) trait Rows {
    /// How many.
    fn rows(&self) -> usize;
    /// Where a row stands.
    fn place(&self, row: usize) -> Place;
    /// How places are counted.
    fn count(&self, number: u64) -> Place;
    /// A field for people, of bounded length.
    fn text(&self, row: usize, column: usize) -> String;
    /// What to do about a value that is not of its column's kind.
    fn remedy(&self, field: &Field) -> String;
    /// Rows that are not among these, because they could not be taken apart.
    fn malformed(&self) -> &[Quarantined];
}

/// Columns, and for each the rows that are not of its kind, ascending.
pub(super) struct Parsed {
    pub(super) columns: Vec<(Column, Vec<usize>)>,
}

/// An import under way.
pub(super) struct Intake<'a> {
    sink: Sink<'a>,
    progress: &'a mut dyn FnMut(Progress),
    is_quarantining: bool,
    chunker: Chunker,
    quarantine_bytes: usize,
    report: Report,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        options: &IngestOptions,
        sink: Sink<'a>,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self {
            sink,
            progress,
            is_quarantining: options.malformed == Malformed::Quarantine,
            chunker: Chunker::default(),
            quarantine_bytes: 0,
            report: Report { schema: Schema::default(), rows: 0, quarantined: Vec::new() },
        }
    }

    /// Settles the schema, before the first rows.
    pub(super) fn begin(&mut self, schema: Schema) -> Result<(), IngestError> {
        let numbers = |field: &Field| field.width.max(1) as usize;
        let per_row: usize = schema.fields.iter().map(numbers).sum();
        if per_row > NUMBERS_PER_ROW_MAX {
            return Err(IngestError::TooLarge {
                place: Place::Row(1),
                what: format!("{per_row} columns and numbers of vectors"),
                limit: NUMBERS_PER_ROW_MAX.to_string(),
                remedy: "leave some out, or split the file by columns".to_owned(),
            });
        }
        self.report.schema = schema;
        Ok(())
    }

    pub(super) const fn schema(&self) -> &Schema {
        &self.report.schema
    }

    /// Takes rows, all of them or those that are good.
    pub(super) fn take(
        &mut self,
        rows: &dyn Rows,
        parsed: Parsed,
        bytes: u64,
    ) -> Result<(), IngestError> {
        let bad = bad_rows(&parsed);
        self.put_aside(rows, &bad)?;
        let columns = parsed.columns.into_iter().map(|(column, _)| Arc::new(column)).collect();
        let mut batch = Batch { rows: rows.rows(), columns };
        if !bad.is_empty() {
            let mask: Vec<bool> = (0..batch.rows).map(|row| !bad.contains_key(&row)).collect();
            batch = crate::ops::filter_rows(&batch, &mask);
        }
        if let Some(index) = self.chunker.overfull(&batch) {
            return Err(IngestError::TooLarge {
                place: rows.place(0),
                what: format!("column `{}` holds long values", self.schema().fields[index].name),
                limit: format!("{} GiB for a chunk of rows", COLUMN_BYTES_MAX >> 30),
                remedy: "keep such values in files and their names in the column".to_owned(),
            });
        }
        self.report.rows += batch.rows as u64;
        let (schema, sink) = (&self.report.schema, &mut *self.sink);
        self.chunker.push(schema, batch, |chunk| sink(schema, chunk)).map_err(IngestError::Sink)?;
        (self.progress)(Progress { rows: self.report.rows, bytes });
        Ok(())
    }

    /// Hands on the last rows.
    pub(super) fn finish(mut self) -> Result<Report, IngestError> {
        if let Some(chunk) = self.chunker.rest() {
            (self.sink)(&self.report.schema, chunk).map_err(IngestError::Sink)?;
        }
        Ok(self.report)
    }

    /// Fails with the first bad row, or puts all of them into the quarantine, by place.
    fn put_aside(
        &mut self,
        rows: &dyn Rows,
        bad: &BTreeMap<usize, usize>,
    ) -> Result<(), IngestError> {
        let mut aside: Vec<Quarantined> = rows.malformed().to_vec();
        let fields = &self.report.schema.fields;
        if !self.is_quarantining {
            return first_failure(rows, bad, fields);
        }
        for (&row, &column) in bad {
            let reason = bad_value(rows, row, &fields[column], column).to_string();
            let fields = (0..fields.len()).map(|column| rows.text(row, column)).collect();
            aside.push(Quarantined { line: rows.place(row).number(), reason, fields });
        }
        aside.sort_by_key(|row| row.line);
        let text = |row: &Quarantined| row.fields.iter().map(|f| f.len() + 24).sum::<usize>();
        let bytes = |row: &Quarantined| row.reason.len() + 64 + text(row);
        self.quarantine_bytes += aside.iter().map(bytes).sum::<usize>();
        self.report.quarantined.append(&mut aside);
        if self.quarantine_bytes <= QUARANTINE_BYTES_MAX {
            return Ok(());
        }
        let last = self.report.quarantined.last();
        Err(IngestError::QuarantineFull {
            rows: self.report.quarantined.len(),
            place: rows.count(last.map_or(0, |row| row.line)),
            limit: format!("{} MiB", QUARANTINE_BYTES_MAX >> 20),
            reason: last.map_or_else(String::new, |row| row.reason.clone()),
        })
    }
}

/// Each bad row with its first bad column.
fn bad_rows(parsed: &Parsed) -> BTreeMap<usize, usize> {
    let mut rows = BTreeMap::new();
    for (column, (_, bad)) in parsed.columns.iter().enumerate() {
        for row in bad {
            rows.entry(*row).or_insert(column);
        }
    }
    rows
}

/// Whichever comes first in the file: a row that could not be taken apart, or a bad value.
fn first_failure(
    rows: &dyn Rows,
    bad: &BTreeMap<usize, usize>,
    fields: &[Field],
) -> Result<(), IngestError> {
    let value = bad.first_key_value().map(|(row, column)| (rows.place(*row), *row, *column));
    let malformed = rows.malformed().iter().min_by_key(|row| row.line);
    match (malformed, value) {
        (Some(found), value) if value.is_none_or(|(at, ..)| found.line < at.number()) => {
            let place = rows.count(found.line);
            Err(IngestError::Row { place, reason: found.reason.clone() })
        }
        (_, Some((_, row, column))) => Err(bad_value(rows, row, &fields[column], column)),
        _ => Ok(()),
    }
}

fn bad_value(rows: &dyn Rows, row: usize, field: &Field, column: usize) -> IngestError {
    let width = if field.width > 0 { format!(" of {}", field.width) } else { String::new() };
    IngestError::Value {
        place: rows.place(row),
        column: field.name.clone(),
        text: rows.text(row, column),
        expected: format!("{}{width}", field.kind),
        remedy: rows.remedy(field),
    }
}
