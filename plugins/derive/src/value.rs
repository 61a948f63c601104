//! Columns during evaluation: borrowed where nothing changed, one row where all rows are equal.

use std::borrow::Cow;

use refrain_sdk::{Column, Error, Result, StrBuilder, Values};

/// A column, or a constant of one row that stands for every row.
///
/// A function computes all slots, nulls too (they hold 0); [`Value::of`] takes the nulls of its
/// arguments out of what it computed.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    pub column: Cow<'a, Column>,
    pub is_constant: bool,
}

impl Value<'_> {
    /// What was computed from `arguments` row by row: null where one of them is.
    pub fn of(column: Column, arguments: &[&Self]) -> Value<'static> {
        let is_constant = arguments.iter().all(|argument| argument.is_constant);
        let n_rows = len(&column);
        let mut column = column;
        for argument in arguments {
            if argument.is_constant && !is_constant {
                if argument.is_null_constant() {
                    column = column.mask(&vec![0; n_rows.div_ceil(8)]);
                }
            } else {
                column = column.mask(&argument.column.validity);
            }
        }
        Value { column: Cow::Owned(column), is_constant }
    }

    pub fn len(&self) -> usize {
        len(&self.column)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_null_constant(&self) -> bool {
        self.is_constant && !self.column.is_valid(0)
    }

    pub fn is_valid(&self, row: usize) -> bool {
        self.column.is_valid(if self.is_constant { 0 } else { row })
    }

    /// `function` of both, slot by slot.
    pub fn zip<T: Copy, U>(
        &self,
        other: &Self,
        slots: impl Fn(&Column) -> Result<&[T]>,
        function: impl Fn(T, T) -> U,
    ) -> Result<Vec<U>> {
        let (left, right) = (slots(&self.column)?, slots(&other.column)?);
        Ok(match (self.is_constant, other.is_constant) {
            (true, false) => right.iter().map(|&right| function(left[0], right)).collect(),
            (false, true) => left.iter().map(|&left| function(left, right[0])).collect(),
            _ => left.iter().zip(right).map(|(&left, &right)| function(left, right)).collect(),
        })
    }

    /// The text of each row.
    pub fn texts(&self) -> Result<Texts<'_>> {
        let texts: Vec<&str> = self.column.strs()?.map(Option::unwrap_or_default).collect();
        Ok(Texts { texts, step: usize::from(!self.is_constant) })
    }

    /// One value a row, and a bitmap only where a value is missing.
    pub fn broadcast(self, n_rows: usize) -> Column {
        if !self.is_constant {
            let mut column = self.column.into_owned();
            if column.null_count(n_rows) == 0 {
                column.validity.clear();
            }
            return column;
        }
        let column = self.column;
        let values = match &column.values {
            Values::Boolean(values) => Values::Boolean(vec![values[0]; n_rows]),
            Values::Int64(values) => Values::Int64(vec![values[0]; n_rows]),
            Values::TimestampUs(values) => Values::TimestampUs(vec![values[0]; n_rows]),
            Values::Float64(values) => Values::Float64(vec![values[0]; n_rows]),
            other => {
                let Values::Utf8(text) = other else { return column.into_owned() };
                let text = String::from_utf8_lossy(&text.bytes);
                Column::utf8((0..n_rows).map(|_| &text)).values
            }
        };
        let validity = if column.is_valid(0) { Vec::new() } else { vec![0; n_rows.div_ceil(8)] };
        Column { values, validity }
    }
}

/// See [`Value::texts`].
pub struct Texts<'a> {
    texts: Vec<&'a str>,
    step: usize,
}

impl Texts<'_> {
    pub fn get(&self, row: usize) -> &str {
        self.texts[row * self.step]
    }
}

fn len(column: &Column) -> usize {
    match &column.values {
        Values::Boolean(values) => values.len(),
        Values::Int64(values) | Values::TimestampUs(values) => values.len(),
        Values::Float64(values) => values.len(),
        Values::Utf8(values) | Values::Binary(values) => values.len(),
        Values::Vector(values) => values.len(),
    }
}

pub fn map_float(value: &Value<'_>, function: impl Fn(f64) -> f64) -> Result<Column> {
    Ok(Column::float64(value.column.as_f64()?.iter().map(|&x| function(x)).collect()))
}

pub fn map_text(value: &Value<'_>, function: impl Fn(&str) -> String) -> Result<Column> {
    let mut builder = StrBuilder::default();
    for text in value.column.strs()? {
        builder.push(text.map(&function).as_deref());
    }
    Ok(builder.finish())
}

/// An integer that left 64 bits.
pub fn overflow() -> Error {
    Error::input("an integer grows beyond 64 bits; compute with float(…)")
}
