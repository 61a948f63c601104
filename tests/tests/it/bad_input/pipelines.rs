//! Pipelines that cannot be: one of each kind. `cases` has many more.

use refrain_testkit::{Refrain, small};

use super::{refuses, says, with};

/// The small pipeline with something else in one place.
fn small_with(from: &str, to: &str) -> String {
    assert!(small::PIPELINE.contains(from), "{from}");
    small::PIPELINE.replace(from, to)
}

#[test]
fn an_unknown_key() {
    let refrain = with(&small_with("gate:", "gates:"));
    let complaint = refrain.complaint(&["run", "pipeline.yaml"]);
    assert!(complaint.starts_with("error: pipeline.yaml: "), "{complaint}");
    let said = "line 9 column 1: unknown key `gates`; did you mean `gate`?";
    assert!(complaint.contains(said), "{complaint}");
    assert!(complaint.ends_with(
        "\nhint: `refrain schema` prints the JSON Schema that an editor can check pipelines against\n"
    ));
}

#[test]
fn a_circle() {
    refuses(
        &small_with("input: rows, by", "input: scaled.train, by"),
        "error: steps read each other in a circle: scaled → split → scaled: \
         let one of them read something else\n",
    );
}

#[test]
fn a_column_that_is_not_there() {
    refuses(
        &small_with("columns: [x, y]", "columns: [x, z]"),
        "error: step `scaled`: plugin `standardize` refuses: invalid-params: \
         no column `z` in the input; did you mean `x`?\n",
    );
    refuses(
        &small_with(
            "holdout: 5d}}",
            "holdout: 5d}}\n  some: {select: {input: rows, columns: [x, lat]}}",
        ),
        "error: step `some` needs column `lat`, which `rows` does not have; did you mean `at`?\n",
    );
}

#[test]
fn a_column_of_another_kind() {
    refuses(
        &small_with("label: late, features: [x, y]", "label: at, features: [x, y]"),
        "error: step `model`: plugin `logistic-regression` refuses: invalid-params: \
         parameter `label`: column `at` is timestamp-us, and must be boolean or int64\n",
    );
    refuses(
        &small_with("holdout: 5d}}", "holdout: 5d}}\n  some: {filter: {input: rows, by: x}}"),
        "error: step `some` needs column `x` of `rows` to be boolean, but it is int64: \
         convert it with derive, or declare its kind under the input's `schema`\n",
    );
}

#[test]
fn a_plugin_of_another_role() {
    refuses(
        &small_with("plugin: standardize@^0.1", "plugin: classification@^0.1"),
        "error: step `scaled`: `fit` does not go with an evaluator, \
         which takes input, model, params, seed\n",
    );
    refuses(
        &small_with("plugin: standardize@^0.1", "plugin: standardise@^0.1"),
        "error: step `scaled`: plugin `standardise@^0.1` is not in the plugin registry; \
         did you mean `standardize`?\n",
    );
}

#[test]
fn a_dataset_that_is_not_there() {
    refuses(
        &small_with("dataset: rows", "dataset: row"),
        "error: input `rows`: there is no dataset `row`; did you mean `rows`?\n",
    );
    says(
        &Refrain::new(),
        &["run", "pipeline.yaml"],
        "error: the pipeline pipeline.yaml cannot be read: No such file or directory (os error 2)\n",
    );
}
