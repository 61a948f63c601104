//! The reference plugins, in the sandbox, on both backends.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Kind, Schema, Values};
use refrain_sandbox::{Plugin, UnitContext};

use crate::{both, load_in};

fn plugins(name: &str) -> [Plugin; 2] {
    let component = refrain_testkit::plugin(name);
    both().map(|sandbox| load_in(sandbox, &component, &[]))
}

fn table(rows: usize) -> (Schema, Batch) {
    let number = |i: usize| (i as f64 * 0.618).sin() * 1e3;
    let x: Vec<f64> = (0..rows).map(number).collect();
    let y: Vec<f64> = x.iter().map(|x| 3.0 * x - 7.0).collect();
    let field = |name: &str| Field {
        name: name.to_owned(),
        kind: Kind::Float64,
        nullable: false,
        width: 0,
    };
    let columns = [x, y].map(|values| Arc::new(Column::new(Values::Float64(values))));
    (Schema { fields: vec![field("x"), field("y")] }, Batch { rows, columns: columns.to_vec() })
}

#[test]
fn standardize_fits_whole_or_in_parts_and_agrees_with_itself_on_both_backends() {
    let params = r#"{"columns":["x","y"]}"#;
    let (schema, batch) = table(1_000);
    let results = plugins("standardize").map(|plugin| {
        let fresh = || plugin.transform(&UnitContext::default()).unwrap();
        let description = fresh().describe(params, &schema).unwrap();
        assert!(description.needs_fit && description.mergeable);
        let mut fit = fresh();
        fit.fit_start(params, &schema, 0).unwrap();
        fit.fit_update(&batch).unwrap();
        let state = fit.fit_finish().unwrap();
        let mut apply = fresh();
        apply.apply_start(params, &schema, &state).unwrap();
        let made = apply.apply(&batch, &description.computed()).unwrap();
        (state, made, fit.usage(), apply.usage())
    });
    assert_eq!(results[0], results[1]);
    let Values::Float64(x) = &results[0].1.columns[0].values else { panic!("no numbers") };
    let mean = x.iter().sum::<f64>() / 1_000.0;
    assert!(mean.abs() < 1e-9, "{mean}");
}

#[test]
fn a_plugins_error_comes_back_in_its_words() {
    let (schema, _) = table(1);
    for plugin in plugins("standardize") {
        let mut instance = plugin.transform(&UnitContext::default()).unwrap();
        let failure = instance.describe(r#"{"columns":["z"]}"#, &schema).unwrap_err();
        assert!(failure.to_string().starts_with("invalid-params: no column `z`"), "{failure}");
    }
}

#[test]
fn linear_regression_finds_the_line_on_both_backends() {
    let (schema, batch) = table(500);
    let params = r#"{"label":"y"}"#;
    let models = plugins("linear-regression").map(|plugin| {
        let fresh = || plugin.trainer(&UnitContext::default()).unwrap();
        let description = fresh().describe(params, &schema).unwrap();
        let read = |reads: &[usize]| {
            let fields = reads.iter().map(|&i| schema.fields[i].clone()).collect();
            (Schema { fields }, batch.project(reads))
        };
        let (input, rows) = read(&description.training_reads);
        let mut state = Vec::new();
        loop {
            let mut pass = fresh();
            pass.pass_start(params, &input, 0, &state).unwrap();
            pass.pass_update(&rows).unwrap();
            let end = pass.pass_finish().unwrap();
            state = end.state;
            if end.done {
                break;
            }
        }
        let model = fresh().finish(params, &input, &state).unwrap();
        let (input, rows) = read(&description.prediction_reads);
        let mut predictor = fresh();
        predictor.predict_start(&input, &model).unwrap();
        let made = predictor.predict(&rows, &description.prediction).unwrap();
        (model, made)
    });
    assert_eq!(models[0], models[1]);
    let Values::Float64(found) = &models[0].1.columns[0].values else { panic!("no numbers") };
    let Values::Float64(y) = &batch.columns[1].values else { panic!("no numbers") };
    assert!(found.iter().zip(y).all(|(a, b)| (a - b).abs() < 1e-3), "{:?}", &found[..3]);
}

#[test]
fn every_reference_plugin_that_is_built_comes_in_without_a_grant() {
    for name in
        ["derive", "gradient-boosting", "linear-regression", "logistic-regression", "standardize"]
    {
        let [plugin, _] = plugins(name);
        assert!(plugin.world().to_string().ends_with("@0.1.0"));
    }
}
