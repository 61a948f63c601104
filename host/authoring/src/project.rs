//! [`Project`]: a folder with a `plugin.toml`.

use std::path::{Path, PathBuf};

use refrain_domain::{Grant, Role};
use serde::{Deserialize, Serialize};

use crate::{AuthoringError, Language};

const FILE: &str = "plugin.toml";

/// What an author says of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Lower-case letters, digits and dashes.
    pub name: String,
    /// Semver; a version that was registered never changes.
    pub version: semver::Version,
    /// The role: `transform`, `trainer`, …
    pub world: Role,
    /// What it is written in.
    pub language: Language,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// An SPDX expression.
    #[serde(default)]
    pub licence: Option<String>,
    /// Where the sources are published.
    #[serde(default)]
    pub source: Option<String>,
    /// What it asks for beyond computing.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// A file with the JSON Schema of the parameters.
    #[serde(default)]
    pub params: Option<PathBuf>,
    /// The file, or for Python the module's file, that the build starts from.
    #[serde(default)]
    pub entry: Option<PathBuf>,
    /// Where the SDK is; none: `vendor/refrain`, where `refrain plugin new` puts it.
    #[serde(default)]
    pub sdk: Option<PathBuf>,
}

/// A plugin's folder.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub dir: PathBuf,
    /// Its `plugin.toml`.
    pub manifest: Manifest,
}

impl Project {
    /// Reads a project.
    ///
    /// # Errors
    /// [`AuthoringError`], naming the key of `plugin.toml` at fault.
    pub fn open(dir: &Path) -> Result<Self, AuthoringError> {
        let path = dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(AuthoringError::NoProject { dir: dir.to_owned() });
            }
            Err(error) => return Err(AuthoringError::file(path, error)),
        };
        let manifest: Manifest = toml::from_str(&text)
            .map_err(|error| AuthoringError::file(&path, error.to_string().trim_end()))?;
        check_name(&manifest.name).map_err(|detail| AuthoringError::file(&path, detail))?;
        let dir = dir.canonicalize().map_err(|error| AuthoringError::file(dir, error))?;
        Ok(Self { dir, manifest })
    }

    /// Where a build leaves the component: `build/<name>.wasm`.
    pub fn component(&self) -> PathBuf {
        self.dir.join("build").join(format!("{}.wasm", self.manifest.name))
    }

    /// Where the golden cases are: `cases/*.json`.
    pub fn cases(&self) -> PathBuf {
        self.dir.join("cases")
    }

    /// The JSON Schema of the parameters.
    ///
    /// # Errors
    /// [`AuthoringError::File`] for a file that is missing or no JSON.
    pub fn params_schema(&self) -> Result<Option<serde_json::Value>, AuthoringError> {
        let Some(file) = &self.manifest.params else { return Ok(None) };
        let path = self.dir.join(file);
        let bytes = std::fs::read(&path).map_err(|error| AuthoringError::file(&path, error))?;
        let schema =
            serde_json::from_slice(&bytes).map_err(|error| AuthoringError::file(&path, error))?;
        Ok(Some(schema))
    }
}

/// Names become file, crate and registry names.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    if starts && name.len() <= 64 && name.chars().all(plain) && !name.ends_with('-') {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no plugin name: use lower-case letters, digits and dashes, a letter first"
    ))
}
