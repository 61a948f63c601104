//! `models`, `promote`, `rollback`.

use std::process::ExitCode;

use refrain_api::wire::{AliasMove, ModelVersionView, Models};

use crate::args::Global;
use crate::client::{Client, escape};
use crate::output::outln;
use crate::output::{self, Rows, short};

pub(super) fn list(
    client: &Client,
    global: &Global,
    model: Option<String>,
) -> anyhow::Result<ExitCode> {
    let path = model
        .map_or_else(|| "/v1/models".to_owned(), |model| format!("/v1/models/{}", escape(&model)));
    let models: Models = client.get(&path)?;
    if global.json {
        output::json(&models)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Rows::new(&["model", "#version", "verdict", "aliases", "digest"]);
    for model in &models.models {
        rows.row(&[
            &model.model,
            &model.version,
            &model.verdict,
            &model.aliases.join(", "),
            &short(&model.digest),
        ]);
    }
    rows.print();
    Ok(ExitCode::SUCCESS)
}

pub(super) fn promote(
    client: &Client,
    global: &Global,
    model: &str,
    version: u64,
    alias: &str,
) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/models/{}/aliases/{}", escape(model), escape(alias));
    moved(global, &client.put(&path, &AliasMove { version })?, alias)
}

pub(super) fn rollback(
    client: &Client,
    global: &Global,
    model: &str,
    alias: &str,
) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/models/{}/aliases/{}/rollback", escape(model), escape(alias));
    moved(global, &client.post(&path, &serde_json::json!({}))?, alias)
}

fn moved(global: &Global, to: &ModelVersionView, alias: &str) -> anyhow::Result<ExitCode> {
    if global.json {
        output::json(to)?;
    } else {
        outln!("`{alias}` of {} is version {} ({})", to.model, to.version, short(&to.digest));
    }
    Ok(ExitCode::SUCCESS)
}
