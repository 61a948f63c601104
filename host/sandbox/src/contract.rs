//! The contracts of `wit/`, embedded, and the comparison of a component with them.
//!
//! Invariant: a component that passes has exactly the types that `wire` reads and writes, so that
//! no call can fail for its type; nothing of the component runs to find that out.

use std::sync::OnceLock;

use refrain_domain::{Role, World};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wit_parser::Resolve;

use crate::admit::AdmissionError;
use crate::shape::{self, Shape};
use crate::wasi;

/// The package of the shared types, then one package a role. Frozen: see `wit/FROZEN`.
const TYPES: &str = include_str!("../../../wit/types/0.1.0/types.wit");

const fn source(role: Role) -> &'static str {
    match role {
        Role::Transform => include_str!("../../../wit/transform/0.1.0/transform.wit"),
        Role::Trainer => include_str!("../../../wit/trainer/0.1.0/trainer.wit"),
        Role::Predictor => include_str!("../../../wit/predictor/0.1.0/predictor.wit"),
        Role::Evaluator => include_str!("../../../wit/evaluator/0.1.0/evaluator.wit"),
        Role::Drift => include_str!("../../../wit/drift/0.1.0/drift.wit"),
        Role::Trigger => include_str!("../../../wit/trigger/0.1.0/trigger.wit"),
    }
}

/// A function of a contract.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub name: String,
    params: Vec<(String, Shape)>,
    result: Option<Shape>,
}

/// The functions of a role's interface, in the order of `wit/`.
pub(crate) fn functions(role: Role) -> &'static [Function] {
    static CONTRACTS: OnceLock<Vec<(Role, Vec<Function>)>> = OnceLock::new();
    let contracts = CONTRACTS.get_or_init(|| Role::ALL.map(|role| (role, read(role))).into());
    let contract = contracts.iter().find(|(found, _)| *found == role);
    &contract.expect("BUG: a contract for each role").1
}

fn read(role: Role) -> Vec<Function> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_source("types.wit", TYPES)
        .and_then(|_| resolve.push_source(role.name(), source(role)))
        .expect("BUG: wit/ does not parse");
    let plugin = resolve.packages[package].interfaces["plugin"];
    let functions = resolve.interfaces[plugin].functions.values();
    let of = |ty| Shape::of_wit(&resolve, ty);
    let function = |function: &wit_parser::Function| Function {
        name: function.name.clone(),
        params: function.params.iter().map(|p| (p.name.clone(), of(p.ty))).collect(),
        result: function.result.map(of),
    };
    functions.map(function).collect()
}

/// Compares every function of a component's interface with the contract of its world.
///
/// # Errors
/// [`AdmissionError`], naming the function and the first difference.
pub(crate) fn check(
    engine: &Engine,
    component: &Component,
    world: &World,
) -> Result<(), AdmissionError> {
    let ty = component.component_type();
    let export = world.export_name();
    let Some(ComponentItem::ComponentInstance(instance)) =
        ty.get_export(engine, &export).map(|export| export.ty)
    else {
        return Err(AdmissionError::NoWorld { exports: vec![export] });
    };
    for function in functions(world.role) {
        let name = || function.name.clone();
        let world = || world.clone();
        match instance.get_export(engine, &function.name).map(|export| export.ty) {
            None => return Err(AdmissionError::MissingExport { world: world(), function: name() }),
            Some(ComponentItem::ComponentFunc(found)) => {
                if let Some(detail) = difference(function, &found) {
                    let (world, function) = (world(), name());
                    return Err(AdmissionError::ExportType { world, function, detail });
                }
            }
            Some(_) => {
                let detail = "it is no function".to_owned();
                return Err(AdmissionError::ExportType {
                    world: world(),
                    function: name(),
                    detail,
                });
            }
        }
    }
    Ok(())
}

/// Refuses every import but the granted interfaces of virtual WASI, and plain types, which nobody
/// needs to grant.
///
/// # Errors
/// [`AdmissionError::UngrantedImport`].
pub(crate) fn check_imports(
    engine: &Engine,
    component: &Component,
    has_wasi: bool,
) -> Result<(), AdmissionError> {
    let ty = component.component_type();
    let mut imports = ty.imports(engine);
    let ungranted = imports.find(|(name, import)| {
        let is_plain = match &import.ty {
            ComponentItem::Type(_) => true,
            ComponentItem::ComponentInstance(instance) => {
                instance.exports(engine).all(|(_, item)| matches!(item.ty, ComponentItem::Type(_)))
            }
            _ => false,
        };
        !(is_plain || has_wasi && wasi::has(name))
    });
    match ungranted {
        Some((name, _)) => Err(AdmissionError::UngrantedImport { import: name.to_owned() }),
        None => Ok(()),
    }
}

fn difference(expected: &Function, found: &ComponentFunc) -> Option<String> {
    let params: Vec<(String, Shape)> =
        found.params().map(|(name, ty)| (name.to_owned(), Shape::of_component(&ty))).collect();
    let names = shape::names(&params);
    if let Some(detail) = shape::by_name("parameter", &shape::names(&expected.params), &names) {
        return Some(detail);
    }
    let mut pairs = expected.params.iter().zip(&params);
    let in_params = pairs.find_map(|((name, expected), (_, found))| {
        shape::difference(expected, found).map(|detail| format!("parameter `{name}`: {detail}"))
    });
    in_params.or_else(|| {
        let found = found.results().next().map(|ty| Shape::of_component(&ty));
        match (&expected.result, &found) {
            (Some(expected), Some(found)) => shape::difference(expected, found),
            (expected, found) if expected.is_some() == found.is_some() => None,
            (expected, _) => Some(match expected {
                Some(shape) => format!("it returns nothing, expected {shape}"),
                None => "it returns something, expected nothing".to_owned(),
            }),
        }
    })
}
