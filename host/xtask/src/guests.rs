//! Builds the reference plugins, and the guests that only tests run, to components that import no
//! function.
#![expect(clippy::print_stderr, reason = "a chore talks to a person")]

use std::path::{Path, PathBuf};

use refrain_toolchain::rust::{Crates, build};

/// Builds every crate in a folder of the workspace into another folder; returns the name and the
/// file of each, by name. A file that already is that component is left alone.
///
/// # Errors
/// If there is no compiler for wasm32 and none can be installed (the text says what to install),
/// or if a plugin does not build.
pub fn build_guests(folder: &str, out_dir: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let names = plugin_names(&root.join(folder))?;
    std::fs::create_dir_all(out_dir)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target_dir = target_dir(&root).join("guests");
    let components = build(Crates { root: &root, target_dir: &target_dir, packages: &names })?;
    let mut built = Vec::with_capacity(names.len());
    for (name, bytes) in names.into_iter().zip(components) {
        let file = out_dir.join(format!("{name}.wasm"));
        let is_new = std::fs::read(&file).ok().as_deref() != Some(bytes.as_slice());
        if is_new {
            std::fs::write(&file, &bytes)?;
            let kib = bytes.len().div_ceil(1024);
            let digest = blake3::hash(&bytes).to_hex();
            eprintln!("built {} {kib} KiB, blake3 {}", file.display(), &digest[..16]);
        }
        built.push((name, file));
    }
    Ok(built)
}

/// Every folder with a `Cargo.toml`; a plugin's package is named after its folder.
fn plugin_names(plugins: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(plugins)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}
