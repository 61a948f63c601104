//! `plugin`: components in the registry, and on the way there.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use refrain_api::wire::{PluginView, Plugins};

use super::signing::{self, Subject};
use super::{author, distribution, inspect, recordings};
use crate::args::{Global, PluginVerb, PushArgs};
use crate::client::escape;
use crate::output::outln;
use crate::output::{self, Rows, bytes, short, thousands};
use crate::session::{Missing, connect};

pub(super) fn perform(global: &Global, verb: PluginVerb) -> anyhow::Result<ExitCode> {
    match verb {
        PluginVerb::List => list(global, "/v1/plugins"),
        PluginVerb::Show { plugin } => list(global, &format!("/v1/plugins/{}", escape(&plugin))),
        PluginVerb::Inspect { file } => inspect::inspect(global, &file),
        PluginVerb::New { name, world, language, into } => {
            author::new(global, &into, &name, world, language)
        }
        PluginVerb::Build { project } => author::make(global, &project),
        PluginVerb::Test { project, component, replay: None } => {
            author::test(global, &project, component)
        }
        PluginVerb::Test { project, component, replay: Some(recording) } => {
            recordings::retry(global, &project, component, &recording)
        }
        PluginVerb::Record { run, step, output } => {
            recordings::record(global, &run, &step, &output)
        }
        PluginVerb::Push(PushArgs { plugin, to: Some(to), registry }) => {
            distribution::push(global, plugin, &to, &registry)
        }
        PluginVerb::Push(push) => self::push(global, push),
        PluginVerb::Pull(pull) => distribution::pull(global, pull),
        PluginVerb::Yank { plugin, version, undo } => {
            yank(global, &plugin, &version.to_string(), undo)
        }
        PluginVerb::Keygen { output } => signing::keygen(global, &output),
        PluginVerb::Sign { key, plugin } => signing::sign(global, &key, plugin),
    }
}

fn push(global: &Global, push: PushArgs) -> anyhow::Result<ExitCode> {
    let (subject, signature) = distribution::subject(push.plugin, &push.registry)?;
    let Subject { component, manifest, .. } = subject;
    let mut path = format!(
        "/v1/plugins?name={}&version={}&grants={}",
        escape(&manifest.name),
        escape(&manifest.version.to_string()),
        escape(&signing::grants(&manifest.grants).join(","))
    );
    if let Some(licence) = &manifest.licence {
        path += &format!("&licence={}", escape(licence));
    }
    if let Some(signature) = signature {
        path += &format!("&signature={}", escape(&signature.to_string()));
    }
    let client = connect(global, Missing::Make)?;
    let plugin: PluginView = client.upload(&path, "application/wasm", component)?;
    tell(global, &plugin)
}

/// What is known of a version, in a few lines.
fn tell(global: &Global, plugin: &PluginView) -> anyhow::Result<ExitCode> {
    if global.json {
        output::json(plugin)?;
        return Ok(ExitCode::SUCCESS);
    }
    let PluginView { name, version, world, digest, signature, admission, .. } = plugin;
    outln!("{name}@{version}: {world}, {digest}{}", if plugin.yanked { ", yanked" } else { "" });
    match &signature.reason {
        Some(reason) => outln!("signature: {}: {reason}", signature.state),
        None => outln!("signature: {}", signature.state),
    }
    let Some(admission) = admission else { return Ok(ExitCode::SUCCESS) };
    outln!("contract: {}, {} laws", admission.verdict, admission.checks.len());
    for check in admission.checks.iter().filter(|check| check.verdict == "failed") {
        outln!("  {}: {}", check.name, check.detail);
    }
    if let (Some(fuel), Some(memory)) = (admission.fuel_per_row, admission.memory_bytes_peak) {
        let beside = admission.compared.as_ref().map_or_else(String::new, |compared| {
            let (fuel, memory) = (compared.fuel_per_row, compared.memory_bytes_peak);
            format!("; {fuel:.2} × the fuel and {memory:.2} × the memory of {}", compared.version)
        });
        outln!("use: {} fuel a row, {} of memory{beside}", thousands(fuel), bytes(memory));
    }
    Ok(ExitCode::SUCCESS)
}

fn yank(global: &Global, plugin: &str, version: &str, undo: bool) -> anyhow::Result<ExitCode> {
    let verb = if undo { "unyank" } else { "yank" };
    let path = format!("/v1/plugins/{}/{}/{verb}", escape(plugin), escape(version));
    let plugin: PluginView = connect(global, Missing::Refuse)?.post(&path, &())?;
    tell(global, &plugin)
}

fn list(global: &Global, path: &str) -> anyhow::Result<ExitCode> {
    let plugins: Plugins = connect(global, Missing::Make)?.get(path)?;
    if global.json {
        output::json(&plugins)?;
        return Ok(ExitCode::SUCCESS);
    }
    let header =
        ["plugin", "version", "world", "contract", "signature", "grants", "#size", "digest"];
    let mut rows = Rows::new(&header);
    for plugin in &plugins.plugins {
        let version = match plugin.yanked {
            true => format!("{} (yanked)", plugin.version),
            false => plugin.version.clone(),
        };
        rows.row(&[
            &plugin.name,
            &version,
            &plugin.world,
            &plugin.admission.as_ref().map_or("-", |admission| &admission.verdict),
            &plugin.signature.state,
            &if plugin.grants.is_empty() { "-".to_owned() } else { plugin.grants.join(", ") },
            &bytes(plugin.size_bytes),
            &short(&plugin.digest),
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("the component {} cannot be read", file.display()))
}
