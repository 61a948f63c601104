//! Subtracts the mean and divides by the standard deviation, in arithmetic that every SDK repeats.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::transform::{Description, Transform};
use refrain_sdk::{Batch, Column, Error, Field, Fold, Kind, Map, Result, Schema, Welford};

refrain_sdk::export!(transform, ZScore);

/// The plugin.
pub struct ZScore;

/// Which columns.
#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    columns: Vec<String>,
}

impl Transform for ZScore {
    type Params = Params;
    type Fit = Moments;
    type Map = Moments;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        if params.columns.is_empty() {
            return Err(Error::params("`columns` is empty: name the columns to scale"));
        }
        let reads = input.indices_of_kind(&params.columns, &[Kind::Float64])?;
        let computed = reads.iter().map(|&index| {
            let field = &input.fields[index as usize];
            Field::new(&field.name, Kind::Float64, field.nullable)
        });
        let computed = computed.collect();
        Ok(Description::fitted(reads).replacing(input, computed))
    }

    fn fit(_: &Params, input: &Schema, _: u64) -> Result<Moments> {
        Ok(Moments(vec![Welford::default(); input.len()]))
    }

    fn apply(_: &Params, input: &Schema, state: &[u8]) -> Result<Moments> {
        let moments = Welford::read_all(state)?;
        if moments.len() != input.len() {
            return Err(Error::failed("the state is of another number of columns"));
        }
        Ok(Moments(moments))
    }
}

/// Of each column read.
pub struct Moments(Vec<Welford>);

impl Fold for Moments {
    type Output = Vec<u8>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        for (moments, column) in self.0.iter_mut().zip(&rows.columns) {
            moments.update(column.f64s()?);
        }
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        Ok(self.0.iter().flat_map(Welford::to_bytes).collect())
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        for (moments, after) in self.0.iter_mut().zip(Welford::read_all(saved)?) {
            moments.merge(&after);
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.save()
    }
}

impl Map for Moments {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        let scale = |(column, moments): (&Column, &Welford)| {
            let (mean, sd) = (moments.mean, moments.deviation());
            Ok(Column::float64_opt(column.f64s()?.map(|x| x.map(|x| (x - mean) / sd))))
        };
        rows.columns.iter().zip(&self.0).map(scale).collect()
    }
}
