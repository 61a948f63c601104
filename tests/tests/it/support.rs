//! Folders with a pipeline and tiny data, and goldens beside them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refrain_domain::Table;
use refrain_domain::plan::{OutputKind, Plan};
use refrain_domain::run::Run;
use refrain_runner::{Runner, RunnerOptions};
use refrain_store::SledStore;
use refrain_testkit::Refrain;

/// `tests/tests/cases/…`.
pub fn cases(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(kind)
}

/// The entries of a folder, by name.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// The last part of a path, without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Copies the files of a folder into the project's.
pub fn copy_files(from: &Path, refrain: &Refrain) {
    for path in entries(from).into_iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        refrain.write(&name, std::fs::read(&path).expect("a readable file"));
    }
}

/// Every table that a run made, by step and output: its digest, and its rows if they are few.
pub fn tables(refrain: &Refrain, run: &str) -> serde_json::Value {
    let store = SledStore::open(&refrain.store()).expect("the store opens");
    let runner = Runner::new(Arc::new(store), RunnerOptions::default()).expect("a runner");
    let (run, _) = runner.run(run).expect("the run is there");
    let plan = runner.plan_of(&run).expect("so is its plan");
    serde_json::Value::Object(named_tables(&runner, &plan, &run).collect())
}

fn named_tables(
    runner: &Runner,
    plan: &Plan,
    run: &Run,
) -> impl Iterator<Item = (String, serde_json::Value)> {
    let outputs = plan.steps.iter().flat_map(|step| step.outputs.iter().map(move |o| (step, o)));
    let tables = outputs.filter(|(_, output)| matches!(output.kind, OutputKind::Table(_)));
    tables.filter_map(|(step, output)| {
        let digest = run.finished.get(&step.name)?.outputs.get(&output.name)?;
        let table: Table = runner.read_manifest("table", digest).expect("a table");
        let name = format!("{}.{}", step.name, output.name);
        let name = name.strip_suffix(".out").unwrap_or(&name).to_owned();
        let shown = serde_json::json!({ "digest": digest, "rows": rows(runner, &table) });
        Some((name, shown))
    })
}

/// Tables of more rows are told by their digest alone.
const ROWS_SHOWN_MAX: u64 = 12;

fn rows(runner: &Runner, table: &Table) -> serde_json::Value {
    if table.rows() > ROWS_SHOWN_MAX {
        return serde_json::json!(table.rows());
    }
    let kinds: Vec<String> =
        table.schema.fields.iter().map(|field| field.kind.to_string()).collect();
    let mut lines = vec![kinds.join(",")];
    let mut text = Vec::new();
    let has_vectors = kinds.iter().any(|kind| kind == "vector");
    let format = if has_vectors { refrain_data::Format::NdJson } else { refrain_data::Format::Csv };
    runner.export(table, format, &mut text).expect("exports");
    lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
    serde_json::json!(lines)
}
