//! `demo`: a year of flights, month by month, in a store of its own.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use refrain_api::wire::{ImportOptions, Purpose, RunRequest, RunView};
use refrain_domain::Backend;
use refrain_runner::PipelineSpec;

use super::audit::{bundled, print_replay, print_verification, replayed, verified};
use super::run::{decide_and_train, import, prepare, submit};
use super::show::{print_run, print_slices};
use crate::args::{Global, PipelineArgs};
use crate::client::Client;
use crate::failure::Hinted;
use crate::interrupt;
use crate::output::outln;
use crate::output::{number, thousands};
use crate::session::{Missing, connect};

/// The metrics that the demo shows by slice.
const METRICS: [&str; 4] = ["roc_auc", "average_precision", "log_loss", "brier_score"];

pub(super) fn demo(global: &Global, example: &Path) -> anyhow::Result<ExitCode> {
    if !example.join("data/flights.csv.gz").is_file() {
        return Err(Hinted {
            message: format!("there is no example at {}", example.display()),
            hint: "run it from the root of a clone, or name the folder with `--example`".to_owned(),
        }
        .into());
    }
    let folder = tempfile::tempdir().context("no folder for the demo's store")?;
    interrupt::forget(folder.path().to_owned());
    let store = global.store.clone().unwrap_or_else(|| folder.path().join("store"));
    let global = Global { store: Some(store), server: None, json: false, ..global.clone() };
    let client = connect(&global, Missing::Make)?;
    let started = now();
    heading(
        "1. The whole year at once: train on January to October, evaluate on November and December",
    );
    whole_year(&client, &global, example)?;
    heading(
        "2. Month by month: data arrives, drift and trigger decide, a challenger must beat the champion",
    );
    let last = month_by_month(&client, &global, example, folder.path())?;
    heading("3. The model in place, by slice");
    for column in ["origin", "carrier", "time_hour"] {
        if let Some(report) = last.reports.get("report") {
            print_slices(report, column, &METRICS);
            outln!();
        }
    }
    heading("4. Replay: every component again, on the portable interpreter, without the cache");
    let report = replayed(&client, &global, &last.run, Backend::Pulley)?;
    print_replay(&last.run, &report);
    ensure!(report.identical, "the replay must be identical");
    heading("5. A bundle, verified where there is no store; then with one byte flipped");
    flip_a_byte(&client, &global, &last.run, folder.path())?;
    outln!("\ndone in {:.0} s", started.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "for people: how long the demo took")]
fn now() -> Instant {
    Instant::now()
}

fn heading(text: &str) {
    outln!("\n== {text}\n");
}

fn whole_year(client: &Client, global: &Global, example: &Path) -> anyhow::Result<()> {
    let pipeline = example.join("pipeline.yaml");
    let args = PipelineArgs { pipeline, inputs: Vec::new() };
    let request = prepare(client, global, &args, Purpose::Train)?;
    let run = submit(client, global, &request)?;
    print_run(&run);
    ensure!(run.status == "succeeded", "the run must succeed");
    let again = submit(client, global, &request)?;
    outln!(
        "\nthe same again: {} units executed, {} reused, {} ms",
        again.units_executed,
        again.units_reused,
        again.wall_ms.unwrap_or(0)
    );
    ensure!(again.units_executed == 0, "a run with nothing new to do executes nothing");
    Ok(())
}

/// Returns the run that made the model in place at the end.
fn month_by_month(
    client: &Client,
    global: &Global,
    example: &Path,
    folder: &Path,
) -> anyhow::Result<RunView> {
    let pipeline = example.join("monthly.yaml");
    let text = std::fs::read_to_string(&pipeline)
        .with_context(|| format!("{} cannot be read", pipeline.display()))?;
    let spec = PipelineSpec::parse(&text)?;
    let flights = split_by_month(&example.join("data/flights.csv.gz"), &folder.join("flights"))?;
    let weather = split_by_month(&example.join("data/weather.csv.gz"), &folder.join("weather"))?;
    let mut champion = None;
    for (month, file) in &flights {
        let mut rows = 0;
        for (name, file) in [("weather", weather.get(month)), ("flights", Some(file))] {
            let (Some(input), Some(file)) = (spec.inputs.get(name), file) else { continue };
            let options = ImportOptions { append: true, ..ImportOptions::of_input(input) };
            rows = import(client, global, &input.dataset, file, options)?.rows;
        }
        let request = RunRequest {
            pipeline: text.clone(),
            inputs: BTreeMap::new(),
            purpose: Purpose::Decide,
        };
        let (decision, run) = decide_and_train(client, global, request)?;
        print_month(month, rows, &decision, run.as_ref())?;
        if let Some(run) = run.filter(is_promoted) {
            champion = Some(run);
        }
    }
    champion.context("no month made a model: the gate let none through")
}

fn is_promoted(run: &RunView) -> bool {
    run.model_version.as_ref().is_some_and(|model| model.alias.is_some())
}

fn print_month(
    month: &str,
    rows: u64,
    decision: &RunView,
    run: Option<&RunView>,
) -> anyhow::Result<()> {
    let Some(decided) = &decision.decision else {
        bail!("{}", decision.message.as_deref().unwrap_or("the trigger did not decide"));
    };
    let auc = decision.metrics.get("roc_auc").copied().flatten();
    let seen = auc.map_or_else(String::new, |auc| format!(", champion's ROC AUC on it {auc:.4}"));
    outln!("{month}  {} rows{seen}", thousands(rows));
    outln!("         {}: {}", decided.verdict, decided.reason);
    let Some(run) = run else { return Ok(()) };
    if run.status != "succeeded" {
        bail!("{}", run.message.as_deref().unwrap_or("the run failed"));
    }
    let challenger = run.metrics.get("roc_auc").copied().flatten();
    let baseline = run.reports.iter().find(|(step, _)| step.contains(".baseline-"));
    let baseline = baseline.and_then(|(_, metrics)| {
        let overall = |m: &&refrain_api::wire::MetricView| {
            m.metric == "roc_auc" && m.slice.is_empty() && m.part.is_empty()
        };
        metrics.iter().find(overall)?.value
    });
    let against = match baseline {
        Some(baseline) => format!(" against the champion's {baseline:.4}"),
        None => String::new(),
    };
    let model = run.model_version.as_ref();
    let model = model.map_or_else(String::new, |m| format!("{}/{}", m.model, m.version));
    let end = if is_promoted(run) {
        "promoted".to_owned()
    } else {
        let why = run.gate.iter().find(|rule| rule.verdict.as_deref() != Some("pass"));
        format!("not promoted: {}", why.map_or("", |rule| rule.detail.as_str()))
    };
    outln!("         {model}: ROC AUC {}{against} — {end}", number(challenger));
    Ok(())
}

/// Cuts a gzipped CSV file into one for each month, as the data would arrive.
fn split_by_month(file: &Path, folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
    let inflated = flate2::bufread::MultiGzDecoder::new(BufReader::new(opened));
    let mut reader = csv::Reader::from_reader(inflated);
    let header = reader.byte_headers()?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|column| column == name.as_bytes());
        found.with_context(|| format!("{} has no column `{name}`", file.display()))
    };
    let (year, month_of_year) = (column("year")?, column("month")?);
    let mut months: BTreeMap<String, (PathBuf, csv::Writer<std::fs::File>)> = BTreeMap::new();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let text = |column: usize| String::from_utf8_lossy(&record[column]).into_owned();
        let month = format!("{}-{:0>2}", text(year), text(month_of_year));
        if !months.contains_key(&month) {
            let path = folder.join(format!("{month}.csv"));
            let mut writer = csv::Writer::from_path(&path)?;
            writer.write_byte_record(&header)?;
            months.insert(month.clone(), (path, writer));
        }
        if let Some((_, writer)) = months.get_mut(&month) {
            writer.write_byte_record(&record)?;
        }
    }
    let mut paths = BTreeMap::new();
    for (month, (path, mut writer)) in months {
        writer.flush()?;
        paths.insert(month, path);
    }
    Ok(paths)
}

fn flip_a_byte(client: &Client, global: &Global, run: &str, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("run.refrain.tar");
    bundled(client, global, run, &path)?;
    let report = verified(global, &path)?;
    print_verification(Path::new("the bundle"), &report);
    ensure!(report.valid, "the bundle must be valid");
    let mut bytes = std::fs::read(&path)?;
    let at = bytes.len() / 3 * 2;
    bytes[at] ^= 1;
    std::fs::File::create(&path)?.write_all(&bytes)?;
    let report = verified(global, &path)?;
    print_verification(Path::new("the bundle with one bit of it flipped"), &report);
    ensure!(!report.valid, "the flipped byte must be caught");
    Ok(())
}
