//! Filling rows.

use refrain_sdk::{Batch, Column, Error, Map, Result, Schema, StrBuilder, Values};

use crate::fill::Fill;
use crate::params::Strategy;

/// What each column is filled with.
pub struct Filling {
    fills: Vec<Fill>,
    add_indicator: bool,
}

impl Filling {
    /// Fills the columns of `input` with `fills`.
    ///
    /// # Errors
    /// [`Error::Failed`] if the fills are of other columns.
    pub fn new(
        fills: Vec<Fill>,
        input: &Schema,
        strategy: Strategy,
        add_indicator: bool,
    ) -> Result<Self> {
        if fills.len() != input.len() {
            return Err(Error::failed(format!(
                "the state is of {} columns, and {} are to be filled: fit again",
                fills.len(),
                input.len()
            )));
        }
        for (fill, field) in fills.iter().zip(&input.fields) {
            if fill.kind() != strategy.gives(field.kind) {
                return Err(Error::failed(format!(
                    "column `{}` is {}, and the state fills {}: fit again",
                    field.name,
                    field.kind.name(),
                    fill.kind().name()
                )));
            }
        }
        Ok(Self { fills, add_indicator })
    }
}

impl Map for Filling {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        let n_rows = rows.n_rows();
        let indicators: Vec<Column> = match self.add_indicator {
            true => rows.columns.iter().map(|column| indicator(column, n_rows)).collect(),
            false => Vec::new(),
        };
        let filled = rows.columns.into_iter().zip(&self.fills).map(|(column, f)| fill(column, f));
        let mut columns = filled.collect::<Result<Vec<_>>>()?;
        columns.extend(indicators);
        Ok(columns)
    }
}

fn indicator(column: &Column, n_rows: usize) -> Column {
    let valid = column.valid_rows(n_rows);
    match &column.values {
        Values::Float64(numbers) => {
            Column::boolean(valid.zip(numbers).map(|(valid, number)| !valid || number.is_nan()))
        }
        _ => Column::boolean(valid.map(|valid| !valid)),
    }
}

/// The column without what is missing.
fn fill(column: Column, fill: &Fill) -> Result<Column> {
    let Column { values, validity } = column;
    match (values, fill) {
        (values @ (Values::Float64(_) | Values::Int64(_)), Fill::Float(fill)) => {
            let (mut numbers, validity) = Column { values, validity }.into_numbers()?;
            fill_slots(&mut numbers, &validity, *fill);
            for number in &mut numbers {
                *number = if number.is_nan() { *fill } else { *number };
            }
            Ok(Column::float64(numbers))
        }
        (Values::Int64(mut ints), Fill::Int(fill)) => {
            fill_slots(&mut ints, &validity, *fill);
            Ok(Column::int64(ints))
        }
        (Values::Boolean(mut bytes), Fill::Boolean(fill)) => {
            fill_slots(&mut bytes, &validity, u8::from(*fill));
            Ok(Column::new(Values::Boolean(bytes)))
        }
        (Values::Utf8(texts), Fill::Text(_)) if validity.is_empty() => {
            Ok(Column::new(Values::Utf8(texts)))
        }
        (Values::Utf8(texts), Fill::Text(fill)) => {
            let column = Column { values: Values::Utf8(texts), validity };
            let mut filled = StrBuilder::default();
            column.strs()?.for_each(|text| filled.push(Some(text.unwrap_or(fill))));
            Ok(filled.finish())
        }
        (values, fill) => Err(Error::input(format!(
            "a {} column came where {} is filled in",
            values.kind().name(),
            fill.kind().name()
        ))),
    }
}

/// Writes `fill` to the slots whose bit in `validity` is 0.
fn fill_slots<T: Copy>(slots: &mut [T], validity: &[u8], fill: T) {
    for (slots, bits) in slots.chunks_mut(8).zip(validity) {
        if *bits == u8::MAX {
            continue;
        }
        for (bit, slot) in slots.iter_mut().enumerate() {
            if bits >> bit & 1 == 0 {
                *slot = fill;
            }
        }
    }
}
