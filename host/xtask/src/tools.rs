//! Programs that a fresh machine may lack.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use xtask::workspace::cargo;

const NEXTEST_VERSION: &str = "0.9.143";
const DENY_VERSION: &str = "0.20.2";

/// Installs cargo-nextest if it is missing.
///
/// # Errors
/// If it is missing and cannot be installed.
pub fn need_nextest(target: &Path) -> anyhow::Result<()> {
    if answers(cargo().args(["nextest", "--version"])) {
        return Ok(());
    }
    eprintln!("cargo-nextest is missing: installing {NEXTEST_VERSION}");
    let install = ["install", "cargo-nextest", "--locked", "--version", NEXTEST_VERSION];
    // Beside the workspace's own artifacts, so that neither cleans up after the other.
    let status = cargo().args(install).env("CARGO_TARGET_DIR", target.join("tools")).status()?;
    if !status.success() {
        bail!("cargo-nextest is missing, and `cargo {}` failed", install.join(" "));
    }
    Ok(())
}

/// Whether `cargo deny` can be run; says how to install it if not.
pub fn has_deny() -> bool {
    let has = answers(cargo().args(["deny", "--version"]));
    if !has {
        println!(
            "licences and bans not checked: cargo-deny is missing \
             (cargo install cargo-deny --locked --version {DENY_VERSION})"
        );
    }
    has
}

/// Names the rustup component that `cargo fmt` or `cargo clippy` needs, if it is missing.
///
/// # Errors
/// If it is.
pub fn need_component(verb: &str, component: &str) -> anyhow::Result<()> {
    if answers(cargo().args([verb, "--version"])) {
        return Ok(());
    }
    bail!("cargo {verb} is missing (rustup component add {component})");
}

/// A program whose failure is the caller's answer.
///
/// # Errors
/// If it cannot be started.
pub fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    let name = command.get_program().to_string_lossy().into_owned();
    Ok(command.status().with_context(|| format!("{name} does not start"))?.success())
}

fn answers(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
