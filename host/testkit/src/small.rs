//! A dataset and pipelines that take a moment, for tests that are about something else.

use std::fmt::Write;

/// 600 hourly rows: `at, x, y, late`. `late` follows from `x` and `y`, with some noise.
pub fn rows_csv() -> String {
    hours_csv(0, 600)
}

/// Hourly rows from hour `first` of the year on, of the same make as [`rows_csv`]'s.
pub fn hours_csv(first: u32, n: u32) -> String {
    let mut csv = "at,x,y,late\n".to_owned();
    for hour in first..first + n {
        // A small generator of its own: the rows must never change with a crate's version.
        let mut bits = (u64::from(hour) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits ^= bits >> 27;
        let (x, y, noise) = (bits % 1000, (bits >> 20) % 1000, (bits >> 40) % 600);
        let late = x + y + noise > 1300;
        let (day, hour) = (hour / 24, hour % 24);
        // Months of 28 days will do.
        let (month, day) = (day / 28 + 1, day % 28 + 1);
        writeln!(csv, "2024-{month:02}-{day:02}T{hour:02}:00:00Z,{x},{y},{late}")
            .expect("a String takes it");
    }
    csv
}

/// Trains, judges and registers a model of the dataset `rows`, in five steps.
pub const PIPELINE: &str = "\
pipeline: small
inputs:
  rows: {dataset: rows, event_time: at}
steps:
  split: {split: {input: rows, by: time, holdout: 5d}}
  scaled: {plugin: standardize@^0.1, fit: split.train, apply: [split.train, split.holdout], params: {columns: [x, y]}}
  model: {plugin: logistic-regression@^0.1, input: scaled.train, params: {label: late, features: [x, y]}}
  report: {plugin: classification@^0.1, model: model, input: scaled.holdout, params: {label: late}}
gate:
  - {metric: roc_auc, lower_bound: 0.6}
register: {model: small, alias: champion}
";

/// The same with `n` other models besides, each of which takes a good part of a second to train: a
/// run that takes its time, and becomes durable bit by bit.
pub fn long_pipeline(n: usize) -> String {
    let mut steps = String::new();
    for model in 0..n {
        let params = format!(
            "{{label: late, objective: classification, features: [x, y], n_trees: 400, min_samples_leaf: 2, subsample: 0.9, seed: {model}}}"
        );
        writeln!(
            steps,
            "  other{model:03}: {{plugin: gradient-boosting@^0.1, input: scaled.train, params: {params}}}"
        )
        .expect("a String takes it");
    }
    PIPELINE
        .replace("pipeline: small", "pipeline: long")
        .replace("  report:", &format!("{steps}  report:"))
        .replace("{model: small,", "{model: small, step: model,")
}
