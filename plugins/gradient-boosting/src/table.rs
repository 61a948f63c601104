//! Feature values as they come: kept for training, or looked at row by row for prediction.

use refrain_sdk::{Batch, Column, Error, Result, Schema, Values};

/// All values of the features, NaN where one is missing.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<Stored>,
}

/// One column. Vectors stay `f32`: half the memory, and exact as `f64`.
#[derive(Debug)]
enum Stored {
    Scalar(Vec<f64>),
    Vector { values: Vec<f32>, width: usize },
}

impl Table {
    /// No rows of the first `n_columns` columns of `input`.
    pub fn new(input: &Schema, n_columns: usize) -> Self {
        let columns = input.fields[..n_columns].iter().map(|field| match field.width {
            0 => Stored::Scalar(Vec::new()),
            width => Stored::Vector { values: Vec::new(), width: width as usize },
        });
        Self { columns: columns.collect() }
    }

    /// Takes in rows; columns beyond the first are left alone.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a column that holds no numbers.
    pub fn push(&mut self, rows: &Batch) -> Result<()> {
        for (stored, column) in self.columns.iter_mut().zip(&rows.columns) {
            match stored {
                Stored::Scalar(values) => values.extend_from_slice(&column.numbers_or(f64::NAN)?),
                Stored::Vector { values, width } => {
                    let start = values.len();
                    values.extend_from_slice(column.as_vector()?);
                    blank_nulls(column, *width, &mut values[start..]);
                }
            }
        }
        Ok(())
    }

    /// Hands each feature's values to `take`, a vector's one by one.
    pub fn for_each_feature(&self, mut take: impl FnMut(&[f64])) {
        for column in &self.columns {
            match column {
                Stored::Scalar(values) => take(values),
                Stored::Vector { values, width } => {
                    for place in 0..*width {
                        let feature = values.iter().skip(place).step_by(*width);
                        take(&feature.map(|v| f64::from(*v)).collect::<Vec<_>>());
                    }
                }
            }
        }
    }
}

fn blank_nulls(column: &Column, width: usize, values: &mut [f32]) {
    if column.has_nulls() {
        for (row, vector) in values.chunks_exact_mut(width).enumerate() {
            if !column.is_valid(row) {
                vector.fill(f32::NAN);
            }
        }
    }
}

/// Writes rows `from..to` to `out`, row after row of `width` numbers.
///
/// # Errors
/// [`Error::InvalidInput`] for a column that holds no numbers.
pub fn write_rows(
    rows: &Batch,
    from: usize,
    to: usize,
    width: usize,
    out: &mut [f64],
) -> Result<()> {
    let mut place = 0;
    for column in &rows.columns {
        let mut put = |row: usize, place: usize, value: f64| {
            let is_valid = column.is_valid(row);
            out[(row - from) * width + place] = if is_valid { value } else { f64::NAN };
        };
        match &column.values {
            Values::Boolean(v) => (from..to).for_each(|r| put(r, place, f64::from(v[r]))),
            Values::Int64(v) => (from..to).for_each(|r| put(r, place, v[r] as f64)),
            Values::Float64(v) => (from..to).for_each(|r| put(r, place, v[r])),
            Values::Vector(v) => {
                let n = v.len() / rows.n_rows().max(1);
                for row in from..to {
                    for k in 0..n {
                        put(row, place + k, f64::from(v[row * n + k]));
                    }
                }
                place += n - 1;
            }
            other => {
                return Err(Error::input(format!(
                    "a {} column is no feature",
                    other.kind().name()
                )));
            }
        }
        place += 1;
    }
    Ok(())
}
