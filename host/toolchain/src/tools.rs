//! Compilers of other languages, installed by their own package managers into a cache.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::BuildError;
use crate::run::{answer, run, succeeds};

/// What a recipe needs, at exact versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// Who installs it.
    pub manager: Manager,
    /// `name==1.2.3` for pip, `name@1.2.3` for npm.
    pub packages: Vec<String>,
}

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// Python's, in a virtual environment.
    Pip,
    /// Node's.
    Npm,
}

/// A folder of this user's that can be deleted at any time: the one that the variable names, or
/// `refrain/<name>` in the user's cache. None where nobody says where that is.
pub fn cache_dir(variable: &str, name: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let dir = std::env::var_os(name).map(PathBuf::from);
        dir.filter(|dir| dir.is_absolute())
    };
    absolute(variable).or_else(|| {
        let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        Some(cache?.join("refrain").join(name))
    })
}

/// Where tools are kept: `REFRAIN_TOOLS_DIR`, or the user's cache.
fn tools_dir() -> PathBuf {
    cache_dir("REFRAIN_TOOLS_DIR", "tools")
        .unwrap_or_else(|| std::env::temp_dir().join("refrain/tools"))
}

impl Tools {
    /// Installs what is not there yet; answers the folder.
    ///
    /// # Errors
    /// [`BuildError`]: the package manager is missing and cannot be provided, or it fails.
    pub fn install(&self) -> Result<PathBuf, BuildError> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || ".-".contains(c) { c } else { '_' };
        let name: String = self.packages.join("+").chars().map(plain).collect();
        let dir = tools_dir().join(name);
        let complete = dir.join(".complete");
        if complete.is_file() {
            return Ok(dir);
        }
        let fail = |error: std::io::Error| BuildError::file(&dir, error);
        std::fs::create_dir_all(&dir).map_err(fail)?;
        // Two builds at once install once.
        let lock = File::create(dir.join(".lock")).map_err(fail)?;
        lock.lock().map_err(fail)?;
        if complete.is_file() {
            return Ok(dir);
        }
        match self.manager {
            Manager::Pip => self.pip(&dir)?,
            Manager::Npm => self.npm(&dir)?,
        }
        std::fs::write(&complete, "").map_err(fail)?;
        Ok(dir)
    }

    fn pip(&self, dir: &Path) -> Result<(), BuildError> {
        let venv = || {
            let mut python = Command::new("python3");
            python.args(["-m", "venv"]).arg(dir);
            python
        };
        let has_venv = || answer(Command::new("python3").args(["-c", "import venv, ensurepip"]));
        if has_venv().is_none() {
            provide("python3 with venv", &["python3", "python3-venv"], &|| has_venv().is_some())?;
        }
        run(&mut venv())?;
        let mut pip = Command::new(dir.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
        run(pip.args(&self.packages))
    }

    fn npm(&self, dir: &Path) -> Result<(), BuildError> {
        let has_npm = || answer(Command::new("npm").arg("--version")).is_some();
        if !has_npm() {
            provide("npm", &["nodejs", "npm"], &has_npm)?;
        }
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]);
        run(npm.arg("--prefix").arg(dir).args(&self.packages))
    }
}

/// Installs Debian packages where this is a Debian and we may; else says how.
fn provide(what: &str, packages: &[&str], is_there: &dyn Fn() -> bool) -> Result<(), BuildError> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    let install = ["install", "-y", "--no-install-recommends"];
    if succeeds(apt().arg("update")) && succeeds(apt().args(install).args(packages)) && is_there() {
        return Ok(());
    }
    let remedy = format!("apt-get install -y {}   (Debian)", packages.join(" "));
    Err(BuildError::Missing { what: what.to_owned(), remedy: format!("install it: {remedy}") })
}
