//! Arrow batches as columns: the rows of Parquet and Arrow IPC.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use refrain_domain::{Column, Field, Kind, Schema, Values, VariableValues};

use super::cells::{Cell, Reader, is_convertible, kind_of, reader};
use super::chunker::COLUMN_BYTES_MAX;
use super::error::{IngestError, Place};
use super::intake::Rows;
use super::lists::List;
use super::records::shorten;
use super::{IngestOptions, Quarantined};

/// Some rows of a file, in its own types.
pub(super) struct ArrayRows {
    pub(super) batch: RecordBatch,
    /// Rows of the file before these.
    pub(super) before: u64,
}

impl Rows for ArrayRows {
    fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn place(&self, row: usize) -> Place {
        Place::Row(self.before + row as u64 + 1)
    }

    fn count(&self, number: u64) -> Place {
        Place::Row(number)
    }

    fn text(&self, row: usize, column: usize) -> String {
        let array = self.batch.column(column).as_ref();
        match Cells::new(array) {
            Some(cells) => shorten(cells.get(row).text(&mut String::new())),
            None => format!("a list of {}", List::new(array).range(row).len()),
        }
    }

    fn remedy(&self, field: &Field) -> String {
        match field.kind {
            Kind::Vector => {
                "give every row the same number of numbers, or set `malformed: quarantine`"
                    .to_owned()
            }
            Kind::Utf8 => "declare it binary, or set `malformed: quarantine`".to_owned(),
            _ => {
                let name = &field.name;
                format!("declare `schema: {{{name}: utf8}}`, or set `malformed: quarantine`")
            }
        }
    }

    fn malformed(&self) -> &[Quarantined] {
        &[]
    }
}

/// Our schema for a file's: as declared, else as the types say. `first` holds its first rows, to
/// which lists of no fixed size owe their width.
pub(super) fn settle(
    found: &arrow_schema::Schema,
    first: Option<&RecordBatch>,
    options: &IngestOptions,
) -> Result<Schema, IngestError> {
    let names: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
    if let Some(column) = options.schema.keys().find(|name| !names.contains(&name.as_str())) {
        let (column, found) = (column.clone(), names.join(", "));
        return Err(IngestError::NoSuchColumn { column, found });
    }
    let field = |(index, field): (usize, &arrow_schema::FieldRef)| {
        let (name, found) = (field.name(), field.data_type());
        let unsupported = |remedy: String| {
            let (column, found) = (name.clone(), format!("of type {found}"));
            IngestError::Unsupported { column, found, remedy }
        };
        let declared = options.schema.get(name).copied();
        let kind =
            declared.or_else(|| kind_of(found)).ok_or_else(|| unsupported(remedy(name, found)))?;
        if !is_convertible(found, kind) {
            let said = format!("which cannot be read as {kind}; {}", remedy(name, found));
            return Err(unsupported(said));
        }
        let width = if kind == Kind::Vector { width(found, index, first) } else { 0 };
        let is_told = kind != Kind::Vector || width > 0 || first.is_none();
        let no_width = "none of its first rows holds a number: write it as a fixed-size list";
        is_told.then_some(()).ok_or_else(|| unsupported(no_width.to_owned()))?;
        // A file without rows is refused later; until then any width will do.
        let width = if kind == Kind::Vector { width.max(1) } else { 0 };
        Ok(Field { width, ..Field::new(name, kind, true) })
    };
    let fields = found.fields().iter().enumerate().map(field).collect::<Result<_, _>>()?;
    Schema::new(fields).map_err(|error| IngestError::Header { detail: error.to_string() })
}

/// What to do about a column of this type.
fn remedy(name: &str, found: &DataType) -> String {
    match found {
        found if found.is_decimal() => {
            format!("declare `schema: {{{name}: float64}}` to have it rounded, or utf8 to keep its digits")
        }
        DataType::Struct(_) | DataType::Map(..) => {
            "flatten it into columns of its own, or leave it out".to_owned()
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            "only lists of floats can be read, as vectors: cast its values to float32, or leave it out"
                .to_owned()
        }
        DataType::Duration(_) | DataType::Time32(_) | DataType::Time64(_) => {
            "cast it to int64, or leave it out".to_owned()
        }
        found if kind_of(found).is_some() => "declare another kind, or none".to_owned(),
        _ => "cast it to text or a number, or leave it out".to_owned(),
    }
}

fn width(found: &DataType, index: usize, first: Option<&RecordBatch>) -> u32 {
    if let DataType::FixedSizeList(_, width) = found {
        return u32::try_from(*width).unwrap_or(0);
    }
    let Some(batch) = first else { return 0 };
    let list = List::new(batch.column(index).as_ref());
    let widths = (0..batch.num_rows()).map(|row| list.range(row).len());
    widths.into_iter().find(|width| *width > 0).map_or(0, |width| width as u32)
}

/// The values of a column, whether it holds them itself or in a dictionary.
struct Cells<'a> {
    read: Reader<'a>,
    nulls: Option<NullBuffer>,
    keys: Option<Vec<usize>>,
}

impl<'a> Cells<'a> {
    fn new(array: &'a dyn Array) -> Option<Self> {
        let nulls = array.logical_nulls();
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            return Some(Self { read: reader(array)?, nulls, keys: None });
        };
        let values = dictionary.values();
        let read = reader(values.as_ref())?;
        // Without values every key is null, and none is asked for.
        let keys = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
        Some(Self { read, nulls, keys: Some(keys) })
    }

    fn get(&self, row: usize) -> Cell<'a> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Cell::Null;
        }
        match &self.keys {
            None => (self.read)(row),
            Some(keys) => keys.get(row).map_or(Cell::Null, |key| (self.read)(*key)),
        }
    }
}

/// Reads one column; answers the rows that are not of its kind.
///
/// # Errors
/// Words, if the column would not fit into memory.
pub(super) fn parse_column(
    array: &dyn Array,
    field: &Field,
) -> Result<(Column, Vec<usize>), String> {
    let rows = array.len();
    let Some(cells) = Cells::new(array) else {
        return Ok(List::new(array).vectors(field.width as usize));
    };
    Ok(match field.kind {
        Kind::Int64 => numbers(&cells, rows, |cell| cell.int(), Values::Int64),
        Kind::Float64 => numbers(&cells, rows, |cell| cell.float(), Values::Float64),
        Kind::Boolean => numbers(&cells, rows, |cell| cell.boolean(), Values::Boolean),
        Kind::TimestampUs => numbers(&cells, rows, |cell| cell.moment(), Values::TimestampUs),
        Kind::Utf8 => bytes(&cells, rows, is_text, Values::Utf8)?,
        Kind::Binary => bytes(&cells, rows, |_| true, Values::Binary)?,
        Kind::Vector => panic!("BUG: `settle` gives vectors to lists alone"),
    })
}

/// Binary may be declared text, if it is.
fn is_text(cell: &Cell<'_>) -> bool {
    !matches!(cell, Cell::Bytes(bytes) if std::str::from_utf8(bytes).is_err())
}

/// Collects validity and bad rows: `push` answers whether the value is of the kind.
fn each(
    cells: &Cells<'_>,
    rows: usize,
    mut push: impl FnMut(Option<&Cell<'_>>) -> bool,
) -> (Vec<u8>, Vec<usize>) {
    let (mut validity, mut bad, mut n_valid) = (vec![0; rows.div_ceil(8)], Vec::new(), 0);
    for row in 0..rows {
        let cell = cells.get(row);
        if matches!(cell, Cell::Null) {
            push(None);
        } else if push(Some(&cell)) {
            validity[row / 8] |= 1 << (row % 8);
            n_valid += 1;
        } else {
            bad.push(row);
        }
    }
    (if n_valid == rows { Vec::new() } else { validity }, bad)
}

fn numbers<T: Default>(
    cells: &Cells<'_>,
    rows: usize,
    read: impl Fn(&Cell<'_>) -> Option<T>,
    make: impl Fn(Vec<T>) -> Values,
) -> (Column, Vec<usize>) {
    let mut values = Vec::with_capacity(rows);
    let (validity, bad) = each(cells, rows, |cell| {
        let value = cell.and_then(&read);
        let is_fit = value.is_some();
        values.push(value.unwrap_or_default());
        is_fit
    });
    (Column { values: make(values), validity }, bad)
}

fn bytes(
    cells: &Cells<'_>,
    rows: usize,
    is_fit: impl Fn(&Cell<'_>) -> bool,
    make: impl Fn(VariableValues) -> Values,
) -> Result<(Column, Vec<usize>), String> {
    let (mut values, mut scratch, mut is_full) = (VariableValues::new(), String::new(), false);
    values.offsets.reserve(rows);
    let (validity, bad) = each(cells, rows, |cell| {
        let cell = cell.filter(|cell| is_fit(cell));
        let text = cell.map_or(&[][..], |cell| cell.text(&mut scratch));
        // A dictionary can hold one long text for many rows.
        is_full |= values.bytes.len() + text.len() > COLUMN_BYTES_MAX;
        values.push(if is_full { &[] } else { text });
        cell.is_some()
    });
    if is_full {
        return Err(format!("more than {} GiB of text in a chunk of rows", COLUMN_BYTES_MAX >> 30));
    }
    Ok((Column { values: make(values), validity }, bad))
}
