//! The contracts that this host speaks: a table of worlds, read from `wit/`, each with its adapter;
//! and the comparison of a component with its contract.
//!
//! Invariant: a component that passes has exactly the types that its contract's adapter reads and
//! writes, so that no call can fail for its type; nothing of the component runs to find that out.
//!
//! A version of a world comes in as one more entry of [`Contracts::released`]: its text from `wit/`,
//! and an adapter in which its calls differ from the newest ones ([`crate::calls`]).

use std::sync::LazyLock;

use refrain_domain::{Role, World};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wit_parser::Resolve;

use crate::admit::AdmissionError;
use crate::calls::{Calls, Newest};
use crate::shape::{self, Shape};
use crate::wasi;

/// The released texts. Frozen: see `wit/FROZEN`.
macro_rules! wit {
    ($package:literal, $version:literal) => {
        include_str!(concat!("../../../wit/", $package, "/", $version, "/", $package, ".wit"))
    };
}

/// A world at a version, and how the host calls a component of it.
pub(crate) struct Contract {
    pub world: World,
    pub functions: Vec<Function>,
    /// Turns the host's calls into those of this version, and its answers into the host's.
    pub calls: Calls,
}

/// A function of a contract.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub name: String,
    params: Vec<(String, Shape)>,
    result: Option<Shape>,
}

impl Contract {
    /// Reads a contract from the text of its package and that of the shared types.
    ///
    /// # Panics
    /// If the texts are no contract: they are part of the host.
    pub(crate) fn read(types: &str, wit: &str, calls: Calls) -> Self {
        let mut resolve = Resolve::default();
        let package = resolve
            .push_source("types.wit", types)
            .and_then(|_| resolve.push_source("world.wit", wit))
            .expect("BUG: wit/ does not parse");
        let package = &resolve.packages[package];
        let version = package.name.version.clone().expect("BUG: a contract without a version");
        let functions = resolve.interfaces[package.interfaces["plugin"]].functions.values();
        let of = |ty| Shape::of_wit(&resolve, ty);
        let function = |function: &wit_parser::Function| Function {
            name: function.name.clone(),
            params: function.params.iter().map(|p| (p.name.clone(), of(p.ty))).collect(),
            result: function.result.map(of),
        };
        let functions = functions.map(function).collect();
        Self { world: World { role: calls.role(), version }, functions, calls }
    }
}

/// The contracts that a sandbox speaks, those of one role from the oldest to the newest.
pub(crate) struct Contracts(Vec<Contract>);

impl Contracts {
    /// In any order.
    pub(crate) fn new(mut contracts: Vec<Contract>) -> Self {
        contracts.sort_by(|a, b| a.world.cmp(&b.world));
        Self(contracts)
    }

    /// Those of `wit/`.
    pub(crate) fn released() -> &'static LazyLock<Self> {
        static RELEASED: LazyLock<Contracts> = LazyLock::new(|| Contracts::new(released()));
        &RELEASED
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Contract> {
        self.0.iter()
    }

    pub(crate) fn speaks(&self, world: &World) -> bool {
        self.iter().any(|contract| contract.world == *world)
    }

    /// The worlds of a role, from the oldest to the newest; one at least.
    pub(crate) fn of(&self, role: Role) -> Vec<World> {
        let worlds = self.iter().map(|contract| &contract.world);
        worlds.filter(|world| world.role == role).cloned().collect()
    }

    /// The refusal of a component that exports none of them.
    pub(crate) fn no_world(&self, exports: Vec<String>) -> AdmissionError {
        let newest = self.of(Role::Transform).pop().expect("BUG: a role without a contract");
        AdmissionError::NoWorld { exports, example: newest.export_name() }
    }
}

pub(crate) fn released() -> Vec<Contract> {
    const TYPES: &str = wit!("types", "0.1.0");
    vec![
        Contract::read(TYPES, wit!("transform", "0.1.0"), Calls::Transform(&Newest)),
        Contract::read(TYPES, wit!("trainer", "0.1.0"), Calls::Trainer(&Newest)),
        Contract::read(TYPES, wit!("predictor", "0.1.0"), Calls::Predictor(&Newest)),
        Contract::read(TYPES, wit!("evaluator", "0.1.0"), Calls::Evaluator(&Newest)),
        Contract::read(TYPES, wit!("drift", "0.1.0"), Calls::Drift(&Newest)),
        Contract::read(TYPES, wit!("trigger", "0.1.0"), Calls::Trigger(&Newest)),
    ]
}

/// Compares every function of a component's interface with the contract of its world.
///
/// # Errors
/// [`AdmissionError`], naming the function and the first difference.
pub(crate) fn check(
    engine: &Engine,
    component: &Component,
    contracts: &Contracts,
    contract: &Contract,
) -> Result<(), AdmissionError> {
    let world = &contract.world;
    let ty = component.component_type();
    let export = world.export_name();
    let Some(ComponentItem::ComponentInstance(instance)) =
        ty.get_export(engine, &export).map(|export| export.ty)
    else {
        return Err(contracts.no_world(vec![export]));
    };
    for function in &contract.functions {
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
