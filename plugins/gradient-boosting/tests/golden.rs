//! scikit-learn's trees and metrics, determinism, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../linear-regression/tests/common/mod.rs"]
mod common;

use common::{predict, predict_batch, train};
use gradient_boosting::GradientBoosting;
use gradient_boosting::model::Model;
use refrain_sdk::testing::Table;
use refrain_sdk::trainer::Instance;
use refrain_sdk::{Column, Error, state};
use serde_json::Value;

type Trainer = GradientBoosting;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// The training rows and the test rows.
fn tables(golden: &Value) -> (Table, Table) {
    let rows = &golden["rows"];
    let floats = |name: &str| Column::float64(numbers(&rows[name]));
    let booleans = |name: &str| {
        Column::boolean(rows[name].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()))
    };
    let carrier = numbers(&rows["carrier"]);
    let onehot = carrier.iter().flat_map(|c| (0..4).map(|k| f32::from(u8::from(*c as i32 == k))));
    let hour = numbers(&rows["hour"]).iter().map(|v| *v as i64).collect();
    let all = Table::new(vec![
        ("x0", floats("x0")),
        ("x1", floats("x1")),
        ("x2", Column::float64_opt(rows["x2"].as_array().unwrap().iter().map(Value::as_f64))),
        ("hour", Column::int64(hour)),
        ("night", booleans("night")),
    ])
    .with_vector("carrier", 4, Column::vector(onehot.collect()))
    .with_vector("late", 0, booleans("label"))
    .with_vector("amount", 0, floats("amount"));
    let n_train = golden["n_train"].as_u64().unwrap() as usize;
    let mut parts = all.batches(n_train).into_iter();
    let mut part = || Table { schema: all.schema.clone(), rows: parts.next().unwrap() };
    (part(), part())
}

fn params(case: &Value) -> String {
    let mut params = case["params"].clone();
    let is_classification = params["objective"] == "classification";
    params["label"] = if is_classification { "late".into() } else { "amount".into() };
    params["features"] = serde_json::json!(["x0", "x1", "x2", "hour", "night", "carrier"]);
    params.to_string()
}

/// The probability that a true row scores above a false one, ties by half.
fn roc_auc(scores: &[f64], labels: &[u8]) -> f64 {
    let of =
        |label: u8| scores.iter().zip(labels).filter(move |(_, l)| **l == label).map(|(s, _)| *s);
    let pairs = of(1).flat_map(|high| of(0).map(move |low| (high, low)));
    let (mut won, mut n) = (0.0, 0.0);
    for (high, low) in pairs {
        won += if high > low { 1.0 } else { f64::from(u8::from(high == low)) / 2.0 };
        n += 1.0;
    }
    won / n
}

fn rmse(predictions: &[f64], labels: &[f64]) -> f64 {
    let squares: f64 = predictions.iter().zip(labels).map(|(p, l)| (p - l) * (p - l)).sum();
    (squares / labels.len() as f64).sqrt()
}

#[test]
fn predicts_as_well_as_scikit_learn() {
    let golden = golden();
    let (train_rows, test_rows) = tables(&golden);
    for case in golden["cases"].as_array().unwrap() {
        let params = params(case);
        let trained = train::<Trainer>(&params, &train_rows, 300).unwrap();
        let columns = predict::<Trainer>(&params, &test_rows, &trained.model).unwrap();
        let scores = columns[0].as_f64().unwrap();
        let name = case["name"].as_str().unwrap();
        let metric = |metric: &str| case["metrics"][metric].as_f64().unwrap();
        if name.starts_with("classification") {
            let auc = roc_auc(scores, test_rows.column("late").as_bool().unwrap());
            assert!((auc - metric("roc_auc")).abs() < 0.003, "{name}: {auc} {}", metric("roc_auc"));
        } else {
            let rmse = rmse(scores, test_rows.column("amount").as_f64().unwrap());
            assert!(
                (rmse / metric("rmse") - 1.0).abs() < 0.01,
                "{name}: {rmse} {}",
                metric("rmse")
            );
        }
        // scikit-learn's gradients are f32, ours fixed point: no split falls otherwise for that.
        for (score, expected) in scores.iter().zip(numbers(&case["scores"])) {
            assert!((score - expected).abs() < 1e-5, "{name}: {score} {expected}");
        }
    }
}

#[test]
fn the_first_tree_is_that_of_scikit_learn() {
    let golden = golden();
    let (train_rows, _) = tables(&golden);
    for case in golden["cases"].as_array().unwrap() {
        let trained = train::<Trainer>(&params(case), &train_rows, 1000).unwrap();
        let model: Model = state::decode(&trained.model).unwrap();
        let nodes = &model.trees[0].nodes;
        let expected = case["first_tree"].as_array().unwrap();
        assert_eq!(nodes.len(), expected.len(), "{}", case["name"]);
        for (node, expected) in nodes.iter().zip(expected) {
            let number = |key: &str| expected[key].as_f64().unwrap();
            if expected["is_leaf"] == true {
                assert_eq!(node.right, 0);
                assert!((node.number - number("value")).abs() < 1e-6, "{node:?} {expected}");
            } else {
                assert_eq!(f64::from(node.feature), number("feature"), "{}", case["name"]);
                let off = node.number.min(1e300) - number("threshold");
                assert!(off.abs() < 1e-12, "{}: {node:?} {expected}", case["name"]);
                assert_eq!(node.missing_left, expected["missing_left"] == true);
            }
        }
    }
}

fn few_trees(more: &str) -> String {
    format!(
        r#"{{"label":"late","objective":"classification","n_trees":8,
            "features":["x0","x1","x2","hour","night","carrier"]{more}}}"#
    )
}

#[test]
fn the_model_depends_on_the_rows_and_not_on_their_batches() {
    let (rows, _) = tables(&golden());
    let model = |n_rows| train::<Trainer>(&few_trees(""), &rows, n_rows).unwrap().model;
    let whole = model(1000);
    for n_rows in [1, 7, 999] {
        assert_eq!(model(n_rows), whole);
    }
}

#[test]
fn rows_are_left_out_by_the_seed() {
    let (rows, test_rows) = tables(&golden());
    let model = |more: &str| train::<Trainer>(&few_trees(more), &rows, 1000).unwrap().model;
    let half = model(r#","subsample":0.5,"seed":1"#);
    assert_eq!(half, model(r#","subsample":0.5,"seed":1"#));
    assert_ne!(half, model(r#","subsample":0.5,"seed":2"#));
    assert_ne!(half, model(""));
    let columns = predict::<Trainer>(&few_trees(""), &test_rows, &half).unwrap();
    let auc = roc_auc(columns[0].as_f64().unwrap(), test_rows.column("late").as_bool().unwrap());
    assert!(auc > 0.75, "{auc}");
}

#[test]
fn a_prediction_depends_on_its_row_alone() {
    let (rows, _) = tables(&golden());
    let trained = train::<Trainer>(&few_trees(""), &rows, 1000).unwrap();
    let reads =
        Instance::<Trainer>::describe(&few_trees(""), &rows.schema).unwrap().prediction_reads;
    let read = rows.select(&reads);
    let predict = |batch| predict_batch::<Trainer>(&read, &trained.model, batch).unwrap();
    let at_once = predict(read.rows.clone());
    let batches = read.batches(1).into_iter();
    let one_by_one: Vec<f64> = batches.map(|b| predict(b)[0].as_f64().unwrap()[0]).collect();
    assert_eq!(at_once[0].as_f64().unwrap(), one_by_one);
}

#[test]
fn missing_values_go_where_the_loss_is_less() {
    let x: Vec<Option<f64>> = (0..60).map(|i| (i % 3 != 0).then_some(f64::from(i % 3))).collect();
    let y = (0..60).map(|i| [5.0, 1.0, 5.0][i % 3]).collect();
    let table = Table::new(vec![("x", Column::float64_opt(x)), ("y", Column::float64(y))]);
    let params = r#"{"label":"y","objective":"regression","n_trees":1,"learning_rate":1.0}"#;
    let trained = train::<Trainer>(params, &table, 60).unwrap();
    let columns = predict::<Trainer>(params, &table, &trained.model).unwrap();
    let found = &columns[0].as_f64().unwrap()[..3];
    assert!(found.iter().zip([5.0, 1.0, 5.0]).all(|(f, e)| (f - e).abs() < 1e-9), "{found:?}");
}

#[test]
fn constant_features_and_labels_make_a_single_leaf() {
    let table =
        Table::new(vec![("x", Column::int64(vec![3; 50])), ("y", Column::float64(vec![2.5; 50]))]);
    let params = r#"{"label":"y","objective":"regression","n_trees":2}"#;
    let trained = train::<Trainer>(params, &table, 50).unwrap();
    assert_eq!(trained.measure("leaves_mean"), 1.0);
    let columns = predict::<Trainer>(params, &table, &trained.model).unwrap();
    assert_eq!(columns[0].as_f64().unwrap(), vec![2.5; 50]);
}

/// Labels that double: every split takes off the largest one, so the tree is one long chain.
#[test]
fn a_tree_as_deep_as_it_has_leaves_is_grown_and_used() {
    const N: i32 = 200;
    let y: Vec<f64> = (0..N).map(|i| f64::from(i - N / 2).exp2()).collect();
    let table = Table::new(vec![
        ("x", Column::int64((0..i64::from(N)).collect())),
        ("y", Column::float64(y.clone())),
    ]);
    let params = r#"{"label":"y","objective":"regression","n_trees":1,"learning_rate":1.0,
        "max_leaves":65536,"min_samples_leaf":1}"#;
    let trained = train::<Trainer>(params, &table, 64).unwrap();
    let model: Model = state::decode(&trained.model).unwrap();
    assert!(trained.measure("leaves_mean") > 30.0);
    assert!(model.trees[0].nodes.windows(2).filter(|pair| pair[1].right > 0).count() > 25);
    let columns = predict::<Trainer>(params, &table, &trained.model).unwrap();
    let largest = columns[0].as_f64().unwrap()[N as usize - 1];
    assert!((largest / y[N as usize - 1] - 1.0).abs() < 1e-9, "{largest}");
}

#[test]
fn what_is_wrong_is_named() {
    let (rows, _) = tables(&golden());
    let refusal = |params: &str, table: &Table| {
        let trained = train::<Trainer>(params, table, 1000);
        trained.err().map(|error| error.message().to_owned()).unwrap()
    };
    for (more, expected) in [
        (r#","max_bins":256"#, "parameter `max_bins` must be from 2 to 255"),
        (r#","max_leaves":1"#, "parameter `max_leaves` must be from 2 to 65536"),
        (r#","subsample":0"#, "parameter `subsample` must be above 0 and at most 1"),
        (r#","max_leafs":9"#, "unknown parameter `max_leafs`; did you mean `max_leaves`?"),
    ] {
        assert_eq!(refusal(&few_trees(more), &rows), expected);
    }
    assert_eq!(
        refusal(r#"{"label":"amount","objective":"classification"}"#, &rows),
        "parameter `label`: column `amount` is float64, and must be boolean or int64"
    );
    let table = Table::new(vec![
        ("city", Column::utf8(["a", "b"])),
        ("x", Column::int64(vec![1, 2])),
        ("y", Column::boolean_opt([Some(true), None])),
    ]);
    assert_eq!(
        refusal(r#"{"label":"y","objective":"classification","features":["city"]}"#, &table),
        "parameter `features`: column `city` is utf8, not a number or a vector: encode it with one-hot"
    );
    assert_eq!(
        refusal(r#"{"label":"y","objective":"classification"}"#, &table),
        "label `y` has no value in row 1 of its chunk: filter such rows out"
    );
}

#[test]
fn no_rows_and_foreign_models_are_refused() {
    let (rows, _) = tables(&golden());
    let params = few_trees("");
    let reads = Instance::<Trainer>::describe(&params, &rows.schema).unwrap().training_reads;
    let mut pass = Instance::<Trainer>::default();
    pass.pass_start(&params, &rows.select(&reads).schema, 0, &[]).unwrap();
    assert!(pass.pass_save().is_err());
    assert_eq!(pass.pass_finish().unwrap_err(), Error::input("there are no rows to train on"));
    let trained = train::<Trainer>(&params, &rows, 1000).unwrap();
    let mut model: Model = state::decode(&trained.model).unwrap();
    model.trees[3].nodes[0].right = 1;
    let mut instance = Instance::<Trainer>::default();
    let schema = rows.select(&reads[..6]).schema;
    let broken = state::encode(&model).unwrap();
    assert_eq!(
        instance.predict_start(&schema, &broken).unwrap_err(),
        Error::failed("the model: tree 3 is broken")
    );
    assert!(instance.predict_start(&rows.schema, &trained.model).is_err());
}
