//! Every reference plugin keeps every law, on the cases beside its sources.

use std::path::PathBuf;

use refrain_admission::{Case, Provers, Report, Verdict, prove};
use refrain_domain::Backend;
use refrain_sandbox::{Sandbox, SandboxOptions};

pub(crate) fn provers() -> Provers {
    let sandbox = |backend| {
        Sandbox::new(SandboxOptions { backend, ..SandboxOptions::default() }).expect("a sandbox")
    };
    Provers { cranelift: sandbox(Backend::Cranelift), pulley: sandbox(Backend::Pulley) }
}

fn cases(plugin: &str) -> Vec<Case> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = manifest.join("../../plugins").join(plugin).join("cases");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{plugin}: {error}"));
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{plugin}: {error}"))
    };
    files.map(read).collect()
}

fn prove_plugin(name: &str) -> Report {
    prove(&provers(), &refrain_testkit::plugin(name), &[], &cases(name))
}

/// They learn nothing, or from all rows at once, so there is nothing to merge.
const WITHOUT_MERGE: [&str; 4] = ["calendar", "derive", "gradient-boosting", "hash-identifier"];

fn keeps_the_contract(name: &str) {
    let report = prove_plugin(name);
    let skipped: Vec<&str> = report
        .checks
        .iter()
        .filter(|check| check.verdict == Verdict::Skipped)
        .map(|check| check.name.as_str())
        .collect();
    let failures: Vec<_> = report.failures().collect();
    assert!(failures.is_empty(), "{name}: {failures:#?}");
    let expected: &[&str] = match name {
        "rules" => &["restored", "merged", "batches", "empty"],
        _ if WITHOUT_MERGE.contains(&name) => &["restored", "merged"],
        _ => &[],
    };
    assert_eq!(skipped, expected, "{name}: {report:#?}");
    assert!(report.baseline.expect("a baseline").fuel > 0);
}

macro_rules! reference_plugins {
    ($($test:ident: $name:literal;)*) => {$(
        #[test]
        fn $test() {
            keeps_the_contract($name);
        }
    )*};
}

reference_plugins! {
    calendar: "calendar";
    classification: "classification";
    derive: "derive";
    distribution: "distribution";
    gradient_boosting: "gradient-boosting";
    hash_identifier: "hash-identifier";
    impute: "impute";
    linear_regression: "linear-regression";
    logistic_regression: "logistic-regression";
    one_hot: "one-hot";
    regression: "regression";
    rules: "rules";
    standardize: "standardize";
}
