//! `runs`, `show`, `cancel`, `resume`.

use std::process::ExitCode;

use refrain_api::wire::{ResumeRequest, RunView, Runs};

use super::run::{code_of, follow};
use super::show::{print_decision, print_drift, print_run, print_steps};
use crate::args::Global;
use crate::client::{Client, escape};
use crate::output::outln;
use crate::output::{self, Rows, duration, or_dash};
use crate::progress::Spinner;

pub(super) fn list(
    client: &Client,
    global: &Global,
    pipeline: Option<String>,
    status: Option<String>,
    limit: usize,
) -> anyhow::Result<ExitCode> {
    let mut path = format!("/v1/runs?limit={limit}");
    for (key, value) in [("pipeline", pipeline), ("status", status)] {
        if let Some(value) = value {
            path += &format!("&{key}={}", escape(&value));
        }
    }
    let runs: Runs = client.get(&path)?;
    if global.json {
        output::json(&runs)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows =
        Rows::new(&["run", "status", "verdict", "model", "#executed", "#reused", "#time", "at"]);
    for run in &runs.runs {
        rows.row(&[
            &run.run,
            &run.status,
            &or_dash(run.verdict.as_deref()),
            &or_dash(run.model_version.as_deref()),
            &run.units_executed,
            &run.units_reused,
            &duration(run.wall_ms),
            &run.submitted_at,
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(client: &Client, global: &Global, run: &str) -> anyhow::Result<ExitCode> {
    let run: RunView = client.get(&format!("/v1/runs/{}", escape(run)))?;
    if global.json {
        output::json(&run)?;
        return Ok(ExitCode::SUCCESS);
    }
    if run.decision.is_some() {
        print_decision(&run);
        print_drift(&run);
    } else {
        print_run(&run);
    }
    print_steps(&run);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn cancel(client: &Client, global: &Global, run: &str) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/runs/{}/cancel", escape(run));
    let run: RunView = client.post(&path, &serde_json::json!({}))?;
    if global.json {
        output::json(&run)?;
    } else {
        outln!("run {}: {}", run.run, run.status);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn resume(client: &Client, global: &Global, run: &str) -> anyhow::Result<ExitCode> {
    let spinner = Spinner::new(global, format!("resuming {run}"));
    let path = format!("/v1/runs/{}", escape(run));
    let _: RunView = client.post(&format!("{path}/resume"), &ResumeRequest::default())?;
    follow(client, &spinner, run)?;
    drop(spinner);
    let run: RunView = client.get(&path)?;
    if global.json {
        output::json(&run)?;
    } else {
        print_run(&run);
    }
    Ok(code_of(&run))
}
