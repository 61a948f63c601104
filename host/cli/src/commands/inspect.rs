//! `plugin inspect`: what a component is, ours or not. Needs no store and no server: it looks at
//! bytes, and nobody vouches for what they say of themselves.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use refrain_admission::Embedded;
use refrain_domain::Digest;
use refrain_sandbox::{ComponentInfo, Sandbox};
use refrain_toolchain::Said;
use serde_json::json;

use super::plugin::read;
use super::signing;
use crate::args::Global;
use crate::output::{self, bytes, outln};

pub(super) fn inspect(global: &Global, file: &Path) -> anyhow::Result<ExitCode> {
    let component = read(file)?;
    let info = Sandbox::inspect(&component).with_context(|| file.display().to_string())?;
    // Sections that say nothing sensible are told, and the rest is shown.
    let said = Said::read(&component).map_err(|error| error.to_string());
    let ours = Embedded::read(&component).map_err(|error| error.to_string());
    let digest = Digest::of(&component);
    if global.json {
        output::json(&json!({
            "digest": digest,
            "world": info.world.as_ref().map(ToString::to_string),
            "imports": info.imports,
            "exports": info.exports,
            "size_bytes": info.size_bytes,
            "functions": info.n_functions,
            "metadata": said.as_ref().ok(),
            "metadata_fault": said.as_ref().err(),
            "plugin": ours.as_ref().ok(),
            "plugin_fault": ours.as_ref().err(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    outln!("digest       {digest}");
    print_outline(&info);
    match said {
        Ok(said) => print_said(&said),
        Err(fault) => outln!("metadata     {fault}"),
    }
    match ours {
        Ok(Some(ours)) => print_ours(&ours),
        Ok(None) => {}
        Err(fault) => outln!("plugin       {fault}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_outline(info: &ComponentInfo) {
    let world = info.world.as_ref().map(ToString::to_string);
    outln!("world        {}", world.as_deref().unwrap_or("none of Refrain's"));
    outln!("size         {}, {} functions", bytes(info.size_bytes as u64), info.n_functions);
    let list = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join("\n             "),
    };
    outln!("imports      {}", list(&info.imports));
    outln!("exports      {}", list(&info.exports));
}

fn print_said(said: &Said) {
    let fields = [
        ("name", &said.name),
        ("version", &said.version),
        ("description", &said.description),
        ("authors", &said.authors),
        ("licence", &said.licence),
        ("source", &said.source),
        ("revision", &said.revision),
        ("homepage", &said.homepage),
    ];
    for (field, value) in fields {
        if let Some(value) = value {
            outln!("{field:<12} {value}");
        }
    }
    for (field, tools) in &said.producers {
        let told =
            |(tool, version): (&String, &String)| format!("{tool} {version}").trim_end().to_owned();
        let tools: Vec<String> = tools.iter().map(told).collect();
        outln!("{field:<12} {}", tools.join(", "));
    }
    let largest = said.modules.iter().map(|module| module.size_bytes).max().unwrap_or(0);
    outln!("modules      {}, the largest has {}", said.modules.len(), bytes(largest));
}

fn print_ours(ours: &Embedded) {
    let grants = signing::grants(&ours.grants);
    outln!(
        "grants       {}",
        if grants.is_empty() { "none".to_owned() } else { grants.join(", ") }
    );
    let parameters =
        ours.params_schema.as_ref().and_then(|schema| schema["properties"].as_object());
    let names: Vec<&str> =
        parameters.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    outln!(
        "parameters   {}",
        if names.is_empty() { "not said".to_owned() } else { names.join(", ") }
    );
    outln!("cases        {}", ours.cases.len());
}
