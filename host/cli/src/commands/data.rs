//! `data`: datasets and their versions.

use std::path::Path;
use std::process::ExitCode;

use refrain_api::wire::{DatasetVersionView, Datasets, ImportOptions};

use super::audit::save;
use super::run::import;
use crate::args::{DataVerb, Global};
use crate::client::{Client, escape};
use crate::failure::Hinted;
use crate::output::outln;
use crate::output::{self, Rows, number, short, thousands};
use crate::session::{Missing, connect};

pub(super) fn perform(global: &Global, verb: DataVerb) -> anyhow::Result<ExitCode> {
    match verb {
        DataVerb::Import { dataset, file, append, event_time, kinds, nulls, quarantine } => {
            let options = ImportOptions {
                append,
                event_time,
                schema: kinds.into_iter().collect(),
                null_values: (!nulls.is_empty()).then_some(nulls),
                quarantine,
                expect: Vec::new(),
            };
            let client = connect(global, Missing::Make)?;
            let imported = import(&client, global, &dataset, &file, options)?;
            if global.json {
                output::json(&imported)?;
                return Ok(ExitCode::SUCCESS);
            }
            let (rows, version) = (thousands(imported.rows), &imported.version);
            outln!("{dataset}@{version}: {rows} rows");
            if imported.rows_quarantined > 0 {
                outln!("{} rows quarantined", thousands(imported.rows_quarantined));
            }
            Ok(ExitCode::SUCCESS)
        }
        DataVerb::Export { dataset, output, format } => {
            export(&connect(global, Missing::Refuse)?, global, &dataset, &output, format)
        }
        DataVerb::List => list(&connect(global, Missing::Refuse)?, global),
        DataVerb::Show { dataset } => show(&connect(global, Missing::Refuse)?, global, &dataset),
        DataVerb::Diff { dataset, from, to } => {
            let client = connect(global, Missing::Refuse)?;
            let path = format!("/v1/datasets/{dataset}/diff/{}/{}", escape(&from), escape(&to));
            diff(&client, global, &path)
        }
    }
}

fn list(client: &Client, global: &Global) -> anyhow::Result<ExitCode> {
    let datasets: Datasets = client.get("/v1/datasets")?;
    if global.json {
        output::json(&datasets)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Rows::new(&["dataset", "#rows", "#versions", "version", "from", "to"]);
    for dataset in &datasets.datasets {
        let [from, to] = dataset.event_time.clone().unwrap_or_else(|| ["-".into(), "-".into()]);
        rows.row(&[
            &dataset.dataset,
            &thousands(dataset.rows),
            &dataset.versions,
            &short(&dataset.version),
            &from,
            &to,
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

fn export(
    client: &Client,
    global: &Global,
    dataset: &str,
    output: &Path,
    format: Option<String>,
) -> anyhow::Result<ExitCode> {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let format = format.or_else(|| Some(refrain_data::Format::of_name(&name)?.word().to_owned()));
    let format = format.ok_or_else(|| Hinted {
        message: format!("`{name}` does not say in which format to write"),
        hint: "end it in .csv, .ndjson, .parquet or .arrow, or add `--format`".to_owned(),
    })?;
    let (name, version) = dataset.split_once('@').unwrap_or((dataset, "latest"));
    let path = format!(
        "/v1/datasets/{}/versions/{}/rows?format={}",
        escape(name),
        escape(version),
        escape(&format)
    );
    let size_bytes = save(client, &path, output)?;
    if global.json {
        let path = output.display().to_string();
        output::json(&serde_json::json!({"path": path, "size_bytes": size_bytes}))?;
    } else {
        outln!("{}: {}", output.display(), output::bytes(size_bytes));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(client: &Client, global: &Global, dataset: &str) -> anyhow::Result<ExitCode> {
    let path = match dataset.split_once('@') {
        Some((name, version)) => {
            format!("/v1/datasets/{}/versions/{}", escape(name), escape(version))
        }
        None => format!("/v1/datasets/{}", escape(dataset)),
    };
    let view: DatasetVersionView = client.get(&path)?;
    if global.json {
        output::json(&view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let manifest = &view.manifest;
    outln!("{}@{}: {} rows", manifest.name, view.version, thousands(manifest.rows));
    for source in &manifest.provenance {
        let (file, rows, digest) = (&source.file, source.rows, source.source);
        outln!("  {file}: {} rows, {digest}, by {}", thousands(rows), source.importer);
    }
    for result in &manifest.quality {
        outln!("  {}: {:?} ({})", result.verdict, result.expectation, result.observed);
    }
    outln!();
    let mut rows =
        Rows::new(&["column", "kind", "#nulls", "#min", "#max", "#mean", "#deviation", "top"]);
    for field in &view.schema.fields {
        let Some(statistics) = manifest.statistics.get(&field.name) else { continue };
        let top = statistics.top_values.first().map_or("", |top| top.value.as_str());
        rows.row(&[
            &field.name,
            &field.kind,
            &thousands(statistics.nulls),
            &number(statistics.min),
            &number(statistics.max),
            &number(statistics.mean),
            &number(statistics.deviation),
            &top,
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

fn diff(client: &Client, global: &Global, path: &str) -> anyhow::Result<ExitCode> {
    let diff: refrain_data::VersionDiff = client.get(path)?;
    if global.json {
        output::json(&diff)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(schema) = &diff.schema {
        outln!("schema: {schema}");
    }
    let [before, after] = diff.rows.map(thousands);
    outln!("rows: {before} before, {after} after");
    outln!(
        "chunks: {} shared, {} removed, {} added",
        diff.chunks_shared,
        diff.chunks_removed,
        diff.chunks_added
    );
    let mut rows = Rows::new(&["column", "#mean before", "#mean after", "#nulls before", "#after"]);
    for (column, [before, after]) in &diff.statistics {
        let mean = |side: &Option<refrain_data::ColumnStatistics>| {
            number(side.as_ref().and_then(|statistics| statistics.mean))
        };
        let nulls = |side: &Option<refrain_data::ColumnStatistics>| {
            side.as_ref().map_or_else(|| "-".to_owned(), |s| thousands(s.nulls))
        };
        rows.row(&[column, &mean(before), &mean(after), &nulls(before), &nulls(after)]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}
