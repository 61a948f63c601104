//! Whether a component may come in, and if not, why, in words that say what to change.

use refrain_domain::{Grant, World};

use crate::contract::Contracts;
use crate::engine::SandboxOptions;
use crate::outcome::clipped;
use crate::survey::Survey;
use crate::wasi;

/// The most modules and components that one instance of a component may instantiate. Python needs
/// 40.
pub(crate) const INSTANCES_MAX: usize = 1_000;

/// The most complexity of one function: see [`Survey::complexity_max`].
const COMPLEXITY_MAX: usize = 5_000_000;

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
    /// Bytes that are no valid WebAssembly, ended too early, or need a proposal that is off.
    #[error("this is no valid component: {}", clipped(.detail))]
    Invalid {
        /// Where and why.
        detail: String,
    },
    /// A component that exports no interface of ours.
    #[error("the component implements no Refrain world{}", list_exports(.exports, .example))]
    NoWorld {
        /// What it exports instead.
        exports: Vec<String>,
        /// What it could export.
        example: String,
    },
    /// A world of another version.
    #[error("the component implements `{}`, but this host speaks {}: {}", clipped(&.found.to_string()), list_worlds(.supported), rebuild(.found, .supported))]
    WorldVersion {
        /// What it implements.
        found: World,
        /// What this host speaks of that role, from the oldest to the newest.
        supported: Vec<World>,
    },
    /// More than one world.
    #[error("the component implements {}: a plugin has exactly one world", clipped(&.worlds.join(" and ")))]
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
        "`{function}` of `{world}` has another type than the contract: {}; rebuild it with the SDK for that version",
        clipped(.detail)
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
    #[error("the component imports `{}`, which it was not granted: {}", clipped(.import), remedy(.import))]
    UngrantedImport {
        /// The import.
        import: String,
    },
    /// An interface that was granted, and is used otherwise than it is.
    #[error("the component does not fit virtual WASI: {}", clipped(.detail))]
    ImportType {
        /// Which import, and what differs.
        detail: String,
    },
    /// A component with more of something than allowed.
    #[error("the component has {found} {what}, the limit is {max}")]
    TooLarge {
        /// Bytes, functions, bytes or complexity of one function, instances, levels, types.
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

fn list_exports(exports: &[String], example: &str) -> String {
    match exports {
        [] => ": it exports nothing".to_owned(),
        names => format!(
            ": it exports {}; a transform, for instance, exports `{example}`",
            clipped(&names.join(", "))
        ),
    }
}

fn list_worlds(worlds: &[World]) -> String {
    worlds.iter().map(|world| format!("`{world}`")).collect::<Vec<_>>().join(" and ")
}

/// What helps depends on the side on which the version lies of those that this host speaks.
fn rebuild(found: &World, supported: &[World]) -> String {
    let newest = &supported.last().expect("BUG: a role without a contract").version;
    let sdk = format!("rebuild with SDK {}.{}", newest.major, newest.minor);
    if found.version > *newest { format!("update the host, or {sdk}") } else { sdk }
}

fn remedy(import: &str) -> &'static str {
    if wasi::has(import) {
        return "ask for the grant `wasi` in its manifest, or build it without WASI";
    }
    if import.starts_with("wasi:") {
        return "virtual WASI has no such interface, only those of WASI 0.2; build it without";
    }
    "no grant gives it; build the component without it"
}

/// What a component is.
pub(crate) fn inspect(
    component: &[u8],
    contracts: &Contracts,
) -> Result<ComponentInfo, AdmissionError> {
    let survey = Survey::read(component)?;
    let world = match survey.worlds().as_slice() {
        [only] if contracts.speaks(only) => Some(only.clone()),
        _ => None,
    };
    Ok(info(survey, world, component.len()))
}

/// The checks that need no compilation.
pub(crate) fn check(
    component: &[u8],
    grants: &[Grant],
    options: &SandboxOptions,
    contracts: &Contracts,
) -> Result<ComponentInfo, AdmissionError> {
    at_most("bytes", component.len(), options.component_bytes_max)?;
    let survey = Survey::read(component)?;
    at_most("functions", survey.n_functions, options.functions_max)?;
    let longest = survey.function_bytes_max;
    at_most("bytes in one function", longest, options.function_bytes_max)?;
    let complexity = usize::try_from(survey.complexity_max).unwrap_or(usize::MAX);
    at_most("points of complexity in one function", complexity, COMPLEXITY_MAX)?;
    at_most("instances", survey.n_instances, INSTANCES_MAX)?;
    let world = one_world(&survey, contracts)?;
    let granted = |import: &String| grants.contains(&Grant::Wasi) && wasi::has(import);
    if let Some(import) = survey.imports.iter().find(|import| !granted(import)) {
        return Err(AdmissionError::UngrantedImport { import: import.clone() });
    }
    Ok(info(survey, Some(world), component.len()))
}

fn info(survey: Survey, world: Option<World>, size_bytes: usize) -> ComponentInfo {
    let Survey { imports, exports, n_functions, .. } = survey;
    ComponentInfo { world, imports, exports, size_bytes, n_functions }
}

pub(crate) fn at_most(what: &'static str, found: usize, max: usize) -> Result<(), AdmissionError> {
    if found > max { Err(AdmissionError::TooLarge { what, found, max }) } else { Ok(()) }
}

fn one_world(survey: &Survey, contracts: &Contracts) -> Result<World, AdmissionError> {
    let worlds = survey.worlds();
    match worlds.as_slice() {
        [] => Err(contracts.no_world(survey.exports.clone())),
        [world] if contracts.speaks(world) => Ok(world.clone()),
        [world] => {
            let (found, supported) = (world.clone(), contracts.of(world.role));
            Err(AdmissionError::WorldVersion { found, supported })
        }
        several => {
            let worlds = several.iter().map(|world| format!("`{world}`")).collect();
            Err(AdmissionError::SeveralWorlds { worlds })
        }
    }
}
