//! scikit-learn's optimum, the laws of the fold, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../linear-regression/tests/common/mod.rs"]
mod common;

use common::{predict, predict_batch, train};
use logistic_regression::LogisticRegression;
use logistic_regression::model::Model;
use refrain_sdk::testing::Table;
use refrain_sdk::trainer::Instance;
use refrain_sdk::{Column, Error, state};
use serde_json::Value;

type Trainer = LogisticRegression;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn table(golden: &Value) -> Table {
    let rows = &golden["rows"];
    let floats = |name: &str| Column::float64(numbers(&rows[name]));
    let booleans = |name: &str| {
        Column::boolean(rows[name].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()))
    };
    let carrier = numbers(&rows["carrier"]);
    let onehot = carrier.iter().flat_map(|c| (0..6).map(|k| f32::from(u8::from(*c as i32 == k))));
    let embedding = rows["embedding"].as_array().unwrap().iter().flat_map(numbers);
    let distance = numbers(&rows["distance"]).iter().map(|v| *v as i64).collect();
    Table::new(vec![
        ("x0", floats("x0")),
        ("x1", floats("x1")),
        ("distance", Column::int64(distance)),
        ("night", booleans("night")),
    ])
    .with_vector("carrier", 6, Column::vector(onehot.collect()))
    .with_vector("embedding", 3, Column::vector(embedding.map(|v| v as f32).collect()))
    .with_vector("late", 0, booleans("label"))
    .with_vector("weight", 0, floats("weight"))
}

/// The features of the golden cases: without them the weight would be a feature, too.
const FEATURES: &str = r#""features":["x0","x1","distance","night","carrier","embedding"]"#;

fn params(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"label":"late",{FEATURES}{comma}{more}}}"#)
}

fn largest_difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max)
}

#[test]
fn finds_the_optimum_of_scikit_learn() {
    let golden = golden();
    let table = table(&golden);
    for case in golden["cases"].as_array().unwrap() {
        let more = case["params"].to_string();
        let params = params(&more[1..more.len() - 1]);
        let trained = train::<Trainer>(&params, &table, 100).unwrap();
        let model: Model = state::decode(&trained.model).unwrap();
        let columns = predict::<Trainer>(&params, &table, &trained.model).unwrap();
        let scores = columns[0].as_f64().unwrap();
        let off = largest_difference(&model.coefficients, &numbers(&case["coefficients"]));
        let off_intercept = (model.intercept - case["intercept"].as_f64().unwrap()).abs();
        let off_scores = largest_difference(&scores[..20], &numbers(&case["scores"]));
        let (name, n) = (&case["name"], trained.n_passes);
        assert!(off < 1e-7 && off_intercept < 1e-7 && off_scores < 1e-8, "{name}: {off:e}");
        assert_eq!(trained.measure("converged"), 1.0);
        assert!(n <= 9, "{name}: {n} passes");
    }
}

#[test]
fn parts_merged_in_order_are_the_fold_bit_for_bit() {
    let table = table(&golden());
    let params = params("");
    let read = table
        .select(&Instance::<Trainer>::describe(&params, &table.schema).unwrap().training_reads);
    let start = || {
        let mut pass = Instance::<Trainer>::default();
        pass.pass_start(&params, &read.schema, 0, &[]).unwrap();
        pass
    };
    // One row, around the block of 128, all.
    for n_rows in [1, 3, 127, 128, 129, 320, 1000] {
        let (mut whole, mut merged) = (start(), start());
        for batch in read.batches(n_rows) {
            whole.pass_update(batch.clone()).unwrap();
            let mut part = start();
            part.pass_update(batch).unwrap();
            merged.pass_merge(&part.pass_save().unwrap()).unwrap();
        }
        assert_eq!(whole.pass_save().unwrap(), merged.pass_save().unwrap());
        let mut fresh = start();
        fresh.pass_merge(&whole.pass_save().unwrap()).unwrap();
        assert_eq!(fresh.pass_save().unwrap(), whole.pass_save().unwrap());
        assert_eq!(fresh.pass_finish().unwrap().state, merged.pass_finish().unwrap().state);
    }
}

#[test]
fn another_grouping_differs_by_rounding_alone() {
    let table = table(&golden());
    let model = |n_rows| {
        let trained = train::<Trainer>(&params(""), &table, n_rows).unwrap();
        state::decode::<Model>(&trained.model).unwrap().coefficients
    };
    assert!(largest_difference(&model(320), &model(17)) < 1e-12);
}

#[test]
fn an_empty_batch_changes_nothing() {
    let table = table(&golden());
    let params = params("");
    let read = table
        .select(&Instance::<Trainer>::describe(&params, &table.schema).unwrap().training_reads);
    let mut pass = Instance::<Trainer>::default();
    pass.pass_start(&params, &read.schema, 0, &[]).unwrap();
    pass.pass_update(read.rows.clone()).unwrap();
    let before = pass.pass_save().unwrap();
    let mut empty = Instance::<Trainer>::default();
    empty.pass_start(&params, &read.schema, 0, &[]).unwrap();
    let no_rows = table_of_no_rows(&read);
    empty.pass_update(no_rows.rows.clone()).unwrap();
    pass.pass_merge(&empty.pass_save().unwrap()).unwrap();
    pass.pass_update(no_rows.rows.clone()).unwrap();
    assert_eq!(pass.pass_save().unwrap(), before);
    assert_eq!(empty.pass_finish().unwrap_err(), Error::input("there are no rows to train on"));
    let trained = train::<Trainer>(&params, &table, 320).unwrap();
    let columns = predict::<Trainer>(&params, &table_of_no_rows(&table), &trained.model).unwrap();
    assert_eq!(columns[0].as_f64().unwrap().len(), 0);
}

fn table_of_no_rows(table: &Table) -> Table {
    let mut none = table.clone();
    none.rows = table.batches(1)[0].clone();
    none.rows.rows = 0;
    for column in &mut none.rows.columns {
        use refrain_sdk::Values;
        match &mut column.values {
            Values::Boolean(v) => v.clear(),
            Values::Int64(v) => v.clear(),
            Values::Float64(v) => v.clear(),
            Values::Vector(v) => v.clear(),
            _ => unreachable!("the golden table has no such column"),
        }
    }
    none
}

#[test]
fn a_prediction_depends_on_its_row_alone() {
    let table = table(&golden());
    let trained = train::<Trainer>(&params(""), &table, 320).unwrap();
    let reads = Instance::<Trainer>::describe(&params(""), &table.schema).unwrap().prediction_reads;
    let read = table.select(&reads);
    let at_once = predict_batch::<Trainer>(&read, &trained.model, read.rows.clone()).unwrap();
    let one_by_one: Vec<f64> = read
        .batches(1)
        .into_iter()
        .map(|batch| {
            predict_batch::<Trainer>(&read, &trained.model, batch).unwrap()[0].as_f64().unwrap()[0]
        })
        .collect();
    assert_eq!(at_once[0].as_f64().unwrap(), one_by_one);
}

#[test]
fn the_passes_may_run_out() {
    let table = table(&golden());
    let trained = train::<Trainer>(&params(r#""max_passes":2"#), &table, 320).unwrap();
    assert_eq!((trained.n_passes, trained.measure("converged")), (2, 0.0));
    assert!(!state::decode::<Model>(&trained.model).unwrap().converged);
}

#[test]
fn separable_classes_and_huge_columns_still_converge() {
    let x: Vec<f64> = (0..40).map(|i| 1e9 + f64::from(i) * 1e6).collect();
    let table = Table::new(vec![
        ("x", Column::float64(x)),
        ("constant", Column::int64(vec![5; 40])),
        ("y", Column::int64((0..40).map(|i| i64::from(i >= 20)).collect())),
    ]);
    for c in ["1.0", "1e6"] {
        let params = format!(r#"{{"label":"y","c":{c}}}"#);
        let trained = train::<Trainer>(&params, &table, 40).unwrap();
        assert_eq!(trained.measure("converged"), 1.0, "c {c}");
        let columns = predict::<Trainer>(&params, &table, &trained.model).unwrap();
        let right =
            (0..40).filter(|i| (columns[0].as_f64().unwrap()[*i] > 0.5) == (*i >= 20)).count();
        assert!(right >= 38, "{right} of 40");
    }
}

fn refusal(params: &str, table: &Table) -> String {
    match train::<Trainer>(params, table, 1000) {
        Ok(_) => panic!("{params} is not refused"),
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn wrong_parameters_are_named() {
    let table = table(&golden());
    let text =
        Table::new(vec![("city", Column::utf8(["a", "b"])), ("y", Column::boolean([true, false]))]);
    for (more, expected) in [
        (r#""c":0"#, "parameter `c` must be a number above 0, not 0"),
        (r#""max_passes":0"#, "parameter `max_passes` must be at least 1, not 0"),
        (
            r#""weight":"night""#,
            "parameter `weight`: column `night` is boolean, and must be float64 or int64",
        ),
        (r#""weight":"x0""#, "`x0` is the weight: drop it from `features`"),
        (
            r#""class_weight":"equal""#,
            "parameter `class_weight`: unknown variant `equal`, expected `balanced`",
        ),
    ] {
        assert_eq!(refusal(&params(more), &table), expected);
    }
    assert_eq!(
        refusal(r#"{"label":"x0"}"#, &table),
        "parameter `label`: column `x0` is float64, and must be boolean or int64"
    );
    assert_eq!(
        refusal(r#"{"label":"y","features":["city"]}"#, &text),
        "parameter `features`: column `city` is utf8, not a number or a vector: encode it with one-hot"
    );
    assert!(refusal(r#"{"label":"y"}"#, &text).starts_with("no feature: "));
}

#[test]
fn wrong_rows_are_named() {
    let y = || ("y", Column::boolean([true, false, true]));
    let x = || ("x", Column::float64(vec![1.0, 2.0, 3.0]));
    let check = |columns: Vec<(&str, Column)>, expected: &str| {
        assert_eq!(refusal(r#"{"label":"y"}"#, &Table::new(columns)), expected);
    };
    check(
        vec![("x", Column::float64_opt([Some(1.0), None, Some(2.0)])), y()],
        "column `x` has no value in row 1 of its chunk: fill it with impute first",
    );
    check(
        vec![("x", Column::float64(vec![1.0, 2.0, f64::NAN])), y()],
        "column `x` is NaN or infinite in row 2 of its chunk: fill it with impute first",
    );
    check(
        vec![x(), ("y", Column::boolean_opt([Some(true), None, Some(false)]))],
        "label `y` has no value in row 1 of its chunk: filter such rows out",
    );
    check(
        vec![x(), ("y", Column::int64(vec![0, 1, 2]))],
        "label `y` is 2 in row 2 of its chunk, and must be 0 or 1",
    );
    check(
        vec![x(), ("y", Column::boolean([true; 3]))],
        "label `y` is true in all 3 rows: two classes are needed",
    );
}

#[test]
fn a_model_refuses_other_columns() {
    let table = table(&golden());
    let trained = train::<Trainer>(&params(""), &table, 320).unwrap();
    let check = |indices: &[u32], expected: &str| {
        let schema = table.select(indices).schema;
        let mut instance = Instance::<Trainer>::default();
        let error = instance.predict_start(&schema, &trained.model).unwrap_err();
        assert_eq!(error, Error::input(expected));
    };
    check(
        &[1, 0, 2, 3, 4, 5],
        "the model expects column `x0` (float64) at place 0, found column `x1` (float64)",
    );
    check(&[0, 1, 2, 3, 4], "the model expects column `embedding` at place 5; only 5 columns came");
    check(&[0, 1, 2, 3, 4, 5, 7], "the model knows no column `weight`: it has 6 features");
    let mut instance = Instance::<Trainer>::default();
    assert!(instance.predict_start(&table.schema, &trained.model[..9]).is_err());
}
