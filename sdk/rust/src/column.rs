//! Reading columns: slices for kernels, iterators of `Option` for everything else.

use std::borrow::Cow;

use crate::bitmap::is_set;
use crate::{Batch, Column, Error, Kind, Result, Schema, Values, VariableValues};

impl Values {
    /// What these values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
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
}

impl VariableValues {
    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of one value, nulls being empty.
    ///
    /// # Panics
    /// If `row` is beyond the column.
    #[must_use]
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// All values in row order, nulls being empty.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.offsets.windows(2).map(|pair| &self.bytes[pair[0] as usize..pair[1] as usize])
    }
}

impl Batch {
    /// The number of rows as a `usize`.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows as usize
    }

    /// Refuses a batch that is not of `schema`: a host's mistake, found before it spreads.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the column.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        if self.columns.len() != schema.len() {
            return Err(Error::input(format!(
                "{} columns came for a schema of {}",
                self.columns.len(),
                schema.len()
            )));
        }
        for (column, field) in self.columns.iter().zip(&schema.fields) {
            column
                .check(field.kind, field.width, self.n_rows())
                .map_err(|problem| Error::input(format!("column `{}` {problem}", field.name)))?;
        }
        Ok(())
    }
}

impl Column {
    /// What the column holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.values.kind()
    }

    /// Whether `row` has a value.
    #[must_use]
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        is_set(&self.validity, row)
    }

    /// Whether some row may lack a value. If not, the slices hold values only.
    #[must_use]
    pub fn has_nulls(&self) -> bool {
        !self.validity.is_empty()
    }

    /// The number of rows without a value, of `rows`.
    #[must_use]
    pub fn null_count(&self, rows: usize) -> usize {
        if self.validity.is_empty() {
            return 0;
        }
        rows - self.validity.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
    }

    /// One `bool` a row: whether it has a value.
    pub fn valid_rows(&self, rows: usize) -> impl ExactSizeIterator<Item = bool> {
        (0..rows).map(|row| self.is_valid(row))
    }

    /// The values of a float64 column; nulls hold 0.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for another kind, as for all accessors below.
    pub fn as_f64(&self) -> Result<&[f64]> {
        match &self.values {
            Values::Float64(values) => Ok(values),
            other => Err(wrong_kind("float64", other)),
        }
    }

    /// The values of an int64 column; nulls hold 0.
    pub fn as_i64(&self) -> Result<&[i64]> {
        match &self.values {
            Values::Int64(values) => Ok(values),
            other => Err(wrong_kind("int64", other)),
        }
    }

    /// The values of a timestamp column in microseconds; nulls hold 0.
    pub fn as_timestamp_us(&self) -> Result<&[i64]> {
        match &self.values {
            Values::TimestampUs(values) => Ok(values),
            other => Err(wrong_kind("timestamp-us", other)),
        }
    }

    /// The values of a boolean column, 0 or 1; nulls hold 0.
    pub fn as_bool(&self) -> Result<&[u8]> {
        match &self.values {
            Values::Boolean(values) => Ok(values),
            other => Err(wrong_kind("boolean", other)),
        }
    }

    /// The numbers of a vector column, row after row; nulls hold zeros.
    pub fn as_vector(&self) -> Result<&[f32]> {
        match &self.values {
            Values::Vector(values) => Ok(values),
            other => Err(wrong_kind("vector", other)),
        }
    }

    /// The bytes of a utf8 or binary column; nulls are empty.
    pub fn as_bytes(&self) -> Result<&VariableValues> {
        match &self.values {
            Values::Utf8(values) | Values::Binary(values) => Ok(values),
            other => Err(wrong_kind("utf8 or binary", other)),
        }
    }

    /// float64, row by row.
    pub fn f64s(&self) -> Result<impl ExactSizeIterator<Item = Option<f64>>> {
        Ok(self.with_nulls(self.as_f64()?.iter().copied()))
    }

    /// int64, row by row.
    pub fn i64s(&self) -> Result<impl ExactSizeIterator<Item = Option<i64>>> {
        Ok(self.with_nulls(self.as_i64()?.iter().copied()))
    }

    /// Timestamps in microseconds, row by row.
    pub fn timestamps_us(&self) -> Result<impl ExactSizeIterator<Item = Option<i64>>> {
        Ok(self.with_nulls(self.as_timestamp_us()?.iter().copied()))
    }

    /// Booleans, row by row.
    pub fn bools(&self) -> Result<impl ExactSizeIterator<Item = Option<bool>>> {
        Ok(self.with_nulls(self.as_bool()?.iter().map(|&byte| byte != 0)))
    }

    /// Text, row by row.
    pub fn strs(&self) -> Result<impl ExactSizeIterator<Item = Option<&str>>> {
        let Values::Utf8(values) = &self.values else {
            return Err(wrong_kind("utf8", &self.values));
        };
        // The whole is checked once; a slice then only has to begin and end between characters.
        let text = std::str::from_utf8(&values.bytes)
            .map_err(|error| Error::input(format!("a utf8 column is not UTF-8: {error}")))?;
        let strs = values
            .offsets
            .windows(2)
            .map(|pair| text.get(pair[0] as usize..pair[1] as usize).unwrap_or_default());
        Ok(self.with_nulls(strs))
    }

    /// Binary values or text as bytes, row by row.
    pub fn byte_strings(&self) -> Result<impl ExactSizeIterator<Item = Option<&[u8]>>> {
        Ok(self.with_nulls(self.as_bytes()?.iter()))
    }

    /// Vectors of `width`, row by row.
    pub fn vectors(&self, width: u32) -> Result<impl ExactSizeIterator<Item = Option<&[f32]>>> {
        Ok(self.with_nulls(self.as_vector()?.chunks_exact(width.max(1) as usize)))
    }

    /// float64, int64, boolean (0 or 1) or timestamp (microseconds) as `f64`; nulls hold 0.
    ///
    /// Whole numbers beyond 2^53 are rounded.
    pub fn numbers(&self) -> Result<Cow<'_, [f64]>> {
        match &self.values {
            Values::Float64(values) => Ok(Cow::Borrowed(values)),
            Values::Int64(values) | Values::TimestampUs(values) => {
                Ok(values.iter().map(|&value| value as f64).collect())
            }
            Values::Boolean(values) => Ok(values.iter().map(|&value| f64::from(value)).collect()),
            other => Err(wrong_kind("a number", other)),
        }
    }

    /// As [`Column::numbers`], without a copy where the column is float64; with its validity.
    pub fn into_numbers(self) -> Result<(Vec<f64>, Vec<u8>)> {
        match self.values {
            Values::Float64(values) => Ok((values, self.validity)),
            _ => Ok((self.numbers()?.into_owned(), self.validity)),
        }
    }

    /// As [`Column::numbers`], without the nulls: what the [`kernels`](crate::kernels) take.
    pub fn valid_numbers(&self) -> Result<Cow<'_, [f64]>> {
        let numbers = self.numbers()?;
        if !self.has_nulls() {
            return Ok(numbers);
        }
        Ok(self.with_nulls(numbers.iter().copied()).flatten().collect())
    }

    /// As [`Column::numbers`], with `null` for nulls.
    pub fn numbers_or(&self, null: f64) -> Result<Cow<'_, [f64]>> {
        let numbers = self.numbers()?;
        if !self.has_nulls() {
            return Ok(numbers);
        }
        Ok(self.with_nulls(numbers.iter().copied()).map(|value| value.unwrap_or(null)).collect())
    }

    fn with_nulls<T>(
        &self,
        values: impl ExactSizeIterator<Item = T>,
    ) -> impl ExactSizeIterator<Item = Option<T>> {
        values.enumerate().map(|(row, value)| self.is_valid(row).then_some(value))
    }

    /// Whether the column can be one of `rows` rows; otherwise what is wrong with it.
    pub(crate) fn check(&self, kind: Kind, width: u32, rows: usize) -> Result<(), String> {
        if self.kind() != kind {
            return Err(format!("holds {}, not {}", self.kind().name(), kind.name()));
        }
        let (len, expected) = match &self.values {
            Values::Boolean(values) => (values.len(), rows),
            Values::Int64(values) | Values::TimestampUs(values) => (values.len(), rows),
            Values::Float64(values) => (values.len(), rows),
            Values::Utf8(values) | Values::Binary(values) => (values.len(), rows),
            Values::Vector(values) => (values.len(), rows * width as usize),
        };
        if len != expected {
            return Err(format!("has {len} values where {expected} are due"));
        }
        if self.has_nulls() && self.validity.len() != rows.div_ceil(8) {
            return Err(format!("has {} validity bytes for {rows} rows", self.validity.len()));
        }
        Ok(())
    }
}

fn wrong_kind(wanted: &str, found: &Values) -> Error {
    Error::input(format!("a {} column where {wanted} was due", found.kind().name()))
}
