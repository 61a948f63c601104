//! `refrain plugin build`: sources to a component that says what it is.

use std::path::{Path, PathBuf};

use refrain_domain::Digest;
use refrain_toolchain::{Metadata, Sources, compile, describe};

use crate::embedded::{VENDORED, contract, recipe};
use crate::{AuthoringError, Project, read_cases};

/// Cases that travel in the component: enough for its registration to try it on.
const CASES_MAX: usize = 4;

/// A component that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub component: Vec<u8>,
    /// Of its bytes.
    pub digest: Digest,
}

/// Builds a project's component into `build/<name>.wasm`.
///
/// # Errors
/// [`AuthoringError`]: a toolchain that is missing and how to install it, sources that do not
/// compile, a module that does not fit its world.
pub fn build(project: &Project) -> Result<Built, AuthoringError> {
    let manifest = &project.manifest;
    let language = manifest.language;
    let contract = contract(manifest.world.name())?;
    let sources = Sources {
        dir: &project.dir,
        name: &manifest.name,
        entry: manifest.entry.as_deref().unwrap_or(Path::new("src/lib.rs")),
        sdk: manifest.sdk.as_deref().unwrap_or(Path::new(VENDORED)),
        contract,
    };
    let component = compile(&recipe(language)?, sources)?;
    let component = describe(&component, &metadata(project)?)?;
    let path = project.component();
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, &component))
        .map_err(|error| AuthoringError::file(&path, error))?;
    Ok(Built { digest: Digest::of(&component), path, component })
}

/// What the component says of itself: the ecosystem's sections for what everyone knows, one of ours
/// for the rest.
fn metadata(project: &Project) -> Result<Metadata, AuthoringError> {
    let manifest = &project.manifest;
    let mut cases: Vec<_> =
        read_cases(&project.cases())?.into_iter().map(|(_, case)| case).collect();
    cases.retain(|case| case.expect.as_ref().is_none_or(|expect| expect.error.is_none()));
    cases.truncate(CASES_MAX);
    let ours = refrain_admission::Embedded {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        grants: manifest.grants.clone(),
        params_schema: project.params_schema()?,
        cases,
    };
    Ok(Metadata {
        name: manifest.name.clone(),
        version: manifest.version.to_string(),
        description: manifest.description.clone(),
        licence: manifest.licence.clone(),
        source: manifest.source.clone().filter(|source| !source.is_empty()),
        sections: vec![(refrain_admission::SECTION.to_owned(), ours.to_bytes())],
    })
}
