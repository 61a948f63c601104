//! `init`, `gc`, `fsck`, `backup`, `restore`, `rebuild-index`, `schema`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use refrain_api::wire::{BackupRequest, Checked, Collected};
use refrain_runner::PipelineSpec;
use refrain_store::SledStore;

use crate::args::Global;
use crate::client::Client;
use crate::output::outln;
use crate::output::{self, bytes, thousands};
use crate::progress::Spinner;
use crate::session::{Missing, connect, no_store, store_path};

pub(super) fn init(global: &Global) -> anyhow::Result<ExitCode> {
    let path = store_path(global);
    let existed = path.exists();
    drop(connect(global, Missing::Make)?);
    if !global.json {
        let path = path.display();
        outln!(
            "{}",
            if existed { format!("{path} is a store already") } else { format!("made {path}") }
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn gc(client: &Client, global: &Global, dry_run: bool) -> anyhow::Result<ExitCode> {
    let spinner = Spinner::new(global, "sweeping");
    let path = format!("/v1/store/gc?dry_run={dry_run}");
    let collected: Collected = client.watch(&path, &serde_json::json!({}), &mut |_| {})?;
    drop(spinner);
    if global.json {
        output::json(&collected)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (kept, swept) = (thousands(collected.kept), thousands(collected.swept));
    let verb = if dry_run { "would sweep" } else { "swept" };
    outln!("{verb} {swept} artifacts ({}), kept {kept}", bytes(collected.freed_bytes));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn fsck(client: &Client, global: &Global) -> anyhow::Result<ExitCode> {
    let spinner = Spinner::new(global, "reading everything");
    let checked: Checked = client.watch("/v1/store/fsck", &serde_json::json!({}), &mut |_| {})?;
    drop(spinner);
    if global.json {
        output::json(&checked)?;
    } else {
        outln!("{} artifacts verified", thousands(checked.verified));
        for fault in &checked.faults {
            outln!("{}", fault.detail);
        }
    }
    Ok(if checked.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn backup(client: &Client, global: &Global, to: &Path) -> anyhow::Result<ExitCode> {
    let spinner = Spinner::new(global, "copying");
    let path = if client.is_local() { std::path::absolute(to)? } else { to.to_owned() };
    let path = path.to_str().context("the folder's name is not UTF-8")?.to_owned();
    let request = BackupRequest { path };
    let done: BackupRequest = client.watch("/v1/store/backup", &request, &mut |_| {})?;
    drop(spinner);
    if global.json {
        output::json(&done)?;
    } else {
        outln!("copied to {}; `refrain restore` makes a store of it", done.path);
    }
    Ok(ExitCode::SUCCESS)
}

/// Before there is a store, so not over the API.
pub(super) fn restore(global: &Global, from: &Path) -> anyhow::Result<ExitCode> {
    let to = store_path(global);
    let spinner = Spinner::new(global, "copying");
    SledStore::restore(from, &to)?;
    drop(spinner);
    outln!("{} is a store again", to.display());
    Ok(ExitCode::SUCCESS)
}

/// While the store cannot be opened, so not over the API.
pub(super) fn rebuild_index(global: &Global) -> anyhow::Result<ExitCode> {
    let path = store_path(global);
    if !path.exists() {
        return Err(no_store(&path).into());
    }
    let spinner = Spinner::new(global, "reading packs");
    let report = SledStore::rebuild_index(&path)?;
    drop(spinner);
    let (n_artifacts, n_changes) = (thousands(report.n_artifacts), thousands(report.n_changes));
    outln!("{n_artifacts} artifacts and {n_changes} changes of refs and events came back");
    if report.n_damaged > 0 {
        outln!("{} places are damaged: `refrain fsck` lists them", report.n_damaged);
    }
    if let Some(aside) = report.set_aside {
        outln!("the index that was there is now {}", aside.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn schema() -> anyhow::Result<ExitCode> {
    output::json(&PipelineSpec::json_schema())?;
    Ok(ExitCode::SUCCESS)
}
