//! How long drift takes natively, in parts as the host runs it.
//!
//! `cargo run --release -p distribution --example distribution_speed`
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::time::Instant;

use distribution::Distribution;
use refrain_sdk::drift::{Instance, Window};
use refrain_sdk::rng::Rng;
use refrain_sdk::testing::Table;
use refrain_sdk::{Column, Result};

fn main() -> Result<()> {
    // Columns as flights and weather have them, then the worst case: no number twice.
    measure("mixed", &mixed)?;
    measure("distinct", &distinct)
}

fn mixed(seed: u64, n: usize) -> Table {
    let mut rng = Rng::new(seed);
    let mut whole =
        |n_distinct: usize| Column::int64((0..n).map(|_| rng.below(n_distinct) as i64).collect());
    let columns = [("hour", 20), ("minute", 60), ("day", 31), ("month", 12), ("distance", 213)];
    let mut columns: Vec<_> = columns.map(|(name, n)| (name, whole(n))).into();
    let mut tenths = |n_distinct: usize| {
        Column::float64((0..n).map(|_| rng.below(n_distinct) as f64 / 100.0).collect())
    };
    columns.extend([("temp", tenths(170)), ("humid", tenths(2500)), ("wind", tenths(35))]);
    columns.push(("pressure", tenths(470)));
    columns.push(("noise", Column::float64((0..n).map(|_| rng.next_f64()).collect())));
    let mut text =
        |n_distinct: usize| Column::utf8((0..n).map(|_| rng.below(n_distinct).to_string()));
    columns.extend([("carrier", text(16)), ("tail", text(4000))]);
    Table::new(columns)
}

fn distinct(seed: u64, n: usize) -> Table {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let mut rng = Rng::new(seed);
    let mut column = || Column::float64((0..n).map(|_| rng.next_f64()).collect());
    Table::new(NAMES.map(|name| (name, column())).into())
}

fn measure(name: &str, make: &dyn Fn(u64, usize) -> Table) -> Result<()> {
    const N: usize = 300_000;
    let windows = [(Window::Reference, make(1, N)), (Window::Current, make(2, N))];
    let start = || {
        let mut fold = Instance::<Distribution>::default();
        fold.start("{}", &windows[0].1.schema).map(|()| fold)
    };
    let batches: Vec<_> = (windows.iter())
        .flat_map(|(window, table)| {
            table.batches(32_768).into_iter().map(move |batch| (*window, batch))
        })
        .collect();
    let begun = Instant::now();
    let mut saved = Vec::new();
    for (window, batch) in batches {
        let mut part = start()?;
        part.update(window, batch)?;
        saved.push(part.save()?);
    }
    let folded = begun.elapsed();
    let mut whole = start()?;
    for part in &saved {
        whole.merge(part)?;
    }
    let merged = begun.elapsed();
    let n_scores = whole.finish()?.len();
    let bytes: usize = saved.iter().map(Vec::len).sum();
    println!(
        "{name}, 2 x {N} rows, 12 columns: update and save {folded:?}, merge {:?}, finish {:?}; \
         {:.1} MB saved, {n_scores} scores",
        merged - folded,
        begun.elapsed() - merged,
        bytes as f64 / 1e6,
    );
    Ok(())
}
