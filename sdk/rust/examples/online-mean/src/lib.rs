//! Predicts the mean of the label, in arithmetic that every SDK repeats.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::trainer::{Description, Measure, PassEnd, Trainer};
use refrain_sdk::{Batch, Column, Error, Field, Fold, Kind, Map, Result, Schema, Welford};

refrain_sdk::export!(trainer, OnlineMean);

/// The plugin.
pub struct OnlineMean;

/// The label, and what the prediction is called.
#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    label: String,
    #[serde(default = "prediction")]
    prediction: String,
}

fn prediction() -> String {
    "prediction".to_owned()
}

impl Trainer for OnlineMean {
    type Params = Params;
    type Pass = Moments;
    type Model = Mean;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let label = input.index_of_kind(&params.label, &[Kind::Float64])? as u32;
        // A prediction needs no values, but a batch of one column says how many rows there are.
        let other = (0..input.len() as u32).find(|index| *index != label);
        let prediction = Field::new(&params.prediction, Kind::Float64, false);
        Ok(Description {
            training_reads: vec![label],
            prediction_reads: other.into_iter().collect(),
            prediction: Schema { fields: vec![prediction] },
            mergeable: true,
        })
    }

    fn pass(_: &Params, _: &Schema, _: u64, _: &[u8]) -> Result<Moments> {
        Ok(Moments(Welford::default()))
    }

    fn finish(_: &Params, _: &Schema, state: &[u8]) -> Result<Vec<u8>> {
        Ok(read(state)?.mean.to_le_bytes().to_vec())
    }

    fn model(_: &Schema, model: &[u8]) -> Result<Mean> {
        let bytes =
            model.try_into().map_err(|_| Error::failed("the model is of another length"))?;
        Ok(Mean(f64::from_le_bytes(bytes)))
    }
}

fn read(state: &[u8]) -> Result<Welford> {
    match Welford::read_all(state)?.as_slice() {
        [moments] => Ok(*moments),
        _ => Err(Error::failed("the state is of another length")),
    }
}

/// Of the label.
pub struct Moments(Welford);

impl Fold for Moments {
    type Output = PassEnd;

    fn update(&mut self, rows: Batch) -> Result<()> {
        self.0.update(rows.columns[0].f64s()?);
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        Ok(self.0.to_bytes().to_vec())
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        self.0.merge(&read(saved)?);
        Ok(())
    }

    fn finish(self) -> Result<PassEnd> {
        let measures = vec![Measure::new("mean", self.0.mean)];
        Ok(PassEnd { state: self.save()?, done: true, measures })
    }
}

/// The model.
pub struct Mean(f64);

impl Map for Mean {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        Ok(vec![Column::float64(vec![self.0; rows.rows as usize])])
    }
}
