//! Golden pipelines: what good ones make, and what bad ones are told.
//!
//! `cases/good/NAME/` holds a pipeline, its data, perhaps a `before.yaml` that runs first, and what
//! came of it in `expected.json`. `cases/bad/NAME.yaml` stands beside the exact complaint in
//! `NAME.err`; their data are in `cases/bad/data/`. `REFRAIN_BLESS=1` writes the goldens anew.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use refrain_testkit::{Refrain, check_golden};
use serde_json::{Value, json};

use crate::support::{cases, copy_files, entries, stem, tables};

#[test]
fn good_pipelines_make_what_they_made() {
    let folders = entries(&cases("good"));
    assert!(folders.len() >= 12, "only {} cases were found", folders.len());
    report(&folders, good);
}

#[test]
fn bad_pipelines_are_told_what_is_wrong() {
    let folder = cases("bad");
    let is_pipeline = |path: &&PathBuf| path.extension().is_some_and(|e| e == "yaml");
    let paths = entries(&folder);
    let pipelines: Vec<_> = paths.iter().filter(is_pipeline).cloned().collect();
    assert!(pipelines.len() >= 30, "only {} cases were found", pipelines.len());
    report(&pipelines, |path| bad(&folder, path));
}

/// Commands that run side by side: they wait for the disk more than they compute.
const AT_ONCE: usize = 6;

/// Fails with every complaint, not the first alone.
fn report(cases: &[PathBuf], check: impl Fn(&Path) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let work = || -> Vec<String> {
        let claim = || cases.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(claim).filter_map(|case| check(case).err()).collect()
    };
    let complaints: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a case panicked")).collect()
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn good(folder: &Path) -> Result<(), String> {
    let refrain = Refrain::new();
    copy_files(folder, &refrain);
    if folder.join("before.yaml").is_file() {
        refrain.json(&["run", "before.yaml"]);
    }
    let is_decision = folder.join("retrain").is_file();
    let verb = if is_decision { "retrain" } else { "run" };
    let answer = refrain.json(&[verb, "pipeline.yaml"]);
    let run = if is_decision { &answer["decision"] } else { &answer };
    let name = run["run"].as_str().expect("a run has a name");
    let found = json!({
        "status": run["status"],
        "units": run["units_executed"],
        "verdict": run["verdict"],
        "gate": gate(run),
        "model": run["model_version"]["model"].as_str().map(|_| model(&run["model_version"])),
        "reports": reports(run),
        "decision": run["decision"],
        "drift": rounded(run["drift"].clone()),
        "tables": tables(&refrain, name),
    });
    let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
    check_golden(&folder.join("expected.json"), &text)?;
    let again = refrain.json(&["replay", name, "--backend", "pulley"]);
    match again["identical"] == true {
        true => Ok(()),
        false => Err(format!("{}: on Pulley: {}", folder.display(), again["difference"])),
    }
}

fn gate(run: &Value) -> Vec<String> {
    let rules = run["gate"].as_array().into_iter().flatten();
    rules.map(|rule| format!("{}: {}", text(&rule["verdict"]), text(&rule["detail"]))).collect()
}

fn model(version: &Value) -> String {
    let alias = version["alias"].as_str().map_or_else(String::new, |alias| format!("@{alias}"));
    format!("{}/{}{alias}", text(&version["model"]), version["version"])
}

/// Metrics on a line each: `accuracy carrier=AA (12 rows): 0.5`.
fn reports(run: &Value) -> Value {
    let reports = run["reports"].as_object().cloned().unwrap_or_default();
    let lines = |metrics: &Value| -> Vec<String> {
        metrics.as_array().into_iter().flatten().map(metric).collect()
    };
    Value::Object(reports.iter().map(|(step, m)| (step.clone(), json!(lines(m)))).collect())
}

fn metric(metric: &Value) -> String {
    let tags = |key: &str| -> String {
        let tags = metric[key].as_object().into_iter().flatten();
        tags.map(|(name, value)| format!(" {name}={}", text(value))).collect()
    };
    let place = tags("slice") + &tags("part");
    let value = rounded(metric["value"].clone());
    format!("{}{place} ({} rows): {value}", text(&metric["metric"]), metric["n_rows"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// Numbers to nine decimals: what a reader compares by hand. The tables' digests compare the rest.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            json!((number.as_f64().unwrap_or(f64::NAN) * 1e9).round() / 1e9)
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, rounded(v))).collect(),
        other => other,
    }
}

fn bad(folder: &Path, pipeline: &Path) -> Result<(), String> {
    let refrain = Refrain::new();
    copy_files(&folder.join("data"), &refrain);
    let name = format!("{}.yaml", stem(pipeline));
    refrain.write(&name, std::fs::read(pipeline).expect("a readable file"));
    let output = refrain.run(&["run", &name, "--quiet"]);
    if output.success {
        return Err(format!("{name} succeeded: {}", output.stdout));
    }
    let here = refrain.path().display().to_string();
    let said = if output.stderr.is_empty() { ending(&output.stdout) } else { output.stderr };
    check_golden(&pipeline.with_extension("err"), &said.replace(&here, "<folder>"))
}

/// What a failed run says below its first line, which tells the time.
fn ending(stdout: &str) -> String {
    stdout.lines().skip(1).map(|line| format!("{line}\n")).collect()
}
