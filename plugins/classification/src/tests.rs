use super::*;
use refrain_sdk::serde::Deserialize;
use refrain_sdk::testing::{Table, evaluate_in_parts};
use refrain_sdk::{Column, Error};
use std::collections::BTreeMap;

const GOLDEN: &str = include_str!("../golden/golden.json");

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Case {
    name: String,
    params: serde_json::Value,
    score: Vec<f64>,
    label: Vec<i64>,
    carrier: Vec<String>,
    /// By carrier, and by metric.
    metrics: BTreeMap<String, BTreeMap<String, Option<f64>>>,
    bins: Option<Vec<Bin>>,
}

/// Mean score, positive share, rows.
type Bin = (Option<f64>, Option<f64>, u64);

impl Case {
    fn table(&self) -> Table {
        Table::new(vec![
            ("carrier", Column::utf8(&self.carrier)),
            ("late", Column::int64(self.label.clone())),
            ("score", Column::float64(self.score.clone())),
        ])
    }
}

fn golden() -> Vec<Case> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn evaluate(params: &str, table: &Table, n_rows: usize) -> Result<Vec<Metric>> {
    evaluate_in_parts::<Classification>(params, table, n_rows)
}

fn find<'m>(metrics: &'m [Metric], name: &str, slice: &str, part: &str) -> Option<&'m Metric> {
    let tag = |tags: &[refrain_sdk::evaluator::Tag]| {
        tags.first().map_or(String::new(), |tag| tag.value.clone())
    };
    metrics.iter().find(|m| m.name == name && tag(&m.slice) == slice && tag(&m.part) == part)
}

#[track_caller]
fn close(what: &str, found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            let off = (found - expected).abs();
            assert!(off <= 1e-12 * expected.abs().max(1.0), "{what}: {found} {expected}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

#[test]
fn agrees_with_scikit_learn() {
    for case in golden() {
        let metrics = evaluate(&case.params.to_string(), &case.table(), usize::MAX).unwrap();
        let mut n_compared = 0;
        for (slice, values) in &case.metrics {
            for (name, expected) in values {
                let what = format!("{} {slice} {name}", case.name);
                let metric = find(&metrics, name, slice, "").expect(&what);
                close(&what, metric.value, *expected);
                n_compared += 1;
            }
        }
        let is_part = |metric: &&Metric| !metric.part.is_empty();
        assert_eq!(n_compared, metrics.len() - metrics.iter().filter(is_part).count());
        for (bin, (score, share, n)) in case.bins.iter().flatten().enumerate() {
            let bin = bin.to_string();
            let found = |name| find(&metrics, name, "", &bin).unwrap();
            close("mean score", found("reliability_mean_score").value, *score);
            close("share", found("reliability_positive_share").value, *share);
            assert_eq!(found("reliability_n").value, Some(*n as f64));
            assert_eq!(found("reliability_n").n_rows, *n);
        }
    }
}

#[test]
fn parts_merged_in_order_are_the_fold_bit_for_bit() {
    let case = &golden()[1];
    let params = case.params.to_string();
    let whole = format!("{:?}", evaluate(&params, &case.table(), usize::MAX).unwrap());
    // One row, around a byte of labels, around all of them.
    for n_rows in [1, 7, 8, 9, 699, 700] {
        let parts = evaluate(&params, &case.table(), n_rows).unwrap();
        assert_eq!(format!("{parts:?}"), whole, "{n_rows}");
    }
    let start = || {
        let mut fold = refrain_sdk::evaluator::Instance::<Classification>::default();
        let reads = [0, 1, 2];
        fold.start(&params, &case.table().select(&reads).schema).unwrap();
        fold
    };
    // A fresh fold that merges is the fold that was saved; one without rows adds nothing.
    let (mut once, mut again) = (start(), start());
    once.update(case.table().rows).unwrap();
    let saved = once.save().unwrap();
    again.merge(&saved).unwrap();
    again.merge(&start().save().unwrap()).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    let bytes_per_row = saved.len() as f64 / 700.0;
    assert!(bytes_per_row < 9.2, "{bytes_per_row}");
    assert!(again.merge(&saved[1..]).is_err());
}

fn small(label: Column, score: Column) -> Table {
    Table::new(vec![("late", label), ("score", score)])
}

#[test]
fn what_the_rows_do_not_define_is_none() {
    let params = r#"{"label":"late"}"#;
    let none = small(Column::boolean([]), Column::float64(vec![]));
    let metrics = evaluate(params, &none, 1).unwrap();
    for metric in &metrics {
        let is_count = ["outcomes", "reliability_n"].contains(&metric.name.as_str());
        assert_eq!(metric.value, is_count.then_some(0.0), "{}", metric.name);
        assert_eq!(metric.n_rows, 0);
    }
    let one_class = small(Column::boolean([false, false]), Column::float64(vec![0.1, 0.4]));
    let metrics = evaluate(params, &one_class, 9).unwrap();
    for name in ["roc_auc", "average_precision", "balanced_accuracy", "precision", "recall", "f1"] {
        assert_eq!(find(&metrics, name, "", "").unwrap().value, None, "{name}");
    }
    close("accuracy", find(&metrics, "accuracy", "", "").unwrap().value, Some(1.0));
    close("brier", find(&metrics, "brier_score", "", "").unwrap().value, Some(0.085));
    assert!(find(&metrics, "cost", "", "").is_none());
}

#[test]
fn thin_slices_are_left_out_and_all_rows_never() {
    let case = &golden()[0];
    let mut params = case.params.clone();
    params["min_slice_rows"] = 100.into();
    let metrics = evaluate(&params.to_string(), &case.table(), 64).unwrap();
    assert!(find(&metrics, "roc_auc", "OO", "").is_none());
    assert!(find(&metrics, "roc_auc", "AA", "").is_some());
    params["min_slice_rows"] = 10_000.into();
    let metrics = evaluate(&params.to_string(), &case.table(), 64).unwrap();
    assert!(metrics.iter().all(|metric| metric.slice.is_empty()));
    assert_eq!(find(&metrics, "roc_auc", "", "").unwrap().n_rows, 700);
}

#[test]
fn reads_every_column_once_and_no_other() {
    let table = Table::new(vec![
        ("carrier", Column::utf8(["AA"])),
        ("distance", Column::int64(vec![1])),
        ("late", Column::boolean([true])),
        ("at", Column::timestamp_us(vec![0])),
        ("score", Column::float64(vec![0.5])),
    ]);
    let params = r#"{"label":"late","slices":["carrier",["carrier","late"],{"column":"at","period":"day"}]}"#;
    let description =
        refrain_sdk::evaluator::Instance::<Classification>::describe(params, &table.schema);
    assert_eq!(description.unwrap().reads, [0, 2, 3, 4]);
    let metrics = evaluate(params, &table, 9).unwrap();
    let tags = |metric: &Metric| {
        metric.slice.iter().map(|t| format!("{}={}", t.name, t.value)).collect::<Vec<_>>()
    };
    let mut slices: Vec<_> = metrics.iter().map(tags).collect();
    slices.dedup();
    let expected: [&[&str]; 4] =
        [&[], &["carrier=AA"], &["carrier=AA", "late=true"], &["at=1970-01-01"]];
    assert_eq!(slices, expected);
}

#[track_caller]
fn refuses(params: &str, table: &Table, expected: Error) {
    assert_eq!(evaluate(params, table, 2).unwrap_err(), expected);
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    let table = small(Column::boolean([true]), Column::float64(vec![0.5]));
    let refuses = |params, message| refuses(params, &table, Error::params(message));
    refuses(r#"{"label":"score"}"#, "`label` and `score` are the same column");
    refuses(
        r#"{"label":"late","score":"scores"}"#,
        "parameter `score`: no column `scores` in the input; did you mean `score`?",
    );
    refuses(
        r#"{"label":"score","score":"late"}"#,
        "parameter `score`: column `late` is boolean, and must be float64",
    );
    refuses(r#"{"label":"late","bins":0}"#, "`bins` is 0, and must be 1 to 1000");
    refuses(
        r#"{"label":"late","treshold":1}"#,
        "unknown parameter `treshold`; did you mean `threshold`?",
    );
    refuses(
        r#"{"label":"late","cost":{"false":1}}"#,
        "parameter `cost.false`: unknown field `false`, expected one of `true_positive`, \
         `false_positive`, `true_negative`, `false_negative`",
    );
    refuses(
        r#"{"label":"late","slices":["score"]}"#,
        "parameter `slices[0]`: column `score` is float64; slices go by utf8, boolean, int64, or a \
         timestamp-us with a `period`: derive such a column first",
    );
}

#[test]
fn names_column_and_row_of_what_cannot_be_evaluated() {
    let params = r#"{"label":"late"}"#;
    let scores = || Column::float64(vec![0.5; 3]);
    let refuses = |label, score, message: &str| {
        let fold = evaluate(params, &small(label, score), usize::MAX);
        assert_eq!(fold.unwrap_err(), Error::input(message));
    };
    refuses(
        Column::int64(vec![0, 1, 2]),
        scores(),
        "label `late` in row 2 of its chunk is 2, and must be 0 or 1",
    );
    refuses(
        Column::float64(vec![0.0, f64::NAN, 1.0]),
        scores(),
        "label `late` in row 1 of its chunk is NaN, and must be 0 or 1",
    );
    refuses(
        Column::boolean_opt([Some(true), None, None]),
        scores(),
        "label `late` in row 1 of its chunk has no value: filter such rows out before they are \
         evaluated",
    );
    refuses(
        Column::boolean([true; 3]),
        Column::float64(vec![0.5, f64::INFINITY, 0.5]),
        "score `score` in row 1 of its chunk is inf, and must be a finite number: look at the \
         model that gave it",
    );
}

#[test]
fn the_schema_names_every_parameter_and_its_default() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../params.schema.json")).unwrap();
    let mut params = serde_json::Map::new();
    for (name, property) in schema["properties"].as_object().unwrap() {
        params.insert(name.clone(), property["default"].clone());
    }
    params["label"] = "late".into();
    let table = small(Column::boolean([true, false]), Column::float64(vec![0.7, 0.5]));
    let params = serde_json::Value::Object(params).to_string();
    let by_default = evaluate(r#"{"label":"late"}"#, &table, 9).unwrap();
    assert_eq!(evaluate(&params, &table, 9).unwrap(), by_default);
}
