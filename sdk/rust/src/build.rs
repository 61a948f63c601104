//! Making columns. Every constructor makes the validity, and zeroes the slots of nulls.

use crate::bitmap::{self, is_set};
use crate::{Batch, Bitmap, Column, Values, VariableValues};

impl Batch {
    /// A batch of `rows` rows.
    #[must_use]
    pub fn new(rows: usize, columns: Vec<Column>) -> Self {
        Self { rows: rows as u32, columns }
    }
}

impl Column {
    /// Values without a null.
    #[must_use]
    pub fn new(values: Values) -> Self {
        Self { values, validity: Vec::new() }
    }

    /// float64 without nulls.
    #[must_use]
    pub fn float64(values: Vec<f64>) -> Self {
        Self::new(Values::Float64(values))
    }

    /// int64 without nulls.
    #[must_use]
    pub fn int64(values: Vec<i64>) -> Self {
        Self::new(Values::Int64(values))
    }

    /// Timestamps in microseconds without nulls.
    #[must_use]
    pub fn timestamp_us(values: Vec<i64>) -> Self {
        Self::new(Values::TimestampUs(values))
    }

    /// Booleans without nulls.
    #[must_use]
    pub fn boolean(values: impl IntoIterator<Item = bool>) -> Self {
        Self::new(Values::Boolean(values.into_iter().map(u8::from).collect()))
    }

    /// Vectors without nulls, row after row.
    #[must_use]
    pub fn vector(values: Vec<f32>) -> Self {
        Self::new(Values::Vector(values))
    }

    /// Text without nulls.
    #[must_use]
    pub fn utf8<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::utf8_opt(values.into_iter().map(Some))
    }

    /// Bytes without nulls.
    #[must_use]
    pub fn binary<T: AsRef<[u8]>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::binary_opt(values.into_iter().map(Some))
    }

    /// float64.
    #[must_use]
    pub fn float64_opt(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let (values, validity) = split(values);
        Self { values: Values::Float64(values), validity }
    }

    /// int64.
    #[must_use]
    pub fn int64_opt(values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let (values, validity) = split(values);
        Self { values: Values::Int64(values), validity }
    }

    /// Timestamps in microseconds.
    #[must_use]
    pub fn timestamp_us_opt(values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let (values, validity) = split(values);
        Self { values: Values::TimestampUs(values), validity }
    }

    /// Booleans.
    #[must_use]
    pub fn boolean_opt(values: impl IntoIterator<Item = Option<bool>>) -> Self {
        let (values, validity) = split(values.into_iter().map(|value| value.map(u8::from)));
        Self { values: Values::Boolean(values), validity }
    }

    /// Vectors of `width`; a shorter one is filled up with zeros, a longer one is cut.
    #[must_use]
    pub fn vector_opt<T: AsRef<[f32]>>(
        width: u32,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        let mut validity = Bitmap::default();
        let mut numbers: Vec<f32> = Vec::new();
        for value in values {
            validity.push(value.is_some());
            let row = value.as_ref().map(T::as_ref).unwrap_or_default();
            numbers.extend(row.iter().copied().chain(std::iter::repeat(0.0)).take(width as usize));
        }
        Self { values: Values::Vector(numbers), validity: validity.finish() }
    }

    /// Text.
    #[must_use]
    pub fn utf8_opt<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> Self {
        let mut builder = StrBuilder::default();
        values.into_iter().for_each(|value| builder.push(value.as_ref().map(T::as_ref)));
        builder.finish()
    }

    /// Bytes.
    #[must_use]
    pub fn binary_opt<T: AsRef<[u8]>>(values: impl IntoIterator<Item = Option<T>>) -> Self {
        let mut builder = BytesBuilder::default();
        values.into_iter().for_each(|value| builder.push(value.as_ref().map(T::as_ref)));
        builder.finish()
    }

    /// Takes away the values of the rows whose bit in `validity` is 0 (empty: of none), in
    /// addition to the nulls that there are. Use it to carry the nulls of an input to an output.
    ///
    /// # Panics
    /// For a vector column (a bitmap does not tell its width: see [`Column::vector_opt`]), or if
    /// `validity` is of fewer rows.
    #[must_use]
    pub fn mask(mut self, validity: &[u8]) -> Self {
        if validity.is_empty() {
            return self;
        }
        self.validity = bitmap::intersect(&self.validity, validity);
        let bits = &self.validity;
        match &mut self.values {
            Values::Boolean(values) => zero_nulls(values, bits),
            Values::Int64(values) | Values::TimestampUs(values) => zero_nulls(values, bits),
            Values::Float64(values) => zero_nulls(values, bits),
            Values::Vector(_) => panic!("BUG: give the nulls of vectors to `vector_opt`"),
            Values::Utf8(values) | Values::Binary(values) => {
                let mut kept = BytesBuilder::default();
                for (row, value) in values.iter().enumerate() {
                    kept.push(is_set(bits, row).then_some(value));
                }
                *values = kept.values();
            }
        }
        self
    }
}

fn zero_nulls<T: Default>(values: &mut [T], bits: &[u8]) {
    for (row, value) in values.iter_mut().enumerate() {
        if !is_set(bits, row) {
            *value = T::default();
        }
    }
}

fn split<T: Default>(values: impl IntoIterator<Item = Option<T>>) -> (Vec<T>, Vec<u8>) {
    let values = values.into_iter();
    let mut validity = Bitmap::with_capacity(values.size_hint().0);
    let values = values
        .map(|value| {
            validity.push(value.is_some());
            value.unwrap_or_default()
        })
        .collect();
    (values, validity.finish())
}

/// Makes a binary column, value by value.
#[derive(Debug, Default)]
pub struct BytesBuilder {
    offsets: Vec<u32>,
    bytes: Vec<u8>,
    validity: Bitmap,
}

impl BytesBuilder {
    /// Adds a row.
    pub fn push(&mut self, value: Option<&[u8]>) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.offsets.push(self.bytes.len() as u32);
        self.validity.push(value.is_some());
    }

    /// The column.
    #[must_use]
    pub fn finish(mut self) -> Column {
        let validity = std::mem::take(&mut self.validity).finish();
        Column { values: Values::Binary(self.values()), validity }
    }

    fn values(mut self) -> VariableValues {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        VariableValues { offsets: self.offsets, bytes: self.bytes }
    }
}

/// Makes a utf8 column, value by value.
#[derive(Debug, Default)]
pub struct StrBuilder(BytesBuilder);

impl StrBuilder {
    /// Adds a row.
    pub fn push(&mut self, value: Option<&str>) {
        self.0.push(value.map(str::as_bytes));
    }

    /// The column.
    #[must_use]
    pub fn finish(mut self) -> Column {
        let validity = std::mem::take(&mut self.0.validity).finish();
        Column { values: Values::Utf8(self.0.values()), validity }
    }
}
