//! How long an evaluation takes natively, in parts as the host runs it.
//!
//! `cargo run --release -p classification --example classification_speed`
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::time::Instant;

use classification::Classification;
use refrain_sdk::evaluator::Instance;
use refrain_sdk::rng::Rng;
use refrain_sdk::testing::Table;
use refrain_sdk::{Column, Result};

const PARAMS: &str =
    r#"{"label":"late","slices":["carrier","origin",{"column":"at","period":"month"}]}"#;

fn main() -> Result<()> {
    // November and December of nycflights13, and all of it.
    [54_000, 336_000].into_iter().try_for_each(measure)
}

fn table(n: usize) -> Table {
    let mut rng = Rng::new(7);
    let scores: Vec<f64> = (0..n).map(|_| rng.next_f64()).collect();
    let labels: Vec<bool> = scores.iter().map(|score| rng.next_f64() < *score).collect();
    let carriers: Vec<String> = (0..n).map(|_| format!("C{}", rng.below(16))).collect();
    let origins: Vec<&str> = (0..n).map(|_| ["EWR", "JFK", "LGA"][rng.below(3)]).collect();
    let month = |row: usize| (row * 12 / n) as i64 * 31 * 86_400_000_000;
    Table::new(vec![
        ("late", Column::boolean(labels)),
        ("score", Column::float64(scores)),
        ("carrier", Column::utf8(carriers)),
        ("origin", Column::utf8(origins)),
        ("at", Column::timestamp_us((0..n).map(month).collect())),
    ])
}

fn measure(n: usize) -> Result<()> {
    let table = table(n);
    let start = || {
        let mut fold = Instance::<Classification>::default();
        fold.start(PARAMS, &table.schema).map(|()| fold)
    };
    let batches = table.batches(32_768);
    let begun = Instant::now();
    let mut saved = Vec::new();
    for batch in batches {
        let mut part = start()?;
        part.update(batch)?;
        saved.push(part.save()?);
    }
    let folded = begun.elapsed();
    let mut whole = start()?;
    for part in &saved {
        whole.merge(part)?;
    }
    let merged = begun.elapsed();
    let n_metrics = whole.finish()?.len();
    let bytes: usize = saved.iter().map(Vec::len).sum();
    println!(
        "{n} rows: update and save {folded:?}, merge {:?}, finish {:?}; {:.2} bytes a row, \
         {n_metrics} metrics",
        merged - folded,
        begun.elapsed() - merged,
        bytes as f64 / n as f64,
    );
    Ok(())
}
