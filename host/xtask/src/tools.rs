//! Programs that a fresh machine may lack.

use std::path::{Path, PathBuf};
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

/// The program of an OCI registry: the one that is installed, or else Debian's, unpacked beside the
/// other tools. Nothing of it is installed or started.
///
/// # Errors
/// If it is missing and cannot be fetched.
pub fn need_docker_registry() -> anyhow::Result<PathBuf> {
    const NAME: &str = "docker-registry";
    if answers(Command::new(NAME).arg("--version")) {
        return Ok(NAME.into());
    }
    let tools = refrain_toolchain::cache_dir("REFRAIN_TOOLS_DIR", "tools");
    let dir = tools.unwrap_or_else(std::env::temp_dir).join(NAME);
    let program = dir.join("usr/bin").join(NAME);
    if answers(Command::new(&program).arg("--version")) {
        return Ok(program);
    }
    eprintln!("{NAME} is missing: fetching Debian's");
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let fetch = || answers(Command::new("apt-get").args(["download", NAME]).current_dir(&dir));
    let fetched = fetch() || (answers(Command::new("apt-get").arg("update")) && fetch());
    // The shell finds the file, whose name has a version in it.
    let unpack = ["-c", "for deb in *.deb; do dpkg-deb -x \"$deb\" .; done"];
    if fetched && answers(Command::new("sh").args(unpack).current_dir(&dir)) && program.is_file() {
        return Ok(program);
    }
    bail!(
        "{NAME} is missing, and Debian's cannot be fetched: apt-get install -y {NAME}   (Debian)"
    );
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
