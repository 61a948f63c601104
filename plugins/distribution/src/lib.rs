//! Measures column by column how far the current window is from the reference.
//!
//! A part counts distinct values; counts add up in any order. See `README.md` for measures and
//! defaults.
//!
//! Invariant: the scores depend on which values are in each window, never on their order or parts.

mod categories;
mod cells;
mod correction;
mod counts;
mod distance;
mod ks;
mod params;
mod score;
mod special;
mod window;

use refrain_sdk::drift::{Description, Drift, DriftFold, Score, Window};
use refrain_sdk::{Batch, Error, Kind, Result, Schema, state};

pub use params::{Correction, Measure, Params};
use score::score;
use window::{Saved, WindowState};

refrain_sdk::export!(drift, Distribution);

/// The plugin.
#[derive(Debug)]
pub struct Distribution;

/// Both windows so far.
#[derive(Debug)]
pub struct Windows {
    params: Params,
    input: Schema,
    reference: WindowState,
    current: WindowState,
}

/// What columns may hold.
const KINDS: &[Kind] = &[Kind::Float64, Kind::Int64, Kind::Boolean, Kind::Utf8];

fn reads(params: &Params, input: &Schema) -> Result<Vec<u32>> {
    let reads = match &params.columns {
        Some(columns) => input
            .indices_of_kind(columns, KINDS)
            .map_err(|error| error.context("parameter `columns`"))?,
        None => {
            let fields = input.fields.iter().zip(0..);
            let supported = fields.filter(|(field, _)| KINDS.contains(&field.kind));
            supported.map(|(_, index)| index).collect()
        }
    };
    if reads.is_empty() {
        return Err(Error::params(
            "there is no column to compare: `columns` has to name some that are float64, int64, \
             boolean or utf8",
        ));
    }
    Ok(reads)
}

impl Drift for Distribution {
    type Params = Params;
    type Fold = Windows;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let reads = reads(params, input)?;
        params.check(&input.select(&reads))?;
        Ok(Description { reads, mergeable: true })
    }

    fn start(params: &Params, input: &Schema) -> Result<Windows> {
        params.check(input)?;
        Ok(Windows {
            params: params.clone(),
            input: input.clone(),
            reference: WindowState::new(input),
            current: WindowState::new(input),
        })
    }
}

impl DriftFold for Windows {
    fn update(&mut self, window: Window, rows: Batch) -> Result<()> {
        rows.check(&self.input)?;
        match window {
            Window::Reference => self.reference.update(&rows, &self.input),
            Window::Current => self.current.update(&rows, &self.input),
        }
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::encode(&(self.reference.save(), self.current.save()))
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let (reference, current): (Saved, Saved) = state::decode(saved)?;
        self.reference.merge(reference)?;
        self.current.merge(current)
    }

    fn finish(self) -> Result<Vec<Score>> {
        let mut scores = Vec::new();
        for (index, field) in self.input.fields.iter().enumerate() {
            let (reference, current) =
                (&self.reference.columns[index], &self.current.columns[index]);
            scores.extend(score(&self.params, field, reference, current));
        }
        correction::judge(&self.params, &mut scores);
        Ok(scores.into_iter().map(|scored| scored.score).collect())
    }
}

#[cfg(test)]
mod tests;
