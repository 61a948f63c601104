use super::*;
use refrain_sdk::evaluator::Instance;
use refrain_sdk::testing::{Table, evaluate_in_parts};
use refrain_sdk::{Column, serde_json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Golden {
    alphas: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
struct Case {
    name: String,
    label: Vec<f64>,
    prediction: Vec<f64>,
    hour: Vec<i64>,
    /// By hour, and by metric.
    metrics: BTreeMap<String, BTreeMap<String, Option<f64>>>,
    pinball: Vec<f64>,
}

impl Case {
    fn table(&self) -> Table {
        Table::new(vec![
            ("hour", Column::int64(self.hour.clone())),
            ("delay", Column::float64(self.label.clone())),
            ("prediction", Column::float64(self.prediction.clone())),
        ])
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

const PARAMS: &str = r#"{"label":"delay","alphas":[0.1,0.5,0.9],"slices":["hour"]}"#;

fn evaluate(params: &str, table: &Table, n_rows: usize) -> Result<Vec<Metric>> {
    evaluate_in_parts::<Regression>(params, table, n_rows)
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
    let golden = golden();
    for case in golden.cases {
        let metrics = evaluate(PARAMS, &case.table(), usize::MAX).unwrap();
        let mut n_compared = 0;
        for (slice, values) in &case.metrics {
            for (name, expected) in values {
                let what = format!("{} {slice} {name}", case.name);
                close(&what, find(&metrics, name, slice, "").expect(&what).value, *expected);
                n_compared += 1;
            }
        }
        for (alpha, expected) in golden.alphas.iter().zip(&case.pinball) {
            let found = find(&metrics, "mean_pinball_loss", "", &alpha.to_string()).unwrap();
            close("pinball", found.value, Some(*expected));
            n_compared += 1;
        }
        assert_eq!(n_compared, metrics.len());
    }
}

#[test]
fn parts_merged_in_order_are_the_fold_bit_for_bit() {
    let table = golden().cases[0].table();
    let whole = format!("{:?}", evaluate(PARAMS, &table, usize::MAX).unwrap());
    for n_rows in [1, 7, 250, 500, 501] {
        let parts = evaluate(PARAMS, &table, n_rows).unwrap();
        assert_eq!(format!("{parts:?}"), whole, "{n_rows}");
    }
    let start = || {
        let mut fold = Instance::<Regression>::default();
        fold.start(PARAMS, &table.schema).unwrap();
        fold
    };
    // A fresh fold that merges is the fold that was saved; one without rows adds nothing.
    let (mut once, mut again) = (start(), start());
    once.update(table.rows.clone()).unwrap();
    let saved = once.save().unwrap();
    again.merge(&saved).unwrap();
    again.merge(&start().save().unwrap()).unwrap();
    assert_eq!(again.save().unwrap(), saved);
    assert!(again.merge(&saved[1..]).is_err());
}

#[test]
fn what_the_rows_do_not_define_is_none() {
    let table = |labels: Vec<f64>, predictions| {
        Table::new(vec![
            ("delay", Column::float64(labels)),
            ("prediction", Column::float64(predictions)),
        ])
    };
    let params = r#"{"label":"delay","alphas":[0.5]}"#;
    let none = evaluate(params, &table(vec![], vec![]), 1).unwrap();
    assert_eq!(none.len(), 9);
    assert!(none.iter().all(|metric| metric.value.is_none() && metric.n_rows == 0));
    let constant = evaluate(params, &table(vec![0.0; 2], vec![1.0, -2.0]), 9).unwrap();
    let value = |name| find(&constant, name, "", "").unwrap().value;
    assert_eq!(value("r2_score"), None);
    assert_eq!(value("mean_absolute_percentage_error"), None);
    assert_eq!(value("mean_error"), Some(-0.5));
    assert_eq!(value("median_absolute_error"), Some(1.5));
    assert_eq!(value("mean_pinball_loss"), Some(0.75));
}

#[test]
fn thin_slices_are_left_out() {
    let params = r#"{"label":"delay","slices":["hour"],"min_slice_rows":100}"#;
    let metrics = evaluate(params, &golden().cases[0].table(), 64).unwrap();
    assert!(find(&metrics, "r2_score", "9", "").is_some());
    assert!(find(&metrics, "r2_score", "23", "").is_none());
    assert!(find(&metrics, "mean_pinball_loss", "", "").is_none());
}

#[test]
fn says_what_is_wrong() {
    let table = |labels: Column, predictions: Column| {
        Table::new(vec![("delay", labels), ("prediction", predictions)])
    };
    let fine = || Column::float64(vec![1.0, 2.0]);
    let refuses = |params: &str, table: &Table, expected| {
        assert_eq!(evaluate(params, table, 1000).unwrap_err(), expected);
    };
    let with = |params, message| refuses(params, &table(fine(), fine()), Error::params(message));
    with(
        r#"{"label":"dely"}"#,
        "parameter `label`: no column `dely` in the input; did you mean `delay`?",
    );
    with(r#"{"label":"prediction"}"#, "`label` and `prediction` are the same column");
    with(
        r#"{"label":"delay","alphas":[0.5,1]}"#,
        "parameter `alphas[1]` is 1, and must be between 0 and 1, and stand once",
    );
    let params = r#"{"label":"delay"}"#;
    refuses(
        params,
        &table(Column::int64_opt([Some(1), None]), fine()),
        Error::input(
            "label `delay` in row 1 of its chunk has no value: filter such rows out before they \
             are evaluated",
        ),
    );
    refuses(
        params,
        &table(fine(), Column::float64(vec![f64::NAN, 1.0])),
        Error::input(
            "prediction `prediction` in row 0 of its chunk is NaN, and must be a finite number",
        ),
    );
}

#[test]
fn the_schema_names_every_parameter_and_its_default() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../params.schema.json")).unwrap();
    let defaults = schema["properties"].as_object().unwrap().iter();
    let mut params: serde_json::Map<_, _> =
        defaults.map(|(name, property)| (name.clone(), property["default"].clone())).collect();
    params["label"] = "delay".into();
    let table = golden().cases[0].table();
    let found = evaluate(&serde_json::Value::Object(params).to_string(), &table, 64).unwrap();
    assert_eq!(found, evaluate(r#"{"label":"delay"}"#, &table, 64).unwrap());
}
