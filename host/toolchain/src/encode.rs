//! Core modules to components.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::BuildError;

/// The text of a contract: the shared types, and the package of a role.
#[derive(Debug, Clone, Copy)]
pub struct Contract<'a> {
    /// `refrain:types`.
    pub types: &'a str,
    /// The role's package.
    pub package: &'a str,
    /// The role, which is its world's name too: `transform`.
    pub world: &'a str,
}

impl Contract<'_> {
    /// The interface that a plugin exports: `refrain:transform/plugin@0.1.0`.
    pub(crate) fn interface(&self) -> String {
        let package = self.package.lines().find_map(|line| line.strip_prefix("package "));
        let package = package.unwrap_or_default().trim_end_matches(';');
        let (name, version) = package.split_once('@').unwrap_or((package, "0.1.0"));
        format!("{name}/plugin@{version}")
    }
}

/// Makes a component of a core module whose exports are named as the canonical ABI names them
/// (`refrain:transform/plugin@0.1.0#describe`).
///
/// `adapter` is a module that stands in for an import by that name (`wasi_snapshot_preview1`), for
/// languages that cannot do without.
///
/// # Errors
/// [`BuildError::Encode`], naming the export that is missing or of another type.
pub fn encode(
    mut module: Vec<u8>,
    contract: Contract<'_>,
    adapter: Option<(&str, &[u8])>,
) -> Result<Vec<u8>, BuildError> {
    let fail = |error: &dyn std::fmt::Display| BuildError::Encode(format!("{error:#}"));
    let mut resolve = Resolve::default();
    resolve.push_source("types.wit", contract.types).map_err(|error| fail(&error))?;
    let package = resolve.push_source(contract.world, contract.package);
    let package = package.map_err(|error| fail(&error))?;
    let world =
        resolve.select_world(&[package], Some(contract.world)).map_err(|error| fail(&error))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| fail(&error))?;
    let mut encoder = ComponentEncoder::default();
    if let Some((name, adapter)) = adapter {
        encoder.adapter(name, adapter).map_err(|error| fail(&error))?;
    }
    encoder.module(&module).map_err(|error| fail(&error))?.validate(true);
    encoder.encode().map_err(|error| fail(&error))
}

/// Gives a module's exports other names: for languages in which no function can be called
/// `refrain:transform/plugin@0.1.0#describe`.
///
/// # Errors
/// [`BuildError::Encode`] for bytes that are no module.
pub fn rename_exports(
    module: &[u8],
    rename: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<u8>, BuildError> {
    struct Renamer<'a>(&'a dyn Fn(&str) -> Option<String>);
    impl Reencode for Renamer<'_> {
        type Error = std::convert::Infallible;

        fn parse_export(
            &mut self,
            exports: &mut wasm_encoder::ExportSection,
            export: wasmparser::Export<'_>,
        ) -> Result<(), wasm_encoder::reencode::Error<Self::Error>> {
            let name = (self.0)(export.name).unwrap_or_else(|| export.name.to_owned());
            let kind = RoundtripReencoder.export_kind(export.kind)?;
            exports.export(&name, kind, export.index);
            Ok(())
        }
    }
    let mut renamed = wasm_encoder::Module::new();
    Renamer(rename)
        .parse_core_module(&mut renamed, wasmparser::Parser::new(0), module)
        .map_err(|error| BuildError::Encode(error.to_string()))?;
    Ok(renamed.finish())
}
