//! What travels in the binary: SDKs, templates and contracts, by their paths in the sources.

use refrain_toolchain::{Contract, Recipe};
use serde::de::DeserializeOwned;

use crate::{AuthoringError, Language};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Where a project keeps its copy of the SDK.
pub(crate) const VENDORED: &str = "vendor/refrain";

/// What the SDK of a language says of itself, or a part of it.
pub(crate) fn sdk<T: DeserializeOwned>(language: Language) -> Result<T, AuthoringError> {
    let path = format!("sdk/{language}/sdk.toml");
    let text = text(&path).ok_or_else(|| {
        AuthoringError::Invalid(format!("this build carries no SDK for {language}"))
    })?;
    toml::from_str(text).map_err(|error| AuthoringError::file(path, error))
}

/// How sources in a language become a component.
pub(crate) fn recipe(language: Language) -> Result<Recipe, AuthoringError> {
    sdk(language)
}

/// The contract of a role, at the version that this host speaks.
pub(crate) fn contract(world: &'static str) -> Result<Contract<'static>, AuthoringError> {
    let missing = || AuthoringError::Invalid(format!("this build carries no contract of {world}"));
    let types = text("wit/types/0.1.0/types.wit").ok_or_else(missing)?;
    let package = text(&format!("wit/{world}/0.1.0/{world}.wit")).ok_or_else(missing)?;
    Ok(Contract { types, package, world })
}

fn text(path: &str) -> Option<&'static str> {
    let (_, bytes) = FILES.iter().find(|(name, _)| *name == path)?;
    std::str::from_utf8(bytes).ok()
}
