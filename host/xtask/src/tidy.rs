//! House rules that neither rustc nor clippy knows.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace::Package;

/// A source file of the host or of an SDK is not longer.
pub const LINES_MAX: usize = 600;

/// Not code that a person reads from top to bottom.
const SOURCE_EXTENSIONS: &[&str] = &["rs", "go", "c", "h", "zig", "ts", "js", "mjs", "py"];

/// Never in code, not even for a day. In two halves, so that this file does not hold them.
const MACROS: &[(&str, &str)] = &[("todo", "!("), ("unimplemented", "!("), ("dbg", "!(")];

/// Folders of one machine.
const MACHINE_PATHS: &[(&str, &str)] = &[("/ro", "ot/"), ("/wo", "rk/")];

/// Where packages are fetched from is the machine's business.
const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("arti", "factory"),
    ("index.", "crates.io"),
    ("static.", "crates.io"),
    ("pypi.org/", "simple"),
    ("files.", "pythonhosted.org"),
    ("registry.", "npmjs.org"),
    ("proxy.", "golang.org"),
    ("deb.", "debian.org"),
];

/// A tracked text file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl SourceFile {
    /// Whether it is code in a language that people read.
    pub fn is_source(&self) -> bool {
        let extension = self.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        SOURCE_EXTENSIONS.contains(&extension)
    }
}

/// Every text file that git tracks.
///
/// # Errors
/// If git is missing, or this is not a clone.
pub fn tracked(root: &Path) -> anyhow::Result<Vec<SourceFile>> {
    // A clone that another user owns is read all the same.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root)
        .output()
        .context("git is missing (Debian: apt-get install -y git)")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let paths = String::from_utf8(output.stdout).context("a tracked path is not UTF-8")?;
    let files = paths.split_terminator('\0').filter_map(|path| {
        // Binary, or removed and not committed yet.
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(SourceFile { path: path.to_owned(), text })
    });
    Ok(files.collect())
}

/// Every house rule that a file breaks, as `path:line: complaint`.
pub fn file_violations(file: &SourceFile) -> Vec<String> {
    let mut complaints = Vec::new();
    let is_ours = ["host/", "sdk/"].iter().any(|dir| file.path.starts_with(dir));
    let lines = file.text.lines().count();
    if is_ours && file.is_source() && lines > LINES_MAX {
        complaints.push(format!("{}: {lines} lines, at most {LINES_MAX}", file.path));
    }
    for (index, line) in file.text.lines().enumerate() {
        for complaint in line_violations(line, file.path.ends_with(".rs")) {
            complaints.push(format!("{}:{}: {complaint}", file.path, index + 1));
        }
    }
    complaints
}

fn line_violations(line: &str, is_rust: bool) -> Vec<String> {
    let joined = |(head, tail): &(&str, &str)| format!("{head}{tail}");
    let is_word = |c: char| c.is_alphanumeric() || "_-.}".contains(c);
    // At the beginning of a word: `network/x` is no path of a machine.
    let begins = |needle: &String| {
        line.match_indices(needle.as_str()).any(|(at, _)| !line[..at].ends_with(is_word))
    };
    let macros = MACROS.iter().map(joined).filter(|needle| is_rust && begins(needle));
    let paths = MACHINE_PATHS.iter().map(joined).filter(|needle| begins(needle));
    let hosts = REGISTRY_HOSTS.iter().map(joined).filter(|needle| line.contains(needle.as_str()));
    macros
        .map(|needle| format!("`{needle}` is unfinished code"))
        .chain(paths.map(|needle| format!("`{needle}` is a folder of one machine")))
        .chain(hosts.map(|needle| format!("`{needle}` is the machine's business")))
        .collect()
}

/// Every crate that does not take the workspace's lints.
///
/// # Errors
/// If a `Cargo.toml` cannot be read.
pub fn lint_violations(root: &Path, packages: &[Package]) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in packages {
        let manifest = root.join(&package.dir).join("Cargo.toml");
        let text =
            std::fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        if !takes_workspace_lints(&text) {
            complaints.push(format!("{}: [lints] has no `workspace = true`", package.name));
        }
    }
    Ok(complaints)
}

/// Whether a `Cargo.toml` says `[lints] workspace = true`, in either spelling.
pub fn takes_workspace_lints(manifest: &str) -> bool {
    let mut table = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            table = line;
        }
        let setting = line.split('#').next().unwrap_or_default().replace(' ', "");
        (table == "[lints]" && setting == "workspace=true") || setting == "lints.workspace=true"
    })
}
