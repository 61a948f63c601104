//! A transform that subtracts the mean, and breaks the law of the contract that its parameter names.

use refrain_sdk::serde::Deserialize;
use refrain_sdk::transform::{Description, Transform};
use refrain_sdk::{Batch, Column, Field, Fold, Kind, Map, Result, Schema, state};

refrain_sdk::export!(transform, Lawbreaker);

/// The plugin.
pub struct Lawbreaker;

/// What to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "kebab-case")]
pub enum Law {
    /// Nothing.
    None,
    /// `describe` traps.
    Describe,
    /// What is saved is not what was seen.
    Save,
    /// Merging forgets what was there before.
    Merge,
    /// A row's value depends on the rows before it in its batch.
    Batches,
    /// No rows end in a trap.
    Empty,
    /// A null ends in a trap.
    Nulls,
    /// A number that is not finite ends in a trap.
    Extremes,
}

/// The one parameter.
#[derive(Debug, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Params {
    #[serde(rename = "break", default = "describe")]
    law: Law,
}

fn describe() -> Law {
    Law::Describe
}

impl Transform for Lawbreaker {
    type Params = Params;
    type Fit = Means;
    type Map = Means;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        assert!(params.law != Law::Describe, "breaking the law of parameters");
        let reads = input.indices_of_kind(&["x".to_owned()], &[Kind::Float64])?;
        let computed = vec![Field::new("x", Kind::Float64, true)];
        Ok(Description::fitted(reads).replacing(input, computed))
    }

    fn fit(params: &Params, _: &Schema, _: u64) -> Result<Means> {
        Ok(Means { law: params.law, n: 0, sum: 0.0 })
    }

    fn apply(params: &Params, _: &Schema, state: &[u8]) -> Result<Means> {
        let (n, sum) = state::decode(state)?;
        Ok(Means { law: params.law, n, sum })
    }
}

/// The mean so far.
pub struct Means {
    law: Law,
    n: u64,
    sum: f64,
}

impl Fold for Means {
    type Output = Vec<u8>;

    fn update(&mut self, rows: Batch) -> Result<()> {
        assert!(self.law != Law::Empty || rows.rows > 0, "breaking the law of empty batches");
        for x in rows.columns[0].f64s()? {
            assert!(self.law != Law::Nulls || x.is_some(), "breaking the law of nulls");
            let x = x.unwrap_or(0.0);
            assert!(self.law != Law::Extremes || x.is_finite(), "breaking the law of extremes");
            self.n += 1;
            self.sum += x;
        }
        Ok(())
    }

    fn save(&self) -> Result<Vec<u8>> {
        let sum = if self.law == Law::Save { self.sum / 2.0 } else { self.sum };
        state::encode(&(self.n, sum))
    }

    fn merge(&mut self, saved: &[u8]) -> Result<()> {
        let (n, sum): (u64, f64) = state::decode(saved)?;
        let is_kept = self.law != Law::Merge;
        self.n = if is_kept { self.n } else { 0 } + n;
        self.sum = if is_kept { self.sum } else { 0.0 } + sum;
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        state::encode(&(self.n, self.sum))
    }
}

impl Map for Means {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        let mean = if self.n == 0 { 0.0 } else { self.sum / self.n as f64 };
        let mut before = 0.0;
        let mut made = Vec::with_capacity(rows.rows as usize);
        for x in rows.columns[0].f64s()? {
            made.push(x.map(|x| x - mean + before));
            if self.law == Law::Batches {
                before += 1.0;
            }
        }
        Ok(vec![Column::float64_opt(made)])
    }
}
