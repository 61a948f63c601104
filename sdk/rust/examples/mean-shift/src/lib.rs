//! How far the mean moved, in arithmetic that every SDK repeats.

use refrain_sdk::drift::{Description, Drift, DriftFold, Score, Verdict, Window};
use refrain_sdk::serde::Deserialize;
use refrain_sdk::{Batch, Error, Kind, Result, Schema, Welford};

refrain_sdk::export!(drift, MeanShift);

/// The plugin.
pub struct MeanShift;

/// Which columns, and how far is too far.
#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    columns: Vec<String>,
    #[serde(default = "threshold")]
    threshold: f64,
}

fn threshold() -> f64 {
    0.1
}

impl Drift for MeanShift {
    type Params = Params;
    type Fold = Windows;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        if params.columns.is_empty() {
            return Err(Error::params("`columns` is empty: name the columns to compare"));
        }
        let reads = input.indices_of_kind(&params.columns, &[Kind::Float64])?;
        Ok(Description { reads, mergeable: true })
    }

    fn start(params: &Params, input: &Schema) -> Result<Windows> {
        let names: Vec<String> = input.fields.iter().map(|field| field.name.clone()).collect();
        let moments = vec![Welford::default(); 2 * names.len()];
        Ok(Windows { names, threshold: params.threshold, moments })
    }
}

/// The moments of the reference window, column by column, then those of the current one.
pub struct Windows {
    names: Vec<String>,
    threshold: f64,
    moments: Vec<Welford>,
}

impl DriftFold for Windows {
    fn update(&mut self, window: Window, rows: Batch) -> Result<()> {
        let skip = if window == Window::Current { self.names.len() } else { 0 };
        for (moments, column) in self.moments[skip..].iter_mut().zip(&rows.columns) {
            moments.update(column.f64s()?);
        }
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        Ok(self.moments.iter().flat_map(Welford::to_bytes).collect())
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        for (moments, after) in self.moments.iter_mut().zip(Welford::read_all(saved)?) {
            moments.merge(&after);
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Score>> {
        let (reference, current) = self.moments.split_at(self.names.len());
        let pairs = self.names.into_iter().zip(reference.iter().zip(current));
        let score = |(column, (reference, current)): (String, (&Welford, &Welford))| {
            let value = (current.mean - reference.mean).abs() / reference.deviation();
            let has_drifted = value >= self.threshold;
            Score {
                column,
                measure: "mean_shift".to_owned(),
                value: Some(value),
                p_value: None,
                threshold: self.threshold,
                verdict: if has_drifted { Verdict::Drifted } else { Verdict::Stable },
                n_reference: reference.n,
                n_current: current.n,
            }
        };
        Ok(pairs.map(score).collect())
    }
}
