//! Subtracts the mean and divides by the standard deviation, column by column.
//!
//! Invariant: as scikit-learn's `StandardScaler`: population standard deviation, NaN is passed
//! over, and a column that does not vary is divided by 1.

use refrain_sdk::kernels::Moments;
use refrain_sdk::serde::Deserialize;
use refrain_sdk::transform::{Description, Transform};
use refrain_sdk::{Batch, Column, Error, Field, Fold, Kind, Map, Result, Schema, state};

refrain_sdk::export!(transform, Standardize);

/// The plugin.
pub struct Standardize;

/// Which columns, and what to do to them.
#[derive(Debug, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    columns: Vec<String>,
    #[serde(default = "yes")]
    with_mean: bool,
    #[serde(default = "yes")]
    with_std: bool,
}

fn yes() -> bool {
    true
}

impl Transform for Standardize {
    type Params = Params;
    type Fit = Fit;
    type Map = Scale;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = input.indices_of_kind(&params.columns, Kind::NUMERIC)?;
        if reads.is_empty() {
            return Err(Error::params("`columns` is empty: name the columns to standardize"));
        }
        let computed = reads.iter().map(|&index| {
            let field = &input.fields[index as usize];
            Field::new(&field.name, Kind::Float64, field.nullable)
        });
        let computed = computed.collect();
        Ok(Description::fitted(reads).replacing(input, computed))
    }

    fn fit(_: &Params, input: &Schema, _: u64) -> Result<Fit> {
        let names = input.fields.iter().map(|field| field.name.clone()).collect();
        Ok(Fit { names, moments: vec![Moments::default(); input.len()] })
    }

    fn apply(params: &Params, input: &Schema, state: &[u8]) -> Result<Scale> {
        let moments: Vec<Moments> = state::decode(state)?;
        if moments.len() != input.len() {
            return Err(Error::failed("the state is of another number of columns"));
        }
        let scale = |moments: &Moments| {
            let mean = if params.with_mean { moments.mean } else { 0.0 };
            let std = if params.with_std { standard_deviation(moments) } else { 1.0 };
            (mean, std)
        };
        Ok(Scale { columns: moments.iter().map(scale).collect() })
    }
}

/// Population standard deviation, or 1 for a column that does not vary.
///
/// Source: the error bound of Chan, Golub & LeVeque (1983), as scikit-learn applies it.
fn standard_deviation(moments: &Moments) -> f64 {
    let Some(variance) = moments.variance() else { return 1.0 };
    let n = moments.n as f64;
    let rounding = n * f64::EPSILON * moments.mean;
    let bound = n * f64::EPSILON * variance + rounding * rounding;
    if variance <= bound { 1.0 } else { variance.sqrt() }
}

/// Moments so far, one a column.
pub struct Fit {
    names: Vec<String>,
    moments: Vec<Moments>,
}

impl Fold for Fit {
    type Output = Vec<u8>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        for ((moments, column), name) in self.moments.iter_mut().zip(&rows.columns).zip(&self.names)
        {
            let mut numbers = column.valid_numbers()?;
            if numbers.iter().any(|x| !x.is_finite()) {
                if numbers.iter().any(|x| x.is_infinite()) {
                    return Err(Error::input(format!("column `{name}` holds an infinity")));
                }
                numbers.to_mut().retain(|x| !x.is_nan());
            }
            *moments = moments.merge(Moments::of(&numbers));
        }
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&self.moments)
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let saved: Vec<Moments> = state::decode(saved)?;
        for (moments, saved) in self.moments.iter_mut().zip(saved) {
            *moments = moments.merge(saved);
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.save()
    }
}

/// Mean and divisor of each column.
pub struct Scale {
    columns: Vec<(f64, f64)>,
}

impl Map for Scale {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        let scale = |(column, &(mean, std)): (Column, &(f64, f64))| {
            let (mut numbers, validity) = column.into_numbers()?;
            for number in &mut numbers {
                *number = (*number - mean) / std;
            }
            Ok(Column::float64(numbers).mask(&validity))
        };
        rows.columns.into_iter().zip(&self.columns).map(scale).collect()
    }
}

#[cfg(test)]
mod tests;
