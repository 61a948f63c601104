//! What a component's bytes say of it, read and validated without compiling or running any.

use refrain_domain::World;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, ComponentInstance, ComponentTypeRef, Encoding, FunctionBody, Instance,
    Operator, Parser, Payload, Validator,
};

use crate::admit::AdmissionError;
use crate::bounds::Bounds;
use crate::settings;

/// The content of a component's own custom section of this name; the sections of the modules and
/// components in it are theirs. None too for bytes that are no component.
pub fn custom_section<'a>(component: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 0 && section.name() == name => {
                return Some(section.data());
            }
            _ => {}
        }
    }
    None
}

/// A component's outline.
pub(crate) struct Survey {
    /// Interfaces and functions that it imports and would call.
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    /// Over all its modules.
    pub n_functions: usize,
    /// The longest body of a function.
    pub function_bytes_max: usize,
    /// The most of [`complexity`] in a function.
    pub complexity_max: u64,
    /// Modules and components that one instance of it instantiates: an upper bound.
    pub n_instances: usize,
}

impl Survey {
    /// Reads and validates.
    ///
    /// # Errors
    /// [`AdmissionError::CoreModule`]; [`AdmissionError::TooLarge`] for what would take too much to
    /// validate; or [`AdmissionError::Invalid`] with the place: truncated, malformed, or of a
    /// proposal that the profile does not have.
    pub(crate) fn read(component: &[u8]) -> Result<Self, AdmissionError> {
        let (mut outline, mut bounds) = (Outline::default(), Bounds::default());
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.map_err(invalid)?;
            bounds.take(component, &payload)?;
            outline.take(payload)?;
        }
        let types = Validator::new_with_features(settings::features())
            .validate_all(component)
            .map_err(invalid)?;
        outline.imports.retain(|import| calls_something(&types, import));
        Ok(Self {
            imports: outline.imports,
            exports: outline.exports,
            n_functions: outline.n_functions,
            function_bytes_max: outline.function_bytes_max,
            complexity_max: outline.complexity_max,
            n_instances: outline.largest.max(outline.open.iter().sum()),
        })
    }

    /// The worlds of ours that the exports amount to, whatever their version.
    pub(crate) fn worlds(&self) -> Vec<World> {
        let world = |export: &String| {
            let rest = export.strip_prefix("refrain:")?;
            let (role, version) = rest.split_once("/plugin@")?;
            format!("{role}@{version}").parse().ok()
        };
        self.exports.iter().filter_map(world).collect()
    }
}

#[derive(Default)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<String>,
    n_functions: usize,
    function_bytes_max: usize,
    complexity_max: u64,
    /// Instances in each component around the parser's place; modules count as 0.
    open: Vec<usize>,
    /// Instances of the largest component that is complete.
    largest: usize,
}

impl Outline {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), AdmissionError> {
        match payload {
            Payload::Version { encoding, .. } => {
                if encoding == Encoding::Module && self.open.is_empty() {
                    return Err(AdmissionError::CoreModule);
                }
                self.open.push(0);
            }
            Payload::End(_) => {
                let n = self.open.pop().unwrap_or(0);
                self.largest = self.largest.max(n);
            }
            Payload::CodeSectionEntry(body) => {
                self.n_functions += 1;
                self.function_bytes_max = self.function_bytes_max.max(body.range().len());
                self.complexity_max = self.complexity_max.max(complexity(&body).map_err(invalid)?);
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { .. } = instance.map_err(invalid)? {
                        self.count(1);
                    }
                }
            }
            // Components that instantiate components twice, level by level, would double with
            // each level. Whatever is instantiated here stands further up, so it is no larger
            // than the largest complete one.
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    if let ComponentInstance::Instantiate { .. } = instance.map_err(invalid)? {
                        self.count(self.largest.saturating_add(1));
                    }
                }
            }
            payload => self.take_names(payload)?,
        }
        Ok(())
    }

    /// Names count in the outermost component only.
    fn take_names(&mut self, payload: Payload<'_>) -> Result<(), AdmissionError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(invalid)?;
                    // Nobody could say how often that one is instantiated.
                    if let ComponentTypeRef::Component(_) = import.ty {
                        let detail = "it contains one that imports a component".to_owned();
                        return Err(AdmissionError::Invalid { detail });
                    }
                    if self.open.len() == 1 {
                        self.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) if self.open.len() == 1 => {
                for export in section {
                    self.exports.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, n: usize) {
        if let Some(open) = self.open.last_mut() {
            *open = open.saturating_add(n);
        }
    }
}

/// How much more a function takes to compile than its length tells.
///
/// Cranelift's time and memory grow with every pair of loops, and with every local that is alive
/// across a branch. Measured: 5 million points are at most a second and 200 MB, 20 million 4 s and
/// 600 MB, and 100 KB of code can have a thousand million. All of CPython has at most 94,000 in a
/// function. Branches within branches take their depth squared: 10 s for 20,000 levels.
fn complexity(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut n_locals = 0_u64;
    for locals in body.get_locals_reader()? {
        n_locals = n_locals.saturating_add(u64::from(locals?.0));
    }
    let (mut n_loops, mut n_branches) = (0_u64, 0_u64);
    // Of each construct that is open, whether it is a branch.
    let mut open: Vec<bool> = Vec::new();
    let (mut depth, mut depth_max) = (0_u64, 0_u64);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                n_loops += 1;
                open.push(false);
            }
            Operator::Block { .. } => {
                n_branches += 1;
                open.push(false);
            }
            Operator::If { .. } => {
                n_branches += 1;
                open.push(true);
                depth += 1;
                depth_max = depth_max.max(depth);
            }
            Operator::End => depth -= u64::from(open.pop() == Some(true)),
            _ => {}
        }
    }
    let nested = depth_max * depth_max;
    // More locals than any validator allows can be said in a few bytes.
    let pairs = n_loops.saturating_mul(n_loops.saturating_add(n_locals.saturating_mul(4)));
    Ok(pairs.saturating_add(n_branches.saturating_mul(n_locals)).saturating_add(nested))
}

/// Whether an import is more than plain types, which nobody needs to grant.
fn calls_something(types: &Types, import: &str) -> bool {
    let is_plain = |entity: &ComponentEntityType| match entity {
        ComponentEntityType::Type { created, .. } => {
            !matches!(created, wasmparser::component_types::ComponentAnyTypeId::Resource(_))
        }
        _ => false,
    };
    match types.component_item_for_import(import).map(|item| &item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            !types[*id].exports.values().all(|item| is_plain(&item.ty))
        }
        Some(entity) => !is_plain(entity),
        None => true,
    }
}

pub(crate) fn invalid(error: BinaryReaderError) -> AdmissionError {
    let detail = match error.message() {
        text if text.starts_with("magic header") => "it does not begin as WebAssembly does".into(),
        text => format!("{text} at byte {}", error.offset()),
    };
    AdmissionError::Invalid { detail }
}
