//! The sandbox against guests that are wrong in every way that we could think of, and against the
//! reference plugins.
//!
//! Texts that people read are kept in `messages/`; set `REFRAIN_UPDATE=1` to write them anew.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(clippy::disallowed_methods, reason = "deadlines are measured with a clock")]

mod admission;
mod batches;
mod cache;
mod mismatch;
mod numbers;
mod outcomes;
mod plugins;
mod virtual_wasi;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use refrain_domain::{Backend, Digest, Grant, Limits};
use refrain_sandbox::{Plugin, Sandbox, SandboxOptions, UnitContext};
use refrain_testkit::guest;

/// One sandbox a backend for the whole run: its engine starts once.
static CRANELIFT: LazyLock<Sandbox> = LazyLock::new(|| sandbox(Backend::Cranelift));
static PULLEY: LazyLock<Sandbox> = LazyLock::new(|| sandbox(Backend::Pulley));

fn sandbox(backend: Backend) -> Sandbox {
    Sandbox::new(SandboxOptions { backend, ..SandboxOptions::default() }).unwrap()
}

fn both() -> [&'static Sandbox; 2] {
    [&CRANELIFT, &PULLEY]
}

#[track_caller]
fn load_in(sandbox: &Sandbox, component: &[u8], grants: &[Grant]) -> Plugin {
    let bytes = || Ok(Arc::from(component));
    match sandbox.load(Digest::of(component), &bytes, grants) {
        Ok(plugin) => plugin,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn load(component: &[u8]) -> Plugin {
    load_in(&CRANELIFT, component, &[])
}

/// Small enough that every limit is reached in a moment.
fn small() -> UnitContext {
    let limits = Limits {
        fuel: 50_000_000,
        memory_bytes_max: 64 << 20,
        table_elements_max: 10_000,
        output_bytes_max: 1_000,
    };
    UnitContext { limits, ..UnitContext::default() }
}

/// Compares a text with the one in `messages/`.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages").join(name);
    if std::env::var_os("REFRAIN_UPDATE").is_some() {
        return std::fs::write(path, format!("{}\n", text.trim_end())).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text.trim_end(), expected.trim_end(), "messages/{name} says otherwise");
}
