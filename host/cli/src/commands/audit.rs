//! `replay`, `diff`, `bundle`, `verify`, `artifact`: what an auditor does.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use refrain_api::wire::ReplayRequest;
use refrain_runner::{Control, ReplayOptions, ReplayReport, RunDiff};

use crate::args::Global;
use crate::client::{Client, escape};
use crate::output::outln;
use crate::output::{self, Rows, number, thousands};
use crate::progress::Spinner;

pub(super) fn replay(client: &Client, global: &Global, run: &str) -> anyhow::Result<ExitCode> {
    let report = replayed(client, global, run, global.backend.into())?;
    if global.json {
        output::json(&report)?;
    } else {
        print_replay(run, &report);
    }
    Ok(code_of(report.identical))
}

/// Replays a run on a backend.
pub(super) fn replayed(
    client: &Client,
    global: &Global,
    run: &str,
    backend: refrain_domain::Backend,
) -> anyhow::Result<ReplayReport> {
    let spinner = Spinner::new(global, format!("replaying {run} on {backend}"));
    let request = ReplayRequest { backend: Some(backend.to_string()), threads: global.threads };
    let path = format!("/v1/runs/{}/replay", escape(run));
    client.watch(&path, &request, &mut |progress| {
        let step = progress["step"].as_str().unwrap_or_default();
        spinner.say(format!("replaying {run} on {backend}: {step}"));
    })
}

pub(super) fn print_replay(run: &str, report: &ReplayReport) {
    let (units, steps) = (thousands(report.units_compared), report.steps_compared);
    match &report.difference {
        None => outln!(
            "run {run} replayed on {}: identical, {units} units of {steps} steps compared",
            report.backend
        ),
        Some(difference) => outln!("run {run} replayed on {}: {difference}", report.backend),
    }
}

pub(super) fn diff(client: &Client, global: &Global, a: &str, b: &str) -> anyhow::Result<ExitCode> {
    let diff: RunDiff = client.get(&format!("/v1/runs/{}/diff/{}", escape(a), escape(b)))?;
    if global.json {
        output::json(&diff)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(cause) = &diff.first_cause else {
        outln!("{a} and {b} have the same plan and the same outputs");
        return Ok(ExitCode::SUCCESS);
    };
    outln!("first cause: {cause}");
    for other in diff.causes.iter().skip(1) {
        outln!("also: {other}");
    }
    if !diff.steps.is_empty() {
        outln!("steps with other outputs: {}", diff.steps.join(", "));
    }
    if !diff.metrics.is_empty() {
        let mut rows = Rows::new(&["metric", &format!("#{a}"), &format!("#{b}")]);
        for (name, [x, y]) in &diff.metrics {
            rows.row(&[name, &number(*x), &number(*y)]);
        }
        rows.print();
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn bundle(
    client: &Client,
    global: &Global,
    run: &str,
    to: &Path,
) -> anyhow::Result<ExitCode> {
    let size_bytes = bundled(client, global, run, to)?;
    let size = output::bytes(size_bytes);
    if global.json {
        let path = to.display().to_string();
        output::json(&serde_json::json!({"run": run, "path": path, "size_bytes": size_bytes}))?;
    } else {
        outln!("{}: {size}; `refrain verify {}` checks it", to.display(), to.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a bundle; answers its length.
pub(super) fn bundled(
    client: &Client,
    global: &Global,
    run: &str,
    to: &Path,
) -> anyhow::Result<u64> {
    let _spinner = Spinner::new(global, format!("bundling {run}"));
    save(client, &format!("/v1/runs/{}/bundle", escape(run)), to)
}

/// Downloads a file beside its place, then moves it there: what is there is whole.
pub(super) fn save(client: &Client, path: &str, to: &Path) -> anyhow::Result<u64> {
    let mut body = client.download(path)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let place = || format!("{} cannot be written", to.display());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
    let mut file = file.with_context(place)?;
    let size_bytes = std::io::copy(&mut body, &mut file).with_context(place)?;
    file.flush().with_context(place)?;
    file.persist(to).with_context(place)?;
    Ok(size_bytes)
}

/// Not over the API: whoever verifies trusts this process and nothing else.
pub(super) fn verify(global: &Global, bundle: &Path) -> anyhow::Result<ExitCode> {
    let report = verified(global, bundle)?;
    if global.json {
        output::json(&report)?;
    } else {
        print_verification(bundle, &report);
    }
    Ok(code_of(report.valid))
}

pub(super) fn verified(
    global: &Global,
    bundle: &Path,
) -> anyhow::Result<refrain_runner::VerifyReport> {
    let spinner = Spinner::new(global, format!("verifying {}", bundle.display()));
    let file = std::fs::File::open(bundle).with_context(|| bundle.display().to_string())?;
    let mut file = std::io::BufReader::with_capacity(1 << 20, file);
    let options = ReplayOptions { backend: global.backend.into(), threads: global.threads };
    let mut watch = |step: &str| spinner.say(format!("verifying {}: {step}", bundle.display()));
    Ok(refrain_runner::verify(&mut file, options, &Control::default(), &mut watch)?)
}

pub(super) fn print_verification(bundle: &Path, report: &refrain_runner::VerifyReport) {
    let name = bundle.display();
    match (&report.problem, report.valid) {
        (None, true) => {
            let units = report.replay.as_ref().map_or(0, |replay| replay.units_compared);
            outln!(
                "{name} is valid: run {}, {} artifacts, {} units executed again",
                report.run.as_deref().unwrap_or("-"),
                thousands(report.artifacts),
                thousands(units)
            );
        }
        (problem, _) => outln!("{name} is NOT valid: {}", output::or_dash(problem.as_deref())),
    }
}

pub(super) fn artifact(
    client: &Client,
    digest: &str,
    output: Option<PathBuf>,
) -> anyhow::Result<ExitCode> {
    let mut body = client.download(&format!("/v1/artifacts/{}", escape(digest)))?;
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).context("the answer was cut short")?;
    match output {
        Some(path) => std::fs::write(&path, &bytes).with_context(|| path.display().to_string())?,
        None => output::raw(&bytes),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn code_of(holds: bool) -> ExitCode {
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
