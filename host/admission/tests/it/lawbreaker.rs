//! Every law is broken once, and the check says which and how. Fuel and bits cannot be broken: the
//! sandbox leaves a guest nothing to differ by.

use refrain_admission::{Case, Report, Verdict, prove};
use serde_json::json;

use crate::reference::provers;

fn report(law: &str) -> Report {
    let rows: Vec<_> = (0..13).map(|i| json!({"x": f64::from(i) * 0.5})).collect();
    let schema = json!([{"name": "x", "kind": "float64", "nullable": true}]);
    let case = json!({"params": {"break": law}, "input": {"schema": schema, "rows": rows}});
    let case: Case = serde_json::from_value(case).expect("a case");
    prove(&provers(), &refrain_testkit::test_guest("lawbreaker"), &[], &[case])
}

/// The failed checks besides `parameters`, which this guest always breaks.
fn failures(law: &str) -> Vec<(String, String)> {
    let report = report(law);
    let failed = report.failures().filter(|check| check.name != "parameters");
    failed.map(|check| (check.name.clone(), check.detail.clone())).collect()
}

#[track_caller]
fn fails(law: &str, check: &str, detail: &str) {
    let found = failures(law);
    let is_said = found.iter().any(|(name, text)| name == check && text.contains(detail));
    assert!(is_said, "{law}: {found:#?}");
}

#[test]
fn who_breaks_no_law_passes() {
    assert_eq!(failures("none"), []);
}

#[test]
fn a_trap_on_unknown_parameters_is_told() {
    let report = report("none");
    let check = report.failures().next().expect("a failure");
    assert_eq!(check.name, "parameters");
    assert!(check.detail.contains("return `invalid-params` instead"), "{}", check.detail);
    assert_eq!(report.verdict(), Verdict::Failed);
}

#[test]
fn a_save_that_loses_something_is_told() {
    fails("save", "restored", "saved and merged into a fresh instance output[0].x is");
}

#[test]
fn a_merge_that_forgets_is_told() {
    fails("merge", "merged", "merged from parts output[0].x is");
}

#[test]
fn rows_that_depend_on_each_other_are_told() {
    fails("batches", "batches", "on the same rows in one batch output[");
}

#[test]
fn a_trap_on_no_rows_is_told() {
    fails("empty", "empty", "with batches of no rows in between it ended with `trap: ");
}

#[test]
fn a_trap_on_nulls_is_told() {
    fails("nulls", "nulls", "return `invalid-input` instead");
}

#[test]
fn a_trap_on_infinities_is_told() {
    fails("extremes", "extremes", "return `invalid-input` instead");
}
