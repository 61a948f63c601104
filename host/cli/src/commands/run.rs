//! `run`, `retrain`, `plan`: from a pipeline's file to a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use refrain_api::wire::{
    CompileRequest, ImportOptions, ImportPath, ImportSource, Imported, PlanView, Purpose,
    RunRequest, RunView, Submitted,
};
use refrain_domain::Digest;
use refrain_runner::PipelineSpec;

use super::show::{print_decision, print_run};
use crate::args::{Global, PipelineArgs};
use crate::client::{Client, escape};
use crate::failure::Refused;
use crate::interrupt;
use crate::output;
use crate::output::outln;
use crate::progress::Spinner;

pub(super) fn run(
    client: &Client,
    global: &Global,
    args: &PipelineArgs,
) -> anyhow::Result<ExitCode> {
    let request = prepare(client, global, args, Purpose::Train)?;
    let run = submit(client, global, &request)?;
    if global.json {
        output::json(&run)?;
    } else {
        print_run(&run);
    }
    Ok(code_of(&run))
}

pub(super) fn retrain(
    client: &Client,
    global: &Global,
    args: &PipelineArgs,
) -> anyhow::Result<ExitCode> {
    let request = prepare(client, global, args, Purpose::Decide)?;
    let (decision, run) = decide_and_train(client, global, request)?;
    if global.json {
        output::json(&serde_json::json!({ "decision": decision, "run": run }))?;
    } else {
        print_decision(&decision);
        run.iter().for_each(print_run);
    }
    Ok(code_of(run.as_ref().unwrap_or(&decision)))
}

/// Asks the trigger; trains if it fires.
pub(super) fn decide_and_train(
    client: &Client,
    global: &Global,
    request: RunRequest,
) -> anyhow::Result<(RunView, Option<RunView>)> {
    let decision =
        submit(client, global, &RunRequest { purpose: Purpose::Decide, ..request.clone() })?;
    let fires = decision.decision.as_ref().is_some_and(|decision| decision.verdict == "fire");
    let train = RunRequest { purpose: Purpose::Train, ..request };
    let run = fires.then(|| submit(client, global, &train)).transpose()?;
    Ok((decision, run))
}

pub(super) fn plan(
    client: &Client,
    global: &Global,
    args: &PipelineArgs,
) -> anyhow::Result<ExitCode> {
    let request = prepare(client, global, args, Purpose::Train)?;
    let plan: PlanView = client.post("/v1/plans", &request)?;
    if global.json {
        output::json(&plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("plan {}", plan.plan);
    let mut rows = output::Rows::new(&["step", "does", "plugin", "reads"]);
    for step in &plan.steps {
        let plugin = output::or_dash(step.plugin.as_deref());
        rows.row(&[&step.step, &step.op, &plugin, &step.inputs.join(", ")]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

/// Reads the pipeline, and makes dataset versions of the files that it names.
pub(super) fn prepare(
    client: &Client,
    global: &Global,
    args: &PipelineArgs,
    purpose: Purpose,
) -> anyhow::Result<RunRequest> {
    let path = &args.pipeline;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the pipeline {} cannot be read", path.display()))?;
    let spec = PipelineSpec::parse(&text).map_err(|error| invalid(path, &error.to_string()))?;
    let mut inputs: BTreeMap<String, String> = args.inputs.iter().cloned().collect();
    let plugins = spec.plugins().into_iter().map(str::to_owned).collect();
    let _: serde_json::Value = client.post("/v1/plugins/compile", &CompileRequest { plugins })?;
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    for (name, input) in &spec.inputs {
        if let Some(file) = input.path.as_ref().filter(|_| !inputs.contains_key(name)) {
            let options = ImportOptions::of_input(input);
            let imported = import(client, global, &input.dataset, &base.join(file), options)?;
            inputs.insert(name.clone(), imported.version);
        }
    }
    Ok(RunRequest { pipeline: text, inputs, purpose })
}

/// The same words as the server would use, with the file's name.
fn invalid(path: &Path, problem: &str) -> anyhow::Error {
    let status = axum::http::StatusCode::BAD_REQUEST;
    let detail = format!("{}: {problem}", path.display());
    Refused(refrain_api::Problem::new(status, "invalid-pipeline", detail)).into()
}

/// Makes a dataset version of a file.
pub(super) fn import(
    client: &Client,
    global: &Global,
    dataset: &str,
    file: &Path,
    options: ImportOptions,
) -> anyhow::Result<Imported> {
    let spinner = Spinner::new(global, format!("importing {}", file.display()));
    let mut watch = |progress: &serde_json::Value| {
        let rows = progress["rows"].as_u64().unwrap_or(0);
        spinner.say(format!("importing {}: {} rows", file.display(), output::thousands(rows)));
    };
    let path = format!("/v1/datasets/{}/versions", escape(dataset));
    if client.is_local() {
        let absolute: PathBuf = std::path::absolute(file)?;
        let path_in_request = absolute.to_str().context("the file's name is not UTF-8")?.to_owned();
        return client.watch(&path, &ImportPath { path: path_in_request, options }, &mut watch);
    }
    match known(client, dataset, file, &options)? {
        Some(imported) => Ok(imported),
        None => client.send_file(&path, &options, file, &mut watch),
    }
}

/// What the server made of the same file before, if it remembers: then it need not be sent.
fn known(
    client: &Client,
    dataset: &str,
    file: &Path,
    options: &ImportOptions,
) -> anyhow::Result<Option<Imported>> {
    if options.append {
        return Ok(None);
    }
    let hashed = std::fs::File::open(file).and_then(Digest::of_reader);
    let source = hashed.with_context(|| format!("{} cannot be read", file.display()))?;
    let request = ImportSource {
        source: source.to_string(),
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        options: options.clone(),
    };
    let found = client.post(&format!("/v1/datasets/{}/sources", escape(dataset)), &request);
    match found {
        Ok(imported) => Ok(Some(imported)),
        // Also what a server says that has no such route.
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|Refused(problem)| problem.code() == "not-found")
}

/// Submits a run and follows it to its end.
pub(super) fn submit(
    client: &Client,
    global: &Global,
    request: &RunRequest,
) -> anyhow::Result<RunView> {
    let spinner = Spinner::new(global, "planning");
    let submitted: Submitted = client.post("/v1/runs", request)?;
    follow(client, &spinner, &submitted.run)?;
    client.get(&format!("/v1/runs/{}", escape(&submitted.run)))
}

/// Shows the steps of a run as they end.
pub(super) fn follow(client: &Client, spinner: &Spinner, run: &str) -> anyhow::Result<()> {
    spinner.say(format!("running {run}"));
    interrupt::advise(Some(match client.is_local() {
        true => format!("; `refrain resume {run}` goes on"),
        false => format!("; run {run} goes on, and `refrain cancel {run}` ends it"),
    }));
    client.follow(&format!("/v1/runs/{}/events", escape(run)), &mut |event| {
        if event.name == "step-finished" {
            let step = event.data["step"].as_str().unwrap_or_default();
            let executed = event.data["units_executed"].as_u64().unwrap_or(0);
            let reused = event.data["units_reused"].as_u64().unwrap_or(0);
            let ms = event.data["wall_us"].as_i64().map(|us| us / 1_000);
            let time = output::duration(ms);
            spinner.note(format!("  {step}: {executed} executed, {reused} reused, {time}"));
            spinner.say(format!("running {run}: {step} done"));
        }
    })?;
    // What rests because of Ctrl-C has not ended.
    interrupt::check()?;
    interrupt::advise(None);
    Ok(())
}

/// A run that came to its end is a success, whatever its gate said.
pub(super) fn code_of(run: &RunView) -> ExitCode {
    if run.status == "succeeded" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
