//! `plugin record` and `plugin test --replay`: a plugin on what it was given in production.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use refrain_runner::{
    Control, RetriedUnit, RetryReport, RunnerOptions, Spent, retry as retry_units,
};

use super::audit::{code_of, save};
use super::author::component_of;
use crate::args::Global;
use crate::client::escape;
use crate::output::{self, Rows, bytes, outln, thousands};
use crate::progress::Spinner;
use crate::session::{self, Missing, connect};

pub(super) fn record(
    global: &Global,
    run: &str,
    step: &str,
    to: &Path,
) -> anyhow::Result<ExitCode> {
    let client = connect(global, Missing::Refuse)?;
    let spinner = Spinner::new(global, format!("recording {step} of {run}"));
    let path = format!("/v1/runs/{}/steps/{}/recording", escape(run), escape(step));
    let size_bytes = save(&client, &path, to)?;
    drop(spinner);
    if global.json {
        let path = to.display().to_string();
        output::json(&serde_json::json!({
            "run": run, "step": step, "path": path, "size_bytes": size_bytes,
        }))?;
    } else {
        let to = to.display();
        outln!("{to}: {}; next, where the plugin is written:", bytes(size_bytes));
        outln!("  refrain plugin test --replay {to}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Needs no store and no server: the recording has all of it.
pub(super) fn retry(
    global: &Global,
    project: &Path,
    component: Option<PathBuf>,
    recording: &Path,
) -> anyhow::Result<ExitCode> {
    let (_, component) = component_of(project, component)?;
    let file = std::fs::File::open(recording)
        .with_context(|| format!("the recording {} cannot be read", recording.display()))?;
    let mut file = std::io::BufReader::with_capacity(1 << 20, file);
    let options = RunnerOptions {
        cache_dir: Some(session::compiled_dir(&session::store_path(global))),
        ..RunnerOptions::default()
    };
    let spinner = Spinner::new(global, format!("replaying {}", recording.display()));
    let mut watch = |unit: &str| spinner.say(format!("replaying {unit}"));
    let (backend, control) = (global.backend.into(), Control::default());
    let report = retry_units(&mut file, &component, &options, backend, &control, &mut watch)
        .with_context(|| recording.display().to_string())?;
    drop(spinner);
    if global.json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    Ok(code_of(report.identical))
}

fn print(report: &RetryReport) {
    let mut rows = Rows::new(&["unit", "outcome", "#fuel", "#memory", "#time"]);
    for unit in &report.units {
        rows.row(&[
            &unit.name,
            &outcome(unit),
            &beside(unit, |spent| spent.fuel, thousands),
            &beside(unit, |spent| spent.memory_bytes_peak, bytes),
            &beside(unit, |spent| spent.wall_us, |us| format!("{} µs", thousands(us))),
        ]);
    }
    rows.print();
    let differ = report.units.iter().filter(|unit| outcome(unit) != "identical").count();
    let (n, RetryReport { run, step, .. }) = (report.units.len(), report);
    outln!("step `{step}` of run {run}: {n} units, {differ} differ");
}

fn outcome(unit: &RetriedUnit) -> String {
    match (&unit.failure, &unit.difference) {
        (Some(failure), _) => failure.to_string(),
        (None, Some(difference)) => difference.clone(),
        (None, None) => "identical".to_owned(),
    }
}

/// What was used then, and what is used now where that is something else.
fn beside(
    unit: &RetriedUnit,
    field: impl Fn(&Spent) -> u64,
    show: impl Fn(u64) -> String,
) -> String {
    let before = field(&unit.recorded);
    match unit.now.as_ref().map(field) {
        Some(now) if now != before => format!("{} → {}", show(before), show(now)),
        _ => show(before),
    }
}
