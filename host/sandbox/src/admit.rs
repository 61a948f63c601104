//! What a component is, and whether it may come in.

use refrain_domain::{Grant, Role, World};
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload, Validator, WasmFeatures,
};
use wasmtime::component::{ComponentNamedList, Lift, Lower};

use crate::engine::{Plugin, SandboxOptions};
use crate::instance::UnitContext;

/// What a component says of itself, read from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentInfo {
    /// The world it implements, if it is one of ours at a version that this host speaks.
    pub world: Option<World>,
    /// Interfaces and functions that it imports and would call.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Its length in bytes.
    pub size_bytes: usize,
    /// Functions over all its modules.
    pub n_functions: usize,
}

/// Why a component may not come in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// A core module.
    #[error("this is a core module, not a component: wrap it with `wasm-tools component new`")]
    CoreModule,
    /// Bytes that are no valid WebAssembly, or ended too early.
    #[error("this is no valid component: {detail}")]
    Invalid {
        /// Where and why.
        detail: String,
    },
    /// A component that exports no interface of ours.
    #[error("the component implements no Refrain world{}", list_exports(.exports))]
    NoWorld {
        /// What it exports instead.
        exports: Vec<String>,
    },
    /// A world of another version.
    #[error("the component implements `{found}`, but this host speaks `{supported}`: {}", rebuild(.found, .supported))]
    WorldVersion {
        /// What it implements.
        found: World,
        /// What this host speaks.
        supported: World,
    },
    /// More than one world.
    #[error("the component implements {}: a plugin has exactly one world", .worlds.join(" and "))]
    SeveralWorlds {
        /// Which.
        worlds: Vec<String>,
    },
    /// A function is not there.
    #[error(
        "the component does not export `{function}` of `{world}`: rebuild it with the SDK for that version"
    )]
    MissingExport {
        /// Its world.
        world: World,
        /// The function.
        function: String,
    },
    /// A function of another type.
    #[error(
        "`{function}` of `{world}` has another type than the contract: {detail}; rebuild it with the SDK for that version"
    )]
    ExportType {
        /// Its world.
        world: World,
        /// The function.
        function: String,
        /// The first difference.
        detail: String,
    },
    /// An import that nobody granted.
    #[error("the component imports `{import}`, which it was not granted: {}", remedy(.import))]
    UngrantedImport {
        /// The import.
        import: String,
    },
    /// A component of more bytes or functions than allowed.
    #[error("the component has {found} {what}, the limit is {max}")]
    TooLarge {
        /// Bytes or functions.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many it may have.
        max: usize,
    },
    /// Compilation took too long.
    #[error("the component did not compile within {seconds} s")]
    CompileTimeout {
        /// The limit.
        seconds: u64,
    },
    /// Not the component's fault.
    #[error("{0}")]
    Host(String),
}

fn list_exports(exports: &[String]) -> String {
    match exports {
        [] => ": it exports nothing".to_owned(),
        names => format!(
            ": it exports {}; a transform, for instance, exports `{}`",
            names.join(", "),
            World::current(Role::Transform).export_name()
        ),
    }
}

fn rebuild(found: &World, supported: &World) -> String {
    let (sdk, direction) = (&supported.version, found.version.cmp(&supported.version));
    match direction {
        std::cmp::Ordering::Greater => {
            format!("update the host, or rebuild with SDK {}.{}", sdk.major, sdk.minor)
        }
        _ => format!("rebuild with SDK {}.{}", sdk.major, sdk.minor),
    }
}

fn remedy(import: &str) -> &'static str {
    if import.starts_with("wasi:") {
        return "ask for the grant `wasi` in its manifest, or build it without WASI";
    }
    "no grant gives it; build the component without it"
}

pub(crate) fn inspect(component: &[u8]) -> Result<ComponentInfo, AdmissionError> {
    let found = Found::read(component)?;
    let worlds = found.worlds();
    let world = match worlds.as_slice() {
        [only] if *only == World::current(only.role) => Some(only.clone()),
        _ => None,
    };
    Ok(ComponentInfo {
        world,
        imports: found.imports,
        exports: found.exports,
        size_bytes: component.len(),
        n_functions: found.n_functions,
    })
}

/// The checks that need no compilation.
pub(crate) fn check(
    component: &[u8],
    grants: &[Grant],
    options: &SandboxOptions,
) -> Result<ComponentInfo, AdmissionError> {
    let max = options.component_bytes_max;
    if component.len() > max {
        return Err(AdmissionError::TooLarge { what: "bytes", found: component.len(), max });
    }
    let found = Found::read(component)?;
    let max = options.functions_max;
    if found.n_functions > max {
        return Err(AdmissionError::TooLarge { what: "functions", found: found.n_functions, max });
    }
    Validator::new_with_features(features()).validate_all(component).map_err(invalid)?;
    let world = found.one_world()?;
    let granted = |import: &String| import.starts_with("wasi:") && grants.contains(&Grant::Wasi);
    if let Some(import) = found.imports.iter().find(|import| !granted(import)) {
        return Err(AdmissionError::UngrantedImport { import: import.clone() });
    }
    Ok(ComponentInfo {
        world: Some(world),
        imports: found.imports,
        exports: found.exports,
        size_bytes: component.len(),
        n_functions: found.n_functions,
    })
}

/// The proposals of the profile.
fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
        | WasmFeatures::COMPONENT_MODEL
}

fn invalid(error: wasmparser::BinaryReaderError) -> AdmissionError {
    let detail = format!("{} at byte {}", error.message(), error.offset());
    AdmissionError::Invalid { detail }
}

/// What the outermost component imports and exports.
struct Found {
    imports: Vec<String>,
    exports: Vec<String>,
    n_functions: usize,
}

impl Found {
    fn read(component: &[u8]) -> Result<Self, AdmissionError> {
        let mut found = Self { imports: Vec::new(), exports: Vec::new(), n_functions: 0 };
        // Instance types declared so far, in order: whether each has a function or resource.
        let mut depth = 0_usize;
        let mut type_calls: Vec<bool> = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(invalid)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(AdmissionError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::FunctionSection(section) => found.n_functions += section.count() as usize,
                Payload::ComponentTypeSection(section) if depth == 0 => {
                    for ty in section {
                        type_calls.push(calls_something(&ty.map_err(invalid)?));
                    }
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(invalid)?;
                        let only_types = match import.ty {
                            ComponentTypeRef::Instance(index) => {
                                type_calls.get(index as usize).is_some_and(|calls| !calls)
                            }
                            ComponentTypeRef::Type(_) => true,
                            _ => false,
                        };
                        if matches!(import.ty, ComponentTypeRef::Type(_)) {
                            type_calls.push(false);
                        }
                        if !only_types {
                            found.imports.push(import.name.name.to_owned());
                        }
                    }
                }
                Payload::ComponentAliasSection(section) if depth == 0 => {
                    for alias in section {
                        if let wasmparser::ComponentAlias::InstanceExport {
                            kind: ComponentExternalKind::Type,
                            ..
                        } = alias.map_err(invalid)?
                        {
                            type_calls.push(false);
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        found.exports.push(export.map_err(invalid)?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The worlds of ours that the exports amount to, whatever their version.
    fn worlds(&self) -> Vec<World> {
        let world = |export: &String| {
            let rest = export.strip_prefix("refrain:")?;
            let (role, version) = rest.split_once("/plugin@")?;
            format!("{role}@{version}").parse().ok()
        };
        self.exports.iter().filter_map(world).collect()
    }

    fn one_world(&self) -> Result<World, AdmissionError> {
        let worlds = self.worlds();
        match worlds.as_slice() {
            [] => Err(AdmissionError::NoWorld { exports: self.exports.clone() }),
            [world] => {
                let supported = World::current(world.role);
                if *world != supported {
                    return Err(AdmissionError::WorldVersion { found: world.clone(), supported });
                }
                Ok(world.clone())
            }
            several => {
                let worlds = several.iter().map(|world| format!("`{world}`")).collect();
                Err(AdmissionError::SeveralWorlds { worlds })
            }
        }
    }
}

/// Whether an instance type has anything but plain types, which nobody needs to grant.
fn calls_something(ty: &wasmparser::ComponentType<'_>) -> bool {
    let wasmparser::ComponentType::Instance(declarations) = ty else { return true };
    declarations.iter().any(|declaration| match declaration {
        wasmparser::InstanceTypeDeclaration::Export { ty, .. } => {
            !matches!(ty, ComponentTypeRef::Type(wasmparser::TypeBounds::Eq(_)))
        }
        _ => false,
    })
}

/// Compares exports with the contract on a scratch instance.
pub(crate) struct TypeChecker {
    plugin: Plugin,
    instance: std::cell::RefCell<Option<crate::instance::RawInstance>>,
}

impl Plugin {
    pub(crate) fn type_checker(&self) -> TypeChecker {
        TypeChecker { plugin: self.clone(), instance: std::cell::RefCell::new(None) }
    }
}

impl TypeChecker {
    pub(crate) fn function<P, R>(&self, name: &'static str) -> Result<(), AdmissionError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let mut slot = self.instance.borrow_mut();
        let world = self.plugin.world();
        if slot.is_none() {
            let started = self.plugin.instantiate(world.role, &UnitContext::default());
            let instance = started.map_err(|failure| AdmissionError::Invalid {
                detail: format!("it does not start: {failure}"),
            })?;
            *slot = Some(instance);
        }
        let instance = slot.as_mut().expect("BUG: an instance was just made");
        instance.check_type::<P, R>(name).map_err(|detail| AdmissionError::ExportType {
            world: world.clone(),
            function: name.to_owned(),
            detail,
        })
    }
}
