//! `refrain plugin new`: a project that builds and passes its test as it comes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refrain_domain::Role;

use crate::embedded::{self, FILES};
use crate::project::check_name;
use crate::{AuthoringError, Language};

/// How an SDK travels, as its `sdk.toml` says.
#[derive(serde::Deserialize)]
struct Sdk {
    /// The library's files and folders.
    files: Vec<String>,
    /// Where below `vendor/refrain` they go.
    #[serde(default)]
    into: String,
    /// World to the example that a new project begins as.
    #[serde(default)]
    like: BTreeMap<String, String>,
    /// Whether the contracts go along, as `vendor/refrain/wit`.
    #[serde(default)]
    wit: bool,
}

/// Writes a new project into a folder of its name below `parent`; answers the folder.
///
/// # Errors
/// [`AuthoringError`] for a name that is none, a folder that exists, or a disk that is full.
pub fn scaffold(
    parent: &Path,
    name: &str,
    world: Role,
    language: Language,
) -> Result<PathBuf, AuthoringError> {
    check_name(name).map_err(AuthoringError::Invalid)?;
    let dir = parent.join(name);
    if dir.exists() {
        let detail = "it exists already: choose another name, or remove it";
        return Err(AuthoringError::file(dir, detail));
    }
    let sdk_dir = format!("sdk/{language}/");
    let sdk: Sdk = embedded::sdk(language)?;
    let template = format!("{sdk_dir}template/{world}/");
    if !FILES.iter().any(|(path, _)| path.starts_with(&template)) {
        let message = format!("this build carries no template of a {world} for {language}");
        return Err(AuthoringError::Invalid(message));
    }
    for (path, bytes) in FILES {
        let Some(target) = target(path, &sdk, &sdk_dir, world) else { continue };
        let is_template = !target.starts_with("vendor/") || path.contains("/template/");
        let target = if is_template { fill(&target, name) } else { target };
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_template);
        match text {
            Some(text) => write(&dir.join(target), fill(text, name).as_bytes())?,
            None => write(&dir.join(target), bytes)?,
        }
    }
    Ok(dir)
}

/// Where an embedded file goes in the project; none: nowhere.
fn target(path: &str, sdk: &Sdk, sdk_dir: &str, world: Role) -> Option<String> {
    if let Some(wit) = path.strip_prefix("wit/") {
        return sdk.wit.then(|| format!("vendor/refrain/wit/{wit}"));
    }
    let path = path.strip_prefix(sdk_dir)?;
    let folders = ["template/common".to_owned(), format!("template/{world}")];
    for folder in folders.iter().chain(sdk.like.get(world.name())) {
        if let Some(file) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
            return Some(file.to_owned());
        }
    }
    let is_listed = sdk.files.iter().any(|listed| {
        path.strip_prefix(listed.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let into = match sdk.into.trim_matches('/') {
        "" => String::new(),
        into => format!("{into}/"),
    };
    is_listed.then(|| format!("vendor/refrain/{into}{path}"))
}

/// `.tmpl` at the end of a name keeps tools of this workspace from taking a template for a project.
/// An example finds its SDK three folders above its sources, a project within itself.
fn fill(text: &str, name: &str) -> String {
    text.trim_end_matches(".tmpl")
        .replace("'../../../", "'../{{sdk}}/")
        .replace("{{name}}", name)
        .replace("{{name_snake}}", &name.replace('-', "_"))
        .replace("{{sdk}}", "vendor/refrain")
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AuthoringError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|error| AuthoringError::file(path, error))
}
