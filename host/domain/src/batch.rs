//! [`Batch`]: rows in memory, column by column, in the layout of `refrain:types/data`.

use std::sync::Arc;

use crate::{Kind, Schema};

/// Values of variable length, laid end to end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariableValues {
    /// `rows + 1` offsets, ascending from 0 to `bytes.len()`.
    pub offsets: Vec<u32>,
    /// All values, without separators.
    pub bytes: Vec<u8>,
}

impl VariableValues {
    /// No values yet.
    pub fn new() -> Self {
        Self { offsets: vec![0], bytes: Vec::new() }
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of one value.
    ///
    /// # Panics
    /// If the row is out of range.
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Appends a value.
    ///
    /// # Panics
    /// If the column grows past 4 GiB, which the chunk size rules out long before.
    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        let end = u32::try_from(self.bytes.len()).expect("BUG: a column of more than 4 GiB");
        self.offsets.push(end);
    }
}

/// The values of one column. Canonical columns hold zeros (or nothing) in null rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One byte a row, 0 or 1.
    Boolean(Vec<u8>),
    /// One a row.
    Int64(Vec<i64>),
    /// One a row.
    Float64(Vec<f64>),
    /// Microseconds since the epoch.
    TimestampUs(Vec<i64>),
    /// UTF-8.
    Utf8(VariableValues),
    /// Bytes.
    Binary(VariableValues),
    /// `rows * width` numbers, row after row.
    Vector(Vec<f32>),
}

impl Values {
    /// No values of a kind.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean(Vec::new()),
            Kind::Int64 => Self::Int64(Vec::new()),
            Kind::Float64 => Self::Float64(Vec::new()),
            Kind::TimestampUs => Self::TimestampUs(Vec::new()),
            Kind::Utf8 => Self::Utf8(VariableValues::new()),
            Kind::Binary => Self::Binary(VariableValues::new()),
            Kind::Vector => Self::Vector(Vec::new()),
        }
    }

    /// How many rows they are the values of, in a column of `width` numbers a row. None for vectors
    /// of no width, which do not tell.
    pub fn rows(&self, width: u32) -> Option<usize> {
        match self {
            Self::Boolean(v) => Some(v.len()),
            Self::Int64(v) | Self::TimestampUs(v) => Some(v.len()),
            Self::Float64(v) => Some(v.len()),
            Self::Utf8(v) | Self::Binary(v) => Some(v.len()),
            Self::Vector(v) => v.len().checked_div(width as usize),
        }
    }

    /// The kind of these values.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Boolean(_) => Kind::Boolean,
            Self::Int64(_) => Kind::Int64,
            Self::Float64(_) => Kind::Float64,
            Self::TimestampUs(_) => Kind::TimestampUs,
            Self::Utf8(_) => Kind::Utf8,
            Self::Binary(_) => Kind::Binary,
            Self::Vector(_) => Kind::Vector,
        }
    }

    /// Bytes of memory that the values take.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Boolean(v) => v.len(),
            Self::Int64(v) | Self::TimestampUs(v) => v.len() * 8,
            Self::Float64(v) => v.len() * 8,
            Self::Utf8(v) | Self::Binary(v) => v.offsets.len() * 4 + v.bytes.len(),
            Self::Vector(v) => v.len() * 4,
        }
    }
}

/// One column: values and which rows have one.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// As many as the batch has rows.
    pub values: Values,
    /// A bitmap, least significant bit first; empty when every row has a value.
    pub validity: Vec<u8>,
}

impl Column {
    /// A column in which every row has a value.
    pub const fn new(values: Values) -> Self {
        Self { values, validity: Vec::new() }
    }

    /// Whether this row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        self.validity.is_empty() || self.validity[row / 8] >> (row % 8) & 1 == 1
    }

    /// The number of null rows among the first `rows`.
    pub fn null_count(&self, rows: usize) -> usize {
        if self.validity.is_empty() {
            return 0;
        }
        let valid: usize = self.validity.iter().map(|byte| byte.count_ones() as usize).sum();
        rows - valid
    }

    /// Bytes of memory that the column takes.
    pub fn size_bytes(&self) -> usize {
        self.values.size_bytes() + self.validity.len()
    }
}

/// Some rows. Columns are shared, never copied, when they pass from step to step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The length of every column.
    pub rows: usize,
    /// In schema order.
    pub columns: Vec<Arc<Column>>,
}

/// A batch that does not have the form that its schema promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {index} (`{name}`): {fault}")]
pub struct BatchError {
    /// Counted from 0.
    pub index: usize,
    /// The column's name by the schema, or empty when there is none.
    pub name: String,
    /// What is wrong.
    pub fault: String,
}

impl Batch {
    /// Some of the columns, in the order asked for; nothing is copied.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn project(&self, indices: &[usize]) -> Self {
        Self {
            rows: self.rows,
            columns: indices.iter().map(|&i| self.columns[i].clone()).collect(),
        }
    }

    /// Bytes of memory that the columns take.
    pub fn size_bytes(&self) -> usize {
        self.columns.iter().map(|column| column.size_bytes()).sum()
    }

    /// Checks everything that a component could get wrong: the number and kinds of columns, every
    /// length, offsets, UTF-8, stray validity bits, nulls where none may be.
    ///
    /// # Errors
    /// [`BatchError`], naming the first column at fault.
    pub fn check(&self, schema: &Schema) -> Result<(), BatchError> {
        if self.columns.len() != schema.fields.len() {
            let fault = format!(
                "the batch has {} columns, its schema {}",
                self.columns.len(),
                schema.fields.len()
            );
            return Err(BatchError { index: self.columns.len(), name: String::new(), fault });
        }
        for (index, (column, field)) in self.columns.iter().zip(&schema.fields).enumerate() {
            check_column(column, field, self.rows).map_err(|fault| BatchError {
                index,
                name: field.name.clone(),
                fault,
            })?;
        }
        Ok(())
    }
}

fn check_column(column: &Column, field: &crate::Field, rows: usize) -> Result<(), String> {
    if column.values.kind() != field.kind {
        return Err(format!("expected {}, found {}", field.kind, column.values.kind()));
    }
    match &column.values {
        Values::Boolean(v) => {
            check_len(v.len(), rows)?;
            if let Some(row) = v.iter().position(|&byte| byte > 1) {
                return Err(format!("row {row} is {}, a boolean is 0 or 1", v[row]));
            }
        }
        Values::Int64(v) | Values::TimestampUs(v) => check_len(v.len(), rows)?,
        Values::Float64(v) => check_len(v.len(), rows)?,
        Values::Vector(v) => check_len(v.len(), rows * field.width as usize)?,
        Values::Utf8(v) => {
            check_offsets(v, rows)?;
            check_utf8(v)?;
        }
        Values::Binary(v) => check_offsets(v, rows)?,
    }
    check_validity(column, field.nullable, rows)
}

fn check_len(found: usize, expected: usize) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found} values, expected {expected}")) }
}

fn check_offsets(values: &VariableValues, rows: usize) -> Result<(), String> {
    let offsets = &values.offsets;
    if offsets.len() != rows + 1 {
        return Err(format!("{} offsets, expected {}", offsets.len(), rows + 1));
    }
    if offsets[0] != 0 {
        return Err(format!("the first offset is {}, expected 0", offsets[0]));
    }
    if let Some(row) = offsets.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(format!("the offsets of row {row} go backwards"));
    }
    if offsets[rows] as usize != values.bytes.len() {
        return Err(format!(
            "the last offset is {}, but there are {} bytes",
            offsets[rows],
            values.bytes.len()
        ));
    }
    Ok(())
}

fn check_utf8(values: &VariableValues) -> Result<(), String> {
    // Valid as a whole and cut only at character boundaries: then every value is valid on its own.
    let text = std::str::from_utf8(&values.bytes)
        .map_err(|error| format!("invalid UTF-8 at byte {}", error.valid_up_to()))?;
    match values.offsets.iter().position(|&offset| !text.is_char_boundary(offset as usize)) {
        Some(row) => Err(format!("the offset before row {row} splits a character")),
        None => Ok(()),
    }
}

fn check_validity(column: &Column, nullable: bool, rows: usize) -> Result<(), String> {
    if column.validity.is_empty() {
        return Ok(());
    }
    if column.validity.len() != rows.div_ceil(8) {
        return Err(format!(
            "{} validity bytes, expected {}",
            column.validity.len(),
            rows.div_ceil(8)
        ));
    }
    let used_bits = rows % 8;
    if used_bits != 0 && column.validity[rows / 8] >> used_bits != 0 {
        return Err("validity bits are set beyond the last row".to_owned());
    }
    if !nullable && column.null_count(rows) > 0 {
        return Err("a null in a column that is not nullable".to_owned());
    }
    Ok(())
}
