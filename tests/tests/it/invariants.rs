//! What always holds, each on real components: the invariants of the design, one test each.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use refrain_domain::Backend;
use refrain_domain::gate::Verdict;
use refrain_domain::run::{Run, Status};

use crate::lab::{Lab, manifest, rebuilt};

/// Rows of two classes that overlap, some without a value; `x` decides, more or less.
fn rows(n: usize) -> String {
    let mut csv = "at,x,z,site,label\n".to_owned();
    for row in 0..n {
        let (day, hour) = (1 + row / 24, row % 24);
        let x = ((row * 37) % 101) as f64 / 10.0;
        let z = if row % 7 == 0 { String::new() } else { format!("{}", (row * 13) % 17) };
        let site = ["north", "south", "east"][row % 3];
        let label = (x + ((row * 29) % 11) as f64 / 4.0) > 6.0;
        writeln!(csv, "2024-03-{day:02}T{hour:02}:00:00Z,{x},{z},{site},{label}").expect("room");
    }
    csv
}

/// Every role that there is a plugin of; three chunks of one, so that folds have parts to merge.
const PIPELINE: &str = "
pipeline: everything
inputs: {points: {dataset: points}}
steps:
  tripled: {union: [points, points, points]}
  derived: {plugin: derive@^0.1, input: tripled, params: {columns: {big: 'x > 3', wide: 'x * 2.0'}}}
  split: {split: {input: derived, by: [x], holdout: 0.4}}
  filled: {plugin: impute@^0.1, fit: split.train, apply: [split.train, split.holdout], params: {columns: [z]}}
  scaled: {plugin: standardize@^0.1, fit: filled.train, apply: [filled.train, filled.holdout], params: {columns: [x, wide]}}
  encoded: {plugin: one-hot@^0.1, fit: scaled.train, apply: [scaled.train, scaled.holdout], params: {columns: [site], width: {site: 3}}}
  model: {plugin: logistic-regression@^0.1, input: encoded.train, params: {label: label, features: [x, z, site_onehot]}}
  trees: {plugin: gradient-boosting@^0.1, input: encoded.train, params: {label: label, objective: classification, features: [x, z], n_trees: 5, min_samples_leaf: 5, subsample: 0.8}, seed: 7}
  report: {plugin: classification@^0.1, model: model, input: encoded.holdout, params: {label: label, slices: [site]}}
  trees_report: {plugin: classification@^0.1, model: trees, input: encoded.holdout, params: {label: label}}
  moved: {plugin: distribution@^0.1, reference: split.train, current: split.holdout, params: {columns: [x, z, site], min_rows: 5}}
gate: [{metric: roc_auc, lower_bound: 0.5, report: report}]
register: {model: everything, step: model, alias: champion}
";

const SMALL: &str = "
pipeline: small
inputs: {points: {dataset: points}}
steps:
  split: {split: {input: points, by: [x], holdout: 0.4}}
  scaled: {plugin: standardize@^0.1, fit: split.train, apply: [split.train, split.holdout], params: {columns: [x]}}
  model: {plugin: logistic-regression@^0.1, input: scaled.train, params: {label: label, features: [x]}}
  report: {plugin: classification@^0.1, model: model, input: scaled.holdout, params: {label: label}}
gate: [{metric: roc_auc, lower_bound: 0.5}]
register: {model: small, alias: champion}
";

const RETRAIN: &str = "
retrain:
  watch: points
  table: points
  report: report
  drift: {plugin: distribution@^0.1, params: {columns: [x], min_rows: 5}}
  trigger: {plugin: rules@^0.1, params: {any: [{rows: 20}, {drift_share: 0.9}]}}
";

fn succeeded(run: &Run) {
    assert_eq!(run.status, Status::Succeeded, "{:?}", run.message);
}

/// 1. Equal step keys give equal outputs and take equal fuel, whoever executes them.
#[test]
fn equal_keys_give_equal_outputs_everywhere() {
    let mut reference = None;
    for backend in [Backend::Cranelift, Backend::Pulley] {
        for threads in [1, 2, 8] {
            let lab = Lab::new(threads, backend);
            lab.import("points", &rows(120));
            let (_, run) = lab.run(PIPELINE);
            succeeded(&run);
            assert_eq!(run.units_reused(), 0, "each lab executes everything by itself");
            let found = (lab.units(&run), run.model_version.map(|model| model.digest));
            let expected = reference.get_or_insert_with(|| found.clone());
            assert!(found == *expected, "{backend} on {threads} threads made something else");
        }
    }
    let (units, model) = reference.expect("it ran");
    assert!(units.len() > 30 && model.is_some(), "{} units", units.len());
}

/// 3. A component can reach nothing that nobody granted: it does not even come in.
#[test]
fn an_import_that_nobody_granted_is_refused() {
    let text = r#"(component
        (import "wasi:random/random@0.2.6"
            (instance $i (export "get-random-u64" (func (result u64)))))
        (export "refrain:transform/plugin@0.1.0" (instance $i)))"#;
    let component = wat::parse_str(text).expect("a component");
    let lab = Lab::default();
    let refused = lab.runner.register_plugin(manifest("dice", "0.1.0"), None, &component);
    let refused = refused.expect_err("it may not come in").to_string();
    assert!(refused.contains("plugin `dice@0.1.0`"), "{refused}");
    assert!(refused.contains("`wasi:random/random@0.2.6`, which it was not granted"), "{refused}");
    let unknown = lab.runner.find_plugin("dice").expect_err("and is not there");
    assert!(unknown.to_string().starts_with("there is no plugin `dice`"), "{unknown}");
}

/// 4. A run's state is the fold of its events, and whatever prefix of them a crash leaves behind is
///    driven on to the same end.
#[test]
fn every_prefix_of_a_run_leads_to_the_same_model() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let (id, run) = lab.run(PIPELINE);
    succeeded(&run);
    let (_, events) = lab.runner.run(&id).expect("its events");
    let outputs = |run: &Run| -> Vec<_> {
        run.finished.values().map(|s| (s.step.clone(), s.outputs.clone(), s.record)).collect()
    };
    for n in 1..=events.len() {
        Run::fold(&events[..n]).unwrap_or_else(|error| panic!("{n} events: {error}"));
        let id = format!("prefix-{n}");
        lab.write_events(&id, &events[..n]);
        let end = lab.drive(&id);
        succeeded(&end);
        assert_eq!(outputs(&end), outputs(&run), "after {n} events");
        assert_eq!((&end.gate, end.verdict), (&run.gate, run.verdict), "after {n} events");
        let model = |run: &Run| run.model_version.as_ref().map(|m| (m.digest, m.version));
        assert_eq!(model(&end), model(&run), "after {n} events");
    }
}

/// 5. A run with nothing new executes nothing.
#[test]
fn a_no_op_run_executes_no_unit() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let (_, first) = lab.run(PIPELINE);
    let (_, second) = lab.run(PIPELINE);
    succeeded(&second);
    assert_eq!((second.units_executed(), second.units_reused()), (0, first.units_executed()));
    let model = |run: &Run| run.model_version.as_ref().map(|m| (m.digest, m.version));
    assert_eq!(model(&second), model(&first), "and makes no new version");
}

/// 6. The first difference of two runs is named.
#[test]
fn the_first_cause_of_a_difference_is_named() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let (first, _) = lab.run(PIPELINE);
    let cause = |second: &str| {
        let diff = lab.runner.diff(&first, second).expect("a difference");
        diff.first_cause.expect("a cause")
    };
    let changed = |from: &str, to: &str| {
        assert!(PIPELINE.contains(from), "{from}");
        cause(&lab.run(&PIPELINE.replace(from, to)).0)
    };
    assert_eq!(
        changed("n_trees: 5", "n_trees: 6"),
        "step `trees`: parameter `n_trees` is 5 there and 6 here"
    );
    assert_eq!(changed("seed: 7", "seed: 8"), "step `trees`: the seed is 7 there and 8 here");
    assert_eq!(
        changed("lower_bound: 0.5", "lower_bound: 0.25"),
        "gate rule 1 (`roc_auc`): `lower_bound` is 0.5 there and 0.25 here"
    );
    assert_eq!(
        changed("alias: champion", "alias: other"),
        "it registers `everything@champion` there and `everything@other` here"
    );

    let component = rebuilt(&refrain_testkit::plugin("impute"));
    lab.runner
        .register_plugin(manifest("impute", "0.1.1"), None, &component)
        .expect("a new version");
    let found = cause(&lab.run(PIPELINE).0);
    assert!(found.starts_with("step `filled.fit` uses `impute@0.1.0` ("), "{found}");
    assert!(found.contains("there and `impute@0.1.1` ("), "{found}");

    let row = "2024-03-01T05:00:00Z,8.4,";
    assert!(rows(60).contains(row), "{}", rows(60));
    lab.import("points", &rows(60).replace(row, "2024-03-01T05:00:00Z,8.5,"));
    let found = cause(&lab.run(PIPELINE).0);
    let place = "chunk 0, column `x` differs first at row 5: 8.4 before, 8.5 now";
    assert!(found.starts_with("input `points` is version "), "{found}");
    assert!(found.ends_with(place), "{found}");
}

/// 8. No data never promotes a model.
#[test]
fn what_cannot_be_seen_promotes_nothing() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let (_, first) = lab.run(PIPELINE);
    let champion = lab.runner.model_alias("everything", "champion").expect("readable");
    assert_eq!(champion, first.model_version.map(|model| model.digest), "a pass promotes");
    let blind = [
        // An empty holdout: no key's hash is in its millionth.
        ("no rows", ("holdout: 0.4", "holdout: 0.000001")),
        ("too few rows", ("lower_bound: 0.5,", "lower_bound: 0.5, min_rows: 10000,")),
        ("no such metric", ("metric: roc_auc,", "metric: roc_auk,")),
        ("no such slice", ("lower_bound: 0.5,", "lower_bound: 0.5, slice: {site: west},")),
        ("no slice at all", ("lower_bound: 0.5,", "lower_bound: 0.5, slice: {day: '*'},")),
    ];
    for (what, (from, to)) in blind {
        assert!(PIPELINE.contains(from), "{from}");
        // Another penalty makes another model, which would move the alias.
        let pipeline =
            PIPELINE.replace(from, to).replace("features: [x, z, s", "c: 2, features: [x, z, s");
        let (id, run) = lab.run(&pipeline);
        succeeded(&run);
        assert_eq!(run.verdict, Some(Verdict::Inconclusive), "{what}: {:?}", run.gate);
        let model = run.model_version.expect("it is kept");
        assert_eq!(model.alias, None, "{what}: run {id}");
        let now = lab.runner.model_alias("everything", "champion").expect("readable");
        assert_eq!(now, champion, "{what}: the alias stays");
    }
}

/// A change that makes the same rows ends where it began.
#[test]
fn an_output_that_did_not_change_runs_nothing_after_it() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    lab.run(PIPELINE);
    let (_, run) = lab.run(&PIPELINE.replace("'x > 3'", "'x > 3.0'"));
    succeeded(&run);
    let executed: BTreeSet<&str> =
        run.finished.values().filter(|s| s.units_executed > 0).map(|s| s.step.as_str()).collect();
    assert_eq!(executed, BTreeSet::from(["derived"]), "one chunk, three times");
}

/// What was made beside a failure is not made again.
#[test]
fn units_beside_a_failure_are_remembered() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let odd = "2024-03-01T00:00:00Z,,,north,true\n2024-03-01T01:00:00Z,1.5,2,north,false\n";
    lab.import("gaps", &format!("at,x,z,site,label\n{odd}"));
    let pipeline = "
pipeline: gaps
inputs: {points: {dataset: points}, gaps: {dataset: gaps}}
steps:
  all: {union: [points, gaps]}
  model: {plugin: logistic-regression@^0.1, input: all, params: {label: label, features: [x]}}
";
    let (_, failed) = lab.run(pipeline);
    assert_eq!(failed.status, Status::Failed);
    let message = failed.message.expect("a reason");
    assert!(message.starts_with("step `model`, pass-part[1]: invalid-input"), "{message}");
    let (_, run) = lab.run(&pipeline.replace("input: all", "input: points"));
    succeeded(&run);
    assert_eq!(run.finished["model"].units_reused, 1, "the first part of the first pass");
}

/// Names are for people: they are in no key.
#[test]
fn renaming_runs_nothing() {
    let lab = Lab::default();
    lab.import("points", &rows(60));
    let (_, first) = lab.run(PIPELINE);
    let renamed = PIPELINE.replace("filled", "imputed").replace("model", "classifier");
    let renamed = renamed.replace("classifier: classifier", "model: classifier");
    let renamed = renamed.replace("classifier: everything", "model: everything");
    let renamed = renamed.replace("classifier: trees", "model: trees");
    let (_, second) = lab.run(&renamed);
    succeeded(&second);
    assert!(
        second.finished.contains_key("classifier") && second.finished.contains_key("imputed.fit")
    );
    assert_eq!((second.units_executed(), second.units_reused()), (0, first.units_executed()));
    let same = refrain_testkit::plugin("impute");
    lab.runner.register_plugin(manifest("fill", "3.0.0"), None, &same).expect("another name");
    let (_, third) = lab.run(&PIPELINE.replace("impute@^0.1", "fill@3"));
    assert_eq!(third.units_executed(), 0, "a plugin's name is in no key either");
}

/// What a run leads to travels whole: a stranger executes it again, decision and drift included.
#[test]
fn bundles_of_training_and_of_deciding_are_valid() {
    let lab = Lab::default();
    // Whoever verifies compiles every component anew, so there are few.
    let pipeline = format!("{SMALL}{RETRAIN}");
    lab.import("points", &rows(60));
    let (trained, run) = lab.run(&pipeline);
    succeeded(&run);
    lab.import("points", &rows(90));
    let (decided, run) = lab.decide(&pipeline);
    succeeded(&run);
    assert!(run.finished.contains_key("retrain.drift"), "the new rows were looked at");
    for id in [trained, decided] {
        let mut bundle = Vec::new();
        lab.runner.bundle(&id, &mut bundle).expect("it can be bundled");
        let options = refrain_runner::ReplayOptions::default();
        let control = refrain_runner::Control::default();
        let report = refrain_runner::verify(&mut &*bundle, options, &control, &mut |_| ());
        let report = report.expect("a report");
        assert!(report.valid, "{id}: {report:?}");
    }
}
