//! Puts the reference plugins into the binary: every component in `REFRAIN_PLUGINS_DIR`, or else in
//! `<target>/plugins`, where `cargo xtask build` leaves them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=REFRAIN_PLUGINS_DIR");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let dir = std::env::var_os("REFRAIN_PLUGINS_DIR").map_or_else(|| beside(&out), PathBuf::from);
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut code = String::from("pub(crate) const BUNDLED: &[(&str, &[u8])] = &[\n");
    for path in components(&dir) {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = path.display().to_string();
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),").expect("a String takes it");
    }
    code.push_str("];\n");
    std::fs::write(out.join("bundled.rs"), code).expect("OUT_DIR can be written");
}

/// `<target>/release/build/refrain-cli-…/out` lies in `<target>`.
fn beside(out: &Path) -> PathBuf {
    out.ancestors().nth(4).unwrap_or(out).join("plugins")
}

fn components(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    paths
}
