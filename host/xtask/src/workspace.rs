//! [`Workspace`]: what cargo says about this workspace, without resolving anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

/// The packages of this workspace and where it lies.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo builds: `CARGO_TARGET_DIR`, or `target`.
    pub target: PathBuf,
    /// Every member.
    pub packages: Vec<Package>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// As in its `Cargo.toml`.
    pub name: String,
    /// Its folder, relative to the root, with `/`.
    pub dir: String,
    /// What it names in its `Cargo.toml`.
    pub dependencies: Vec<Dependency>,
}

/// One import of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package imported.
    pub name: String,
    /// Whether tests, examples and benches alone see it.
    pub is_dev: bool,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// If cargo cannot be run, or cannot read the workspace.
    pub fn load() -> anyhow::Result<Self> {
        let mut cargo = cargo();
        if let Some(dir) = std::env::var_os("CARGO_MANIFEST_DIR") {
            cargo.current_dir(dir);
        }
        let output = cargo
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cargo does not start")?;
        if !output.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Self::from_metadata(&output.stdout)
    }

    fn from_metadata(json: &[u8]) -> anyhow::Result<Self> {
        let metadata: Value = serde_json::from_slice(json).context("cargo metadata")?;
        let root = PathBuf::from(text(&metadata["workspace_root"]));
        let packages = list(&metadata["packages"]).map(|package| Package::new(&root, package));
        Ok(Self {
            packages: packages.collect(),
            target: text(&metadata["target_directory"]).into(),
            root,
        })
    }
}

impl Package {
    fn new(root: &Path, package: &Value) -> Self {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let dir =
            manifest.parent().and_then(|dir| dir.strip_prefix(root).ok()).unwrap_or(&manifest);
        let dependencies = list(&package["dependencies"]).map(|dependency| Dependency {
            name: text(&dependency["name"]).to_owned(),
            is_dev: text(&dependency["kind"]) == "dev",
        });
        Self {
            name: text(&package["name"]).to_owned(),
            dir: dir.to_string_lossy().replace('\\', "/"),
            dependencies: dependencies.collect(),
        }
    }
}

/// The cargo that runs us, so that a `+toolchain` holds for what we start too.
///
/// It is not told who we are: some build scripts look at `CARGO_PKG_NAME` and its like, and would
/// run again, with all that stands on them, whenever cargo is started with and without us.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let is_ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix));
        if is_ours {
            cargo.env_remove(&name);
        }
    }
    cargo
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
