//! What always holds, a test each. Corruption and kills (2) are in `crash`, grants (3) in
//! `bad_input` and the sandbox's own tests, serving (7) comes with serving.

use std::sync::Arc;

use refrain_domain::run::{Run, RunEvent, Status};
use refrain_runner::{Control, PipelineSpec, PluginManifest, Runner, RunnerOptions, StoreCatalog};
use refrain_store::{EventAppend, MemoryStore, Publication, Publish as _};
use refrain_testkit::{Refrain, small};
use serde_json::{Value, json};

/// A folder with the dataset `rows`, of hours from 0 on.
fn with_rows(hours: u32) -> Refrain {
    let refrain = Refrain::new();
    let csv = refrain.write("rows.csv", small::hours_csv(0, hours)).display().to_string();
    refrain.json(&["data", "import", "rows", &csv, "--event-time", "at"]);
    refrain
}

fn run(refrain: &Refrain, pipeline: &str, more: &[&str]) -> Value {
    let path = refrain.write("pipeline.yaml", pipeline).display().to_string();
    refrain.json(&[&["run", &path], more].concat())
}

/// Step name to the digests of its outputs.
fn outputs(refrain: &Refrain, run: &Value) -> Value {
    let shown = refrain.json(&["show", run["run"].as_str().expect("a name")]);
    let steps = shown["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| (step["step"].as_str().expect("a name").to_owned(), step["outputs"].clone()))
        .collect()
}

#[test]
fn equal_step_keys_give_equal_outputs_on_any_threads_and_either_backend() {
    let mut first: Option<(Value, Value)> = None;
    for options in [
        ["--threads", "1", "--backend", "cranelift"],
        ["--threads", "2", "--backend", "cranelift"],
        ["--threads", "8", "--backend", "cranelift"],
        ["--threads", "2", "--backend", "pulley"],
    ] {
        let refrain = with_rows(600);
        let run = run(&refrain, small::PIPELINE, &options);
        assert_eq!(run["units_reused"], 0, "{options:?}: every store is new");
        let made = (outputs(&refrain, &run), run["model_version"]["digest"].clone());
        assert!(made.1.is_string(), "{run}");
        match &first {
            None => first = Some(made),
            Some(first) => assert_eq!(*first, made, "{options:?}"),
        }
    }
}

#[test]
fn a_run_with_nothing_new_executes_nothing() {
    let refrain = with_rows(600);
    let first = run(&refrain, small::PIPELINE, &[]);
    let again = run(&refrain, small::PIPELINE, &[]);
    assert_eq!(again["units_executed"], 0, "{again}");
    assert_eq!(again["units_reused"], first["units_executed"]);
    assert_eq!(again["model_version"]["digest"], first["model_version"]["digest"]);
}

#[test]
fn names_of_steps_are_not_in_their_keys() {
    let refrain = with_rows(600);
    run(&refrain, small::PIPELINE, &[]);
    let renamed = small::PIPELINE.replace("scaled", "standardized");
    let again = run(&refrain, &renamed, &[]);
    assert_eq!(again["units_executed"], 0, "{again}");
}

/// A change upstream whose output is the same bytes stops there.
#[test]
fn a_change_that_changes_nothing_is_cut_off_early() {
    let refrain = with_rows(600);
    let with = |expression: &str| {
        small::PIPELINE.replace(
            "  split: {split: {input: rows,",
            &format!(
                "  derived: {{plugin: derive@^0.1, input: rows, params: {{columns: {{z: \"{expression}\"}}}}}}\n  split: {{split: {{input: derived,"
            ),
        )
    };
    let first = run(&refrain, &with("x * 2"), &[]);
    let again = run(&refrain, &with("x + x"), &[]);
    let executed = again["units_executed"].as_u64().expect("a count");
    assert_eq!(executed, 1, "only the changed step runs again: {again}");
    assert_eq!(
        again["units_reused"].as_u64().map(|n| n + executed),
        first["units_executed"].as_u64()
    );
    let other = run(&refrain, &with("x * 3"), &[]);
    assert!(other["units_executed"].as_u64().is_some_and(|n| n > 1), "{other}");
}

#[test]
fn no_data_never_promotes_a_model() {
    let refrain = with_rows(600);
    let good = run(&refrain, small::PIPELINE, &[]);
    assert_eq!(good["verdict"], "pass");
    // All rows are in the training part: nothing is left to judge by.
    let nothing = small::PIPELINE
        .replace("  report:", "  none: {plugin: derive@^0.1, input: scaled.holdout, params: {columns: {keep: \"x < -1000\"}}}\n  empty: {filter: {input: none, by: keep}}\n  report:")
        .replace("input: scaled.holdout, params: {label: late}}", "input: empty, params: {label: late}}");
    let empty = run(&refrain, &nothing, &[]);
    assert_eq!(empty["verdict"], "inconclusive", "{empty}");
    let models = refrain.json(&["models", "small"]);
    let text = models.to_string();
    assert!(text.contains("champion"), "{text}");
    let champion = alias(&models, "champion");
    assert_eq!(champion, good["model_version"]["version"], "the champion stays: {text}");
}

/// The version that an alias names, wherever in the answer it stands.
fn alias(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(object) => {
            if let Some(version) = object.get("aliases").and_then(|aliases| aliases.get(name)) {
                return version.clone();
            }
            let is_it = object.get("aliases").and_then(Value::as_array);
            if is_it.is_some_and(|aliases| aliases.contains(&json!(name))) {
                return object.get("version").cloned().unwrap_or_default();
            }
            object
                .values()
                .map(|value| alias(value, name))
                .find(|v| !v.is_null())
                .unwrap_or_default()
        }
        Value::Array(items) => {
            items.iter().map(|value| alias(value, name)).find(|v| !v.is_null()).unwrap_or_default()
        }
        _ => Value::Null,
    }
}

#[test]
fn the_first_cause_of_a_difference_is_named() {
    let refrain = with_rows(600);
    let first = run(&refrain, small::PIPELINE, &[]);
    let first = first["run"].as_str().expect("a name");
    let cause = |pipeline: &str| {
        let second = run(&refrain, pipeline, &[]);
        let diff = refrain.json(&["diff", first, second["run"].as_str().expect("a name")]);
        diff["first_cause"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(cause(small::PIPELINE), "", "the same plan");
    let param = cause(&small::PIPELINE.replace("columns: [x, y]", "columns: [x]"));
    assert!(param.contains("step `scaled") && param.contains("`columns`"), "{param}");
    let seed =
        cause(&small::PIPELINE.replace("input: scaled.train,", "seed: 8, input: scaled.train,"));
    assert!(seed.contains("step `model`") && seed.contains("seed"), "{seed}");
    let gate = cause(&small::PIPELINE.replace("lower_bound: 0.6", "lower_bound: 0.61"));
    assert!(gate.contains("gate"), "{gate}");
    let csv = refrain.write("more.csv", small::hours_csv(600, 1)).display().to_string();
    refrain.json(&["data", "import", "rows", &csv, "--event-time", "at", "--append"]);
    let input = cause(small::PIPELINE);
    assert!(input.contains("input `rows`") && input.contains("601"), "{input}");
}

#[test]
fn a_run_is_the_fold_of_its_events_at_every_point() {
    let store = Arc::new(MemoryStore::new());
    let runner = Runner::new(store.clone(), RunnerOptions::default()).expect("a runner");
    register(&runner);
    let (id, run, events) = whole_run(&runner);
    assert_eq!(run.status, Status::Succeeded);
    for n in 1..events.len() {
        let part = &events[..n];
        let folded = Run::fold(part).expect("every prefix is a state");
        assert_eq!(folded.events_seen(part), n);
        let copy = format!("{id}-cut-{n}");
        let encode = |event| serde_json::to_vec(event).expect("an event has a form");
        let append = EventAppend {
            stream: format!("runs/{copy}"),
            expected_len: Some(0),
            events: part.iter().map(encode).collect(),
        };
        let publication = Publication { events: vec![append], ..Publication::default() };
        store.publish(&publication).expect("published");
        let driven = runner.drive(&copy, &Control::default(), &|_| ()).expect("driven on");
        assert_eq!(driven.status, Status::Succeeded, "from event {n}");
        assert_eq!(driven.verdict, run.verdict, "from event {n}");
        let outputs = |run: &Run| -> Vec<_> {
            run.finished.iter().map(|(step, done)| (step.clone(), done.outputs.clone())).collect()
        };
        assert_eq!(outputs(&driven), outputs(&run), "from event {n}");
        let digest = |run: &Run| run.model_version.as_ref().map(|model| model.digest);
        assert_eq!(digest(&driven), digest(&run), "from event {n}");
    }
}

/// How many events a state stands for: folding them one by one takes each of them.
trait Seen {
    fn events_seen(&self, events: &[RunEvent]) -> usize;
}

impl Seen for Run {
    fn events_seen(&self, events: &[RunEvent]) -> usize {
        let mut run = Run::fold(&events[..1]).expect("submitted");
        let taken = events[1..].iter().filter(|event| run.apply(event)).count();
        assert_eq!(run.status, self.status, "a fold is its events applied one by one");
        assert_eq!(run.finished.len(), self.finished.len());
        taken + 1
    }
}

fn register(runner: &Runner) {
    for name in ["standardize", "logistic-regression", "classification"] {
        let manifest: PluginManifest =
            serde_json::from_value(json!({"name": name, "version": "0.1.0"})).expect("a manifest");
        runner.register_plugin(manifest, &refrain_testkit::plugin(name)).expect("registered");
    }
}

fn whole_run(runner: &Runner) -> (String, Run, Vec<RunEvent>) {
    let folder = Refrain::new();
    folder.write("rows.csv", small::rows_csv());
    let text = small::PIPELINE.replace("dataset: rows,", "dataset: rows, path: rows.csv,");
    let spec = PipelineSpec::parse(&text).expect("a pipeline");
    let versions = runner.import_inputs(&spec, folder.path(), &mut |_, _| ()).expect("imported");
    let catalog = StoreCatalog::resolve(runner, &spec, &versions).expect("a catalog");
    let plan = refrain_runner::plan(&spec, &catalog).expect("a plan");
    let id = runner.submit(&plan).expect("submitted");
    runner.drive(&id, &Control::default(), &|_| ()).expect("driven");
    let (run, events) = runner.run(&id).expect("there");
    (id, run, events)
}
