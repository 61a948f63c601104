//! What a command works on: a store of this machine behind the router, or a server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use refrain_admission::TrustedKeys;
use refrain_api::{App, AppOptions};
use refrain_runner::{Runner, RunnerOptions, SignaturePolicy};
use refrain_store::{DynStore, SledStore, StoreError};

use crate::args::{Global, PolicyArgs};
use crate::bundled;
use crate::client::{Client, Local, Remote};
use crate::failure::{Hinted, Refused};
use crate::interrupt;

/// Where a store is unless told.
const STORE: &str = ".refrain";

/// The store of this process. It is held to the end, and never dropped: closing it is enough, and taking
/// its memory apart takes as long as reading a run.
static OPENED: OnceLock<Arc<SledStore>> = OnceLock::new();

/// What to do where there is no store yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Make one: the command will fill it.
    Make,
    /// Say so: there is nothing to show.
    Refuse,
}

/// Connects to the server that was named, or opens the store of this machine.
pub(crate) fn connect(global: &Global, missing: Missing) -> anyhow::Result<Client> {
    if let Some(server) = &global.server {
        interrupt::listen(None);
        return Ok(Client::new(Box::new(Remote::new(server, global.token.as_deref())?)));
    }
    let options =
        AppOptions { has_local_files: true, tells_internals: true, ..AppOptions::default() };
    let app = open(global, missing, options)?;
    interrupt::listen(Some(&app));
    Ok(Client::new(Box::new(Local::new(app)?)))
}

/// Saves what the store still holds. The process is about to end.
pub(crate) fn close() {
    if let Some(store) = OPENED.get() {
        store.close();
    }
}

/// Opens the store and what stands on it.
pub(crate) fn open(global: &Global, missing: Missing, options: AppOptions) -> anyhow::Result<App> {
    let path = store_path(global);
    if missing == Missing::Refuse && !path.exists() {
        return Err(no_store(&path).into());
    }
    let store = Arc::new(SledStore::open(&path).map_err(|error| refuse(&error, &path))?);
    // No command opens a second one.
    drop(OPENED.set(store.clone()));
    let runner = RunnerOptions {
        threads: global.threads,
        cache_dir: Some(compiled_dir(&path)),
        backend: global.backend.into(),
        admission: global.policy.admission,
        signatures: signature_policy(&global.policy)?,
    };
    let runner = Arc::new(Runner::new(store.clone() as Arc<DynStore>, runner)?);
    runner.register_bundled(&bundled::plugins())?;
    Ok(App::new(runner, Some(store), options))
}

fn signature_policy(policy: &PolicyArgs) -> anyhow::Result<SignaturePolicy> {
    let keys = match &policy.trusted_keys {
        None => TrustedKeys::default(),
        Some(path) => {
            let file = || format!("the trusted keys in {}", path.display());
            std::fs::read_to_string(path).with_context(file)?.parse().with_context(file)?
        }
    };
    Ok(SignaturePolicy { mode: policy.signatures, keys })
}

pub(crate) fn store_path(global: &Global) -> PathBuf {
    global.store.clone().unwrap_or_else(|| PathBuf::from(STORE))
}

/// Where compiled components are kept: for all stores of a user, since a component is the same in
/// each. It can be deleted at any time.
pub(crate) fn compiled_dir(store: &Path) -> PathBuf {
    let dir = refrain_toolchain::cache_dir("REFRAIN_COMPILED_DIR", "compiled");
    dir.unwrap_or_else(|| store.join("compiled"))
}

pub(crate) fn no_store(path: &Path) -> Hinted {
    Hinted {
        message: format!("there is no store at {}", path.display()),
        hint: "`refrain init` makes one, and so do `refrain run` and `refrain data import`; \
               `--store` names another"
            .to_owned(),
    }
}

/// A store that does not open: told like every other refusal.
fn refuse(error: &StoreError, path: &Path) -> anyhow::Error {
    use axum::http::StatusCode;
    let (status, code) = match error {
        StoreError::InUse { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store-in-use"),
        StoreError::DiskFull { .. } => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
        StoreError::Format { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "store-format"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "store"),
    };
    let detail = match error {
        // These name the path themselves.
        StoreError::InUse { .. } | StoreError::Format { .. } => error.to_string(),
        _ => format!("the store at {}: {error}", path.display()),
    };
    Refused(refrain_api::Problem::new(status, code, detail)).into()
}
