//! One recipe a language: how its sources become a component.

use std::path::{Path, PathBuf};

use crate::BuildError;
use crate::rust::{self, Crates};

/// Sources of a plugin.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The project's folder, absolute.
    pub dir: &'a Path,
    /// The plugin's name; a crate's, for Rust.
    pub name: &'a str,
    /// The world that it implements: `transform`.
    pub world: &'a str,
    /// The file to start from, relative to the folder.
    pub entry: Option<&'a Path>,
}

/// Compiles sources in a language.
///
/// # Errors
/// [`BuildError`].
pub fn compile(language: &str, sources: Sources<'_>) -> Result<Vec<u8>, BuildError> {
    match language {
        "rust" => rust(sources),
        other => Err(BuildError::Language(other.to_owned())),
    }
}

fn rust(sources: Sources<'_>) -> Result<Vec<u8>, BuildError> {
    let target_dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || sources.dir.join("target"),
        |dir| PathBuf::from(dir).join("plugins-of-authors"),
    );
    let packages = [sources.name.to_owned()];
    let crates = Crates { root: sources.dir, target_dir: &target_dir, packages: &packages };
    let mut components = rust::build(crates)?;
    Ok(components.remove(0))
}
