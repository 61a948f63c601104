//! `plugin new|build|test`: an author's side of a plugin. None of it needs a store or a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use refrain_admission::{Case, Provers, Report, Verdict, prove};
use refrain_authoring::{CaseOutcome, Language, Project, build, read_cases, run_case, scaffold};
use refrain_domain::{Backend, Digest, Role};
use refrain_sandbox::{Sandbox, SandboxOptions, UnitContext};
use serde_json::json;

use crate::args::Global;
use crate::output::{self, Rows, bytes, outln, thousands};
use crate::session;

pub(super) fn new(
    global: &Global,
    into: &Path,
    name: &str,
    world: Role,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let dir = scaffold(into, name, world, language)?;
    if global.json {
        output::json(&json!({"project": dir, "world": world, "language": language}))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{}: a {world} in {language}; next:", dir.display());
    outln!("  cd {} && refrain plugin build && refrain plugin test", dir.display());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn make(global: &Global, project: &Path) -> anyhow::Result<ExitCode> {
    let built = build(&Project::open(project)?)?;
    if global.json {
        output::json(&json!({
            "component": built.path,
            "digest": built.digest,
            "size_bytes": built.component.len(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let size = bytes(built.component.len() as u64);
    outln!("{}: {size}, {}", built.path.display(), built.digest);
    Ok(ExitCode::SUCCESS)
}

/// Golden cases first, then the laws: what a registration would say.
pub(super) fn test(
    global: &Global,
    project: &Path,
    component: Option<PathBuf>,
) -> anyhow::Result<ExitCode> {
    let (path, component) = component_of(project, component)?;
    let project = Project::open(project)?;
    let cases = read_cases(&project.cases())?;
    let provers = provers(global)?;
    let grants = &project.manifest.grants;
    let info = provers.cranelift.admit(&component, grants);
    let info = info.with_context(|| path.display().to_string())?;
    if info.world.as_ref().map(|world| world.role) != Some(project.manifest.world) {
        let found = info.world.map_or_else(|| "no world".to_owned(), |world| world.to_string());
        let asked = project.manifest.world;
        bail!("{} implements {found}, but plugin.toml says `{asked}`", path.display());
    }
    let outcomes = golden(&provers.cranelift, &component, grants, &cases)?;
    let cases: Vec<Case> = cases.into_iter().map(|(_, case)| case).collect();
    let report = prove(&provers, &component, grants, &cases);
    let failed = outcomes.iter().filter(|outcome| outcome.fault.is_some()).count();
    let is_good = failed == 0 && report.verdict() != Verdict::Failed;
    if global.json {
        let cases: Vec<_> = outcomes
            .iter()
            .map(|case| {
                json!({
                    "name": case.name, "fault": case.fault, "fuel": case.fuel,
                    "memory_bytes_peak": case.memory_bytes_peak,
                })
            })
            .collect();
        output::json(&json!({
            "passed": is_good, "cases": cases, "admission": report,
            "digest": Digest::of(&component),
        }))?;
    } else {
        print(&outcomes, &report);
        outln!(
            "{} cases, {failed} failed; {} laws, {} failed",
            outcomes.len(),
            report.checks.len(),
            report.failures().count()
        );
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The component that was named, or the one that `build` made.
pub(super) fn component_of(
    project: &Path,
    named: Option<PathBuf>,
) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let path = match named {
        Some(path) => path,
        None => Project::open(project)?.component(),
    };
    let component = std::fs::read(&path).with_context(|| {
        format!("the component {} cannot be read: run `refrain plugin build`", path.display())
    })?;
    Ok((path, component))
}

fn golden(
    sandbox: &Sandbox,
    component: &[u8],
    grants: &[refrain_domain::Grant],
    cases: &[(String, Case)],
) -> anyhow::Result<Vec<CaseOutcome>> {
    let plugin = sandbox.load(Digest::of(component), &|| Ok(component.into()), grants)?;
    let context = UnitContext::default();
    Ok(cases.iter().map(|(name, case)| run_case(&plugin, &context, name, case)).collect())
}

fn print(outcomes: &[CaseOutcome], report: &Report) {
    let mut rows = Rows::new(&["case", "outcome", "#fuel", "#memory"]);
    for case in outcomes {
        let outcome = case.fault.as_deref().unwrap_or("passed");
        rows.row(&[&case.name, &outcome, &thousands(case.fuel), &bytes(case.memory_bytes_peak)]);
    }
    rows.print();
    let mut rows = Rows::new(&["law", "outcome", "why"]);
    for check in &report.checks {
        rows.row(&[&check.name, &check.verdict, &check.detail]);
    }
    rows.print();
    if let Some(baseline) = &report.baseline {
        let per_row = baseline.fuel / baseline.rows.max(1);
        let peak = bytes(baseline.memory_bytes_peak);
        outln!("{} fuel a row, {peak} of memory at most", thousands(per_row));
    }
}

/// Both backends, over the compile cache of all stores.
fn provers(global: &Global) -> anyhow::Result<Provers> {
    let cache_dir = Some(session::compiled_dir(&session::store_path(global)));
    let sandbox = |backend| {
        let cache_dir = cache_dir.clone();
        Sandbox::new(SandboxOptions { cache_dir, backend, ..SandboxOptions::default() })
    };
    Ok(Provers { cranelift: sandbox(Backend::Cranelift)?, pulley: sandbox(Backend::Pulley)? })
}
