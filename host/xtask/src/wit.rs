//! Released contracts: `wit/<package>/<version>/` and the digests in `wit/FROZEN`.
//!
//! Invariant: what is released never changes, because a component that was compiled against it
//! can not change either. A new need is a new directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

const FROZEN: &str = "wit/FROZEN";
const HEADER: &str = "\
# Released contracts. A line is never changed, and so neither are the files that it stands for:
# BLAKE3 over each file of the directory, by name: its name, a zero byte, its length as 8 bytes
# (little endian), its bytes. `cargo xtask freeze` adds the directories that have no line.
";

/// `package/version` and the directory of each contract, sorted.
///
/// # Errors
/// If `wit/` cannot be read.
pub fn contracts(root: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for package in entries(&root.join("wit"))?.into_iter().filter(|path| path.is_dir()) {
        for version in entries(&package)?.into_iter().filter(|path| path.is_dir()) {
            found.insert(format!("{}/{}", name(&package), name(&version)), version);
        }
    }
    Ok(found)
}

/// The digest of a contract's directory.
///
/// # Errors
/// If a file cannot be read.
pub fn digest(dir: &Path) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for file in entries(dir)? {
        let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
        hasher.update(name(&file).as_bytes());
        hasher.update(&[0]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(format!("blake3:{}", hasher.finalize().to_hex()))
}

/// The digests that were written down.
///
/// # Errors
/// If there is no such file, or a line is not a contract and a digest.
pub fn frozen(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(root.join(FROZEN)).context(FROZEN)?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pairs = lines.map(|line| {
        let (contract, digest) =
            line.split_once(' ').with_context(|| format!("{FROZEN}: {line}"))?;
        Ok((contract.to_owned(), digest.trim().to_owned()))
    });
    pairs.collect()
}

/// Every way in which what stands in `wit/` is not what was released, as sentences.
///
/// # Errors
/// If `wit/` cannot be read.
pub fn violations(root: &Path) -> anyhow::Result<Vec<String>> {
    let (contracts, mut frozen) = (contracts(root)?, frozen(root)?);
    let mut complaints = Vec::new();
    for (contract, dir) in contracts {
        match frozen.remove(&contract) {
            None => {
                complaints.push(format!("wit/{contract} is not in {FROZEN}: cargo xtask freeze"))
            }
            Some(digest) if digest != self::digest(&dir)? => complaints.push(format!(
                "wit/{contract} changed after its release: make a new version instead"
            )),
            Some(_) => {}
        }
    }
    complaints.extend(frozen.into_keys().map(|contract| format!("wit/{contract} is gone")));
    Ok(complaints)
}

/// Writes down the contracts that have no line yet; returns their names.
///
/// # Errors
/// If `wit/` cannot be read or written.
pub fn freeze(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = if root.join(FROZEN).exists() { frozen(root)? } else { BTreeMap::new() };
    let mut added = Vec::new();
    for (contract, dir) in contracts(root)? {
        if !lines.contains_key(&contract) {
            lines.insert(contract.clone(), digest(&dir)?);
            added.push(contract);
        }
    }
    let lines: String =
        lines.iter().map(|(contract, digest)| format!("{contract} {digest}\n")).collect();
    std::fs::write(root.join(FROZEN), format!("{HEADER}{lines}")).context(FROZEN)?;
    Ok(added)
}

/// What a folder holds, sorted by name.
fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    let mut paths = read.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
