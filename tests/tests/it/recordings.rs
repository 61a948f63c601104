//! A plugin on what it was given in production.

use refrain_testkit::guest::{ANSWER, Guest};
use refrain_testkit::{Refrain, plugin, small};
use serde_json::{Value, json};

/// A store in which the small pipeline has run; answers the run's name.
fn ran() -> (Refrain, String) {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.write("pipeline.yaml", small::PIPELINE);
    refrain.json(&["data", "import", "rows", "rows.csv", "--event-time", "at"]);
    let run = refrain.json(&["run", "pipeline.yaml"]);
    let id = run["run"].as_str().expect("a run").to_owned();
    (refrain, id)
}

fn retry(refrain: &Refrain, component: &str) -> Value {
    let test = ["plugin", "test", "--replay", "recording", "--component", component, "--json"];
    refrain.run(&test).json()
}

#[test]
fn the_same_component_makes_the_same_of_every_kind_of_unit() {
    let (refrain, run) = ran();
    let steps = [
        ("scaled.fit", "standardize", "fit"),
        ("scaled.train", "standardize", "apply"),
        ("model", "logistic-regression", "pass"),
        ("report", "classification", "fold"),
    ];
    for (step, name, unit) in steps {
        refrain.json(&["plugin", "record", &run, step, "-o", "recording"]);
        refrain.write("same.wasm", plugin(name));
        let report = retry(&refrain, "same.wasm");
        assert_eq!(report["identical"], true, "{step}: {report}");
        assert_eq!((&report["run"], &report["step"]), (&json!(run), &json!(step)));
        let units = report["units"].as_array().expect("units");
        let first = &units[0];
        assert!(first["name"].as_str().expect("a name").starts_with(unit), "{first}");
        for unit in units {
            assert_eq!(unit["now"]["fuel"], unit["recorded"]["fuel"], "{unit}");
            assert!(unit["now"]["memory_bytes_peak"].as_u64() > Some(0), "{unit}");
        }
    }
}

/// A guest that learns `len` bytes of zeros.
fn guest(len: usize) -> Vec<u8> {
    let flag = ANSWER + 20;
    let needs_fit = format!("(i32.store8 (i32.const {flag}) (i32.const 1)) (i32.const {ANSWER})");
    let learns = format!("(local.set $bytes (i32.const 0)) (local.set $len (i32.const {len}))");
    Guest::new().body("describe", needs_fit).finish(&learns).build()
}

#[test]
fn another_component_is_told_apart() {
    let refrain = Refrain::new();
    refrain.write("rows.csv", small::rows_csv());
    refrain.write(
        "pipeline.yaml",
        "pipeline: learns\ninputs: {rows: {dataset: rows, path: rows.csv}}\n\
         steps: {all: {plugin: learner@^1, input: rows}}\n",
    );
    refrain.write("first.wasm", guest(3));
    refrain.write("second.wasm", guest(5));
    refrain.write("fails.wasm", Guest::new().finish("(unreachable)").build());
    let push = ["plugin", "push", "first.wasm", "--name", "learner", "--as", "1.0.0"];
    refrain.json(&[&push[..], &["--admission", "off"]].concat());
    let run = refrain.json(&["run", "pipeline.yaml"]);
    let run = run["run"].as_str().expect("a run");
    refrain.json(&["plugin", "record", run, "all.fit", "-o", "recording"]);

    let report = retry(&refrain, "second.wasm");
    assert_eq!(report["identical"], false);
    let difference = report["units"][0]["difference"].as_str().expect("a difference");
    assert!(difference.starts_with("its state was 3 bytes ("), "{difference}");
    assert!(difference.contains(") and is 5 bytes now ("), "{difference}");
    let report = retry(&refrain, "fails.wasm");
    assert_eq!(report["units"][0]["now"], Value::Null);
    assert_eq!(report["units"][0]["failure"]["outcome"], "trap", "{report}");
}

#[test]
fn what_cannot_be_recorded_or_read_says_why() {
    let (refrain, run) = ran();
    let record =
        |step: &str| refrain.complaint(&["plugin", "record", &run, step, "-o", "recording"]);
    let said = record("split");
    assert!(said.contains("the host does it itself, without a plugin"), "{said}");
    let said = record("modle");
    assert!(said.contains("there is no step `modle`; did you mean `model`?"), "{said}");
    refrain.json(&["plugin", "record", &run, "model", "-o", "recording"]);
    refrain.write("x.wasm", plugin("logistic-regression"));
    let mut bytes = std::fs::read(refrain.path().join("recording")).expect("a recording");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    refrain.write("recording", bytes);
    let said =
        refrain.complaint(&["plugin", "test", "--replay", "recording", "--component", "x.wasm"]);
    assert!(said.contains("damaged") || said.contains("something stands behind"), "{said}");
    let said =
        refrain.complaint(&["plugin", "test", "--replay", "x.wasm", "--component", "x.wasm"]);
    assert!(said.contains("it is no tar file"), "{said}");
}
