//! scikit-learn's Ridge, the laws of the fold, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{predict, predict_batch, train};
use linear_regression::LinearRegression;
use linear_regression::model::Model;
use refrain_sdk::testing::Table;
use refrain_sdk::trainer::Instance;
use refrain_sdk::{Column, Error, state};
use serde_json::Value;

type Trainer = LinearRegression;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn table(golden: &Value) -> Table {
    let rows = &golden["rows"];
    let floats = |name: &str| Column::float64(numbers(&rows[name]));
    let night = rows["night"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap());
    let carrier = numbers(&rows["carrier"]);
    let onehot = carrier.iter().flat_map(|c| (0..5).map(|k| f32::from(u8::from(*c as i32 == k))));
    let year = numbers(&rows["year"]).iter().map(|v| *v as i64).collect();
    Table::new(vec![
        ("x0", floats("x0")),
        ("x1", floats("x1")),
        ("year", Column::int64(year)),
        ("night", Column::boolean(night)),
    ])
    .with_vector("carrier", 5, Column::vector(onehot.collect()))
    .with_vector("delay", 0, floats("label"))
    .with_vector("weight", 0, floats("weight"))
}

fn params(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    let features = r#""features":["x0","x1","year","night","carrier"]"#;
    format!(r#"{{"label":"delay",{features}{comma}{more}}}"#)
}

fn largest_difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max)
}

#[test]
fn finds_what_scikit_learn_finds() {
    let golden = golden();
    let table = table(&golden);
    for case in golden["cases"].as_array().unwrap() {
        let more = case["params"].to_string();
        let params = params(&more[1..more.len() - 1]);
        let trained = train::<Trainer>(&params, &table, 100).unwrap();
        let model: Model = state::decode(&trained.model).unwrap();
        let name = &case["name"];
        if !case["coefficients"].is_null() {
            let off = largest_difference(&model.coefficients, &numbers(&case["coefficients"]));
            assert!(off < 1e-9, "{name}: {off:e}");
            let off = (model.intercept - case["intercept"].as_f64().unwrap()).abs();
            assert!(off < 1e-7, "{name}: {off:e}");
        }
        let columns = predict::<Trainer>(&params, &table, &trained.model).unwrap();
        let predictions = numbers(&case["predictions"]);
        let off = largest_difference(&columns[0].as_f64().unwrap()[..20], &predictions);
        assert!(off < 1e-9, "{name}: {off:e}");
        let dropped = if name == "no_penalty" { 1.0 } else { 0.0 };
        assert_eq!(trained.measure("columns_dropped"), dropped, "{name}");
        // Without an intercept the mean is not the last column's, and `r2` is still about it.
        assert!((trained.measure("r2") - case["r2"].as_f64().unwrap()).abs() < 1e-9, "{name}");
    }
}

#[test]
fn parts_merged_in_order_are_the_fold_bit_for_bit() {
    let table = table(&golden());
    let params = params(r#""weight":"weight""#);
    let reads = Instance::<Trainer>::describe(&params, &table.schema).unwrap().training_reads;
    let read = table.select(&reads);
    let start = || {
        let mut pass = Instance::<Trainer>::default();
        pass.pass_start(&params, &read.schema, 0, &[]).unwrap();
        pass
    };
    // One row, around the block of 128, all.
    for n_rows in [1, 3, 127, 128, 129, 240] {
        let (mut whole, mut merged) = (start(), start());
        for batch in read.batches(n_rows) {
            whole.pass_update(batch.clone()).unwrap();
            let mut part = start();
            part.pass_update(batch).unwrap();
            merged.pass_merge(&part.pass_save().unwrap()).unwrap();
        }
        // A part without rows, anywhere, changes nothing.
        merged.pass_merge(&start().pass_save().unwrap()).unwrap();
        assert_eq!(whole.pass_save().unwrap(), merged.pass_save().unwrap());
        assert_eq!(whole.pass_finish().unwrap().state, merged.pass_finish().unwrap().state);
    }
    assert_eq!(start().pass_finish().unwrap_err(), Error::input("there are no rows to train on"));
}

#[test]
fn large_means_cost_no_digits() {
    let x: Vec<f64> = (0..500).map(|i| 1e9 + f64::from(i * 37 % 101)).collect();
    let y = x.iter().map(|x| 0.25 * (x - 1e9) + 3.0).collect();
    let table = Table::new(vec![("x", Column::float64(x)), ("y", Column::float64(y))]);
    let trained = train::<Trainer>(r#"{"label":"y","alpha":0}"#, &table, 60).unwrap();
    let model: Model = state::decode(&trained.model).unwrap();
    assert!((model.coefficients[0] - 0.25).abs() < 1e-12, "{:?}", model.coefficients);
}

#[test]
fn a_constant_or_repeated_column_gets_no_coefficient() {
    let x = || Column::float64((0..50).map(f64::from).collect());
    let table = Table::new(vec![
        ("constant", Column::int64(vec![4; 50])),
        ("x", x()),
        ("again", x()),
        ("y", Column::float64((0..50).map(|i| 2.0 * f64::from(i) - 1.0).collect())),
    ]);
    let trained = train::<Trainer>(r#"{"label":"y","alpha":0}"#, &table, 50).unwrap();
    let model: Model = state::decode(&trained.model).unwrap();
    assert!(largest_difference(&model.coefficients, &[0.0, 2.0, 0.0]) < 1e-12);
    assert!((model.intercept + 1.0).abs() < 1e-10);
    assert_eq!(trained.measure("columns_dropped"), 2.0);
}

#[test]
fn a_prediction_depends_on_its_row_alone() {
    let table = table(&golden());
    let trained = train::<Trainer>(&params(""), &table, 240).unwrap();
    let reads = Instance::<Trainer>::describe(&params(""), &table.schema).unwrap().prediction_reads;
    let read = table.select(&reads);
    let predict = |batch| predict_batch::<Trainer>(&read, &trained.model, batch).unwrap();
    let at_once = predict(read.rows.clone());
    let batches = read.batches(1).into_iter();
    let one_by_one: Vec<f64> = batches.map(|b| predict(b)[0].as_f64().unwrap()[0]).collect();
    assert_eq!(at_once[0].as_f64().unwrap(), one_by_one);
}

#[test]
fn what_is_wrong_is_named() {
    let refusal = |params: &str, columns: Vec<(&str, Column)>| {
        let trained = train::<Trainer>(params, &Table::new(columns), 1000);
        trained.err().map(|error| error.message().to_owned()).unwrap()
    };
    let x = || ("x", Column::float64(vec![1.0, 2.0]));
    let y = || ("y", Column::float64(vec![1.0, 2.0]));
    assert_eq!(
        refusal(r#"{"label":"y","alpha":-1}"#, vec![x(), y()]),
        "parameter `alpha` must be a number of at least 0, not -1"
    );
    assert_eq!(
        refusal(r#"{"label":"y","features":["x","y"]}"#, vec![x(), y()]),
        "`y` is the label: drop it from `features`"
    );
    assert_eq!(
        refusal(r#"{"label":"y"}"#, vec![x(), ("y", Column::float64(vec![0.0, f64::NAN]))]),
        "label `y` is NaN or infinite in row 1 of its chunk: filter such rows out"
    );
    assert_eq!(
        refusal(r#"{"label":"y"}"#, vec![("x", Column::int64_opt([None, Some(1)])), y()]),
        "column `x` has no value in row 0 of its chunk: fill it with impute first"
    );
    let weighed = vec![x(), y(), ("w", Column::float64(vec![0.0; 2]))];
    assert_eq!(
        refusal(r#"{"label":"y","weight":"w"}"#, weighed),
        "all rows weigh 0: there is nothing to train on"
    );
}
