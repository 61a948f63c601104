//! Fields of text as columns: what CSV and NDJSON have in common once rows are split.

use std::sync::mpsc::Receiver;

use rayon::prelude::*;
use refrain_domain::{Column, Field, Kind, Values, VariableValues};

use super::error::{IngestError, Place};
use super::infer::Inference;
use super::intake::{Intake, Parsed, Rows};
use super::records::{Records, Tag};
use super::scalar::{parse_boolean, parse_float, parse_int, parse_time};
use super::{IngestOptions, Quarantined};

/// Records of this many bytes are looked at before kinds are settled.
const INFERENCE_BYTES: usize = 96 << 20;

/// Takes records from the thread that splits them: infers kinds, parses, hands on.
pub(super) fn take_in(
    receiver: &Receiver<Result<Records, IngestError>>,
    options: &IngestOptions,
    intake: &mut Intake<'_>,
) -> Result<(), IngestError> {
    let mut waiting = Vec::new();
    let (mut bytes, mut inference) = (0, Inference::default());
    let nulls = Nulls::new(&options.null_values);
    for records in receiver {
        let records = records?;
        bytes += records.bytes.len();
        inference.look_at(&records, &nulls);
        waiting.push(records);
        if bytes > INFERENCE_BYTES {
            break;
        }
    }
    // The last header is the longest: columns may come up, but never go.
    let header = waiting.last().map(|records| records.header.clone()).unwrap_or_default();
    intake.begin(inference.settle(&header, options)?)?;
    for records in waiting.into_iter().map(Ok).chain(receiver.iter()) {
        let records = records?;
        if let Some(column) = records.header.get(header.len()) {
            return Err(late_column(&records, column));
        }
        let columns = intake
            .schema()
            .fields
            .par_iter()
            .enumerate()
            .map(|(index, field)| parse_column(&records, index, field, &nulls))
            .collect();
        intake.take(&records, Parsed { columns }, records.bytes_read)?;
    }
    Ok(())
}

fn late_column(records: &Records, column: &str) -> IngestError {
    IngestError::Value {
        place: Place::Line(records.lines.first().copied().unwrap_or_default()),
        column: column.to_owned(),
        text: column.to_owned(),
        expected: format!("column of the first {} MiB", INFERENCE_BYTES >> 20),
        remedy: "put a row that has every column (null where there is no value) first".to_owned(),
    }
}

/// The texts that mean a missing value.
pub(super) struct Nulls<'a> {
    texts: &'a [String],
    /// A bit for each length that occurs, so that most fields are not compared at all.
    lens: u64,
    /// A bit for each first byte that occurs.
    firsts: [u64; 4],
}

impl<'a> Nulls<'a> {
    pub(super) fn new(texts: &'a [String]) -> Self {
        let lens = texts.iter().fold(0, |lens, text| lens | 1 << text.len().min(63));
        let mut firsts = [0; 4];
        for first in texts.iter().filter_map(|text| text.as_bytes().first()) {
            firsts[usize::from(first / 64)] |= 1 << (first % 64);
        }
        Self { texts, lens, firsts }
    }

    /// Only text without quotes can mean a missing value.
    pub(super) fn is_null(&self, tag: Tag, field: &[u8]) -> bool {
        match tag {
            Tag::Null => true,
            Tag::Bare if self.lens >> field.len().min(63) & 1 == 1 => {
                let may_be =
                    |first: &u8| self.firsts[usize::from(first / 64)] >> (first % 64) & 1 == 1;
                field.first().is_none_or(may_be)
                    && self.texts.iter().any(|null| null.as_bytes() == field)
            }
            _ => false,
        }
    }
}

impl Rows for Records {
    fn rows(&self) -> usize {
        Self::rows(self)
    }

    fn place(&self, row: usize) -> Place {
        Place::Line(self.lines[row])
    }

    fn count(&self, number: u64) -> Place {
        Place::Line(number)
    }

    fn text(&self, row: usize, column: usize) -> String {
        Self::text(self, row, column)
    }

    fn remedy(&self, field: &Field) -> String {
        let name = &field.name;
        let null = if self.tags.is_empty() { "add it to `null_values`" } else { "write null" };
        match field.kind {
            Kind::Vector => format!("{null}, or set `malformed: quarantine`"),
            _ => format!(
                "declare `schema: {{{name}: utf8}}`, {null}, or set `malformed: quarantine`"
            ),
        }
    }

    fn malformed(&self) -> &[Quarantined] {
        &self.malformed
    }
}

/// Parses one column; answers the rows that are not of its kind.
fn parse_column(
    records: &Records,
    column: usize,
    field: &Field,
    nulls: &Nulls<'_>,
) -> (Column, Vec<usize>) {
    let fields = Fields { records, column, nulls };
    match field.kind {
        Kind::Int64 => fields.numbers(parse_int, Values::Int64),
        Kind::Float64 => fields.numbers(parse_float, Values::Float64),
        Kind::Boolean => fields.numbers(parse_boolean, Values::Boolean),
        Kind::TimestampUs => fields.numbers(parse_time, Values::TimestampUs),
        Kind::Utf8 if records.is_ascii => fields.bytes(|_| true, Values::Utf8),
        Kind::Utf8 => fields.bytes(|text| std::str::from_utf8(text).is_ok(), Values::Utf8),
        Kind::Binary => fields.bytes(|_| true, Values::Binary),
        Kind::Vector => fields.vectors(field.width as usize),
    }
}

#[derive(Clone, Copy)]
struct Fields<'a> {
    records: &'a Records,
    column: usize,
    nulls: &'a Nulls<'a>,
}

impl Fields<'_> {
    /// Gives every field to `take`, which answers whether it is of the kind.
    fn each(&self, mut take: impl FnMut(Option<(Tag, &[u8])>) -> bool) -> (Vec<u8>, Vec<usize>) {
        let rows = self.records.rows();
        let (mut bad, mut n_valid) = (Vec::new(), 0);
        let mut validity = vec![0; rows.div_ceil(8)];
        for row in 0..rows {
            let (tag, field) = self.records.field(row, self.column);
            if self.nulls.is_null(tag, field) {
                take(None);
            } else if take(Some((tag, field))) {
                validity[row / 8] |= 1 << (row % 8);
                n_valid += 1;
            } else {
                bad.push(row);
            }
        }
        (if n_valid == rows { Vec::new() } else { validity }, bad)
    }

    fn numbers<T: Copy + Default>(
        self,
        parse: impl Fn(&[u8]) -> Option<T>,
        make: impl Fn(Vec<T>) -> Values,
    ) -> (Column, Vec<usize>) {
        let mut values = Vec::with_capacity(self.records.rows());
        let (validity, bad) = self.each(|field| {
            let field = field.filter(|(tag, _)| *tag != Tag::List);
            let parsed = field.and_then(|(_, text)| parse(text));
            values.push(parsed.unwrap_or_default());
            parsed.is_some()
        });
        (Column { values: make(values), validity }, bad)
    }

    fn bytes(
        self,
        is_fit: impl Fn(&[u8]) -> bool,
        make: impl Fn(VariableValues) -> Values,
    ) -> (Column, Vec<usize>) {
        let mut values = VariableValues::new();
        values.offsets.reserve(self.records.rows());
        let (validity, bad) = self.each(|field| {
            let text = field.filter(|(tag, text)| *tag != Tag::List && is_fit(text));
            values.push(text.map_or(&[], |(_, text)| text));
            text.is_some()
        });
        (Column { values: make(values), validity }, bad)
    }

    fn vectors(self, width: usize) -> (Column, Vec<usize>) {
        let mut values = Vec::with_capacity(self.records.rows() * width);
        let (validity, bad) = self.each(|field| {
            let start = values.len();
            let list = field.filter(|(tag, _)| *tag == Tag::List);
            let is_fit = list.is_some_and(|(_, text)| push_list(text, &mut values));
            let is_fit = is_fit && values.len() - start == width;
            if !is_fit {
                values.truncate(start);
            }
            values.resize(start + width, 0.0);
            is_fit
        });
        (Column { values: Values::Vector(values), validity }, bad)
    }
}

/// The numbers of `1,2.5`, as the splitter leaves a list; false for anything that is no number.
fn push_list(text: &[u8], values: &mut Vec<f32>) -> bool {
    let number = |part: &[u8]| -> Option<f32> { std::str::from_utf8(part).ok()?.parse().ok() };
    text.split(|byte| *byte == b',').all(|part| {
        let value = number(part).filter(|value| value.is_finite());
        values.extend(value);
        value.is_some()
    })
}

/// The number of numbers in a list.
pub(super) fn list_width(text: &[u8]) -> u32 {
    let commas = text.iter().filter(|byte| **byte == b',').count();
    if text.is_empty() { 0 } else { u32::try_from(commas + 1).unwrap_or(u32::MAX) }
}
