//! Puts the SDKs and their templates into the crate, so that `refrain plugin new` needs no network:
//! of every `sdk/<language>/`, what its `sdk.toml` lists, `template/`, and the examples that a new
//! project is like; and the contracts.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What a new project takes of an example; what is not there is passed over.
const OF_EXAMPLES: [&str; 4] = ["src", "test", "tests", "params.schema.json"];

#[derive(serde::Deserialize)]
struct Sdk {
    files: Vec<String>,
    /// World to example.
    #[serde(default)]
    like: BTreeMap<String, String>,
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    walk(&root.join("wit"), &mut paths);
    // An SDK may be added.
    println!("cargo::rerun-if-changed={}", root.join("sdk").display());
    let mut sdks: Vec<PathBuf> = children(&root.join("sdk"));
    sdks.retain(|sdk| sdk.join("sdk.toml").is_file());
    for sdk in sdks {
        let manifest = sdk.join("sdk.toml");
        println!("cargo::rerun-if-changed={}", manifest.display());
        let text = std::fs::read_to_string(&manifest).expect("sdk.toml can be read");
        let listed: Sdk =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        paths.push(manifest);
        for file in listed.files {
            let path = sdk.join(&file);
            assert!(path.exists(), "{} lists {file}, which is not there", sdk.display());
            walk(&path, &mut paths);
        }
        walk(&sdk.join("template"), &mut paths);
        for (example, part) in listed.like.values().flat_map(|e| OF_EXAMPLES.map(|part| (e, part)))
        {
            walk(&sdk.join(example).join(part), &mut paths);
        }
    }
    let mut code = String::from("pub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for path in paths {
        let name = path.strip_prefix(&root).expect("all lie below the root");
        let name = name.to_str().expect("names are UTF-8").replace('\\', "/");
        let path = path.canonicalize().expect("the file is there").display().to_string();
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),").expect("a String takes it");
    }
    code.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("embedded.rs"), code).expect("OUT_DIR can be written");
}

/// Every file below a path, or the file itself, in order.
fn walk(path: &Path, paths: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_file() {
        return paths.push(path.to_owned());
    }
    if path.ends_with("__pycache__") {
        return;
    }
    for child in children(path) {
        walk(&child, paths);
    }
}

fn children(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
