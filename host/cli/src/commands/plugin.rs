//! `plugin`: components in the registry, and on the way there.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use refrain_admission::Embedded;
use refrain_api::wire::{PluginView, Plugins};
use refrain_authoring::Project;
use refrain_domain::Grant;
use refrain_sandbox::Sandbox;

use super::author;
use crate::args::{Global, PluginVerb, PushArgs};
use crate::client::escape;
use crate::output::outln;
use crate::output::{self, Rows, bytes, short};
use crate::session::{Missing, connect};

pub(super) fn perform(global: &Global, verb: PluginVerb) -> anyhow::Result<ExitCode> {
    match verb {
        PluginVerb::List => list(global, "/v1/plugins"),
        PluginVerb::Show { plugin } => list(global, &format!("/v1/plugins/{}", escape(&plugin))),
        PluginVerb::Inspect { file } => inspect(global, &file),
        PluginVerb::New { name, world, language, into } => {
            author::new(global, &into, &name, world, language)
        }
        PluginVerb::Build { project } => author::make(global, &project),
        PluginVerb::Test { project, component } => author::test(global, &project, component),
        PluginVerb::Push(push) => self::push(global, push),
    }
}

/// What the operator says counts; for the rest the component speaks for itself.
fn push(global: &Global, push: PushArgs) -> anyhow::Result<ExitCode> {
    let file = match push.file {
        Some(file) => file,
        None => Project::open(Path::new("."))?.component(),
    };
    let component = read(&file)?;
    let said =
        Embedded::read(&component).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let missing = |flag: &str, example: &str| {
        let file = file.display();
        anyhow!(
            "{file} does not say its {flag}: build it with `refrain plugin build`, or add `{example}`"
        )
    };
    let name = push.name.or_else(|| Some(said.as_ref()?.name.clone()));
    let version = push.version.or_else(|| Some(said.as_ref()?.version.to_string()));
    let grants = if push.grants.is_empty() {
        let asked = said.iter().flat_map(|said| &said.grants);
        asked.map(|Grant::Wasi| "wasi".to_owned()).collect()
    } else {
        push.grants
    };
    let mut path = format!(
        "/v1/plugins?name={}&version={}&grants={}",
        escape(&name.ok_or_else(|| missing("name", "--name NAME"))?),
        escape(&version.ok_or_else(|| missing("version", "--as 0.1.0"))?),
        escape(&grants.join(","))
    );
    if let Some(licence) = push.licence {
        path += &format!("&licence={}", escape(&licence));
    }
    let client = connect(global, Missing::Make)?;
    let plugin: PluginView = client.upload(&path, "application/wasm", component)?;
    if global.json {
        output::json(&plugin)?;
    } else {
        let PluginView { name, version, world, digest, .. } = &plugin;
        outln!("{name}@{version}: {world}, {digest}");
    }
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, path: &str) -> anyhow::Result<ExitCode> {
    let plugins: Plugins = connect(global, Missing::Make)?.get(path)?;
    if global.json {
        output::json(&plugins)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Rows::new(&["plugin", "version", "world", "grants", "#size", "digest"]);
    for plugin in &plugins.plugins {
        rows.row(&[
            &plugin.name,
            &plugin.version,
            &plugin.world,
            &if plugin.grants.is_empty() { "-".to_owned() } else { plugin.grants.join(", ") },
            &bytes(plugin.size_bytes),
            &short(&plugin.digest),
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

/// Needs no store and no server: it looks at bytes.
fn inspect(global: &Global, file: &Path) -> anyhow::Result<ExitCode> {
    let component = read(file)?;
    let info = Sandbox::inspect(&component).with_context(|| file.display().to_string())?;
    let digest = refrain_domain::Digest::of(&component).to_string();
    let world = info.world.as_ref().map(ToString::to_string);
    if global.json {
        output::json(&serde_json::json!({
            "digest": digest,
            "world": world,
            "imports": info.imports,
            "exports": info.exports,
            "size_bytes": info.size_bytes,
            "functions": info.n_functions,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("digest     {digest}");
    outln!("world      {}", world.as_deref().unwrap_or("none of Refrain's"));
    outln!("size       {}, {} functions", bytes(info.size_bytes as u64), info.n_functions);
    let list = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join("\n           "),
    };
    outln!("imports    {}", list(&info.imports));
    outln!("exports    {}", list(&info.exports));
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("the component {} cannot be read", file.display()))
}
