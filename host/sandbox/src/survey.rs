//! What a component's bytes say of it, read and validated without compiling or running any.

use refrain_domain::World;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentImport, ComponentInstance, ComponentType,
    ComponentTypeRef, ConstExpr, DataKind, ElementItems, ElementKind, Encoding, FunctionBody,
    Instance, InstanceTypeDeclaration, Operator, Parser, Payload, TableInit, Validator,
};

use crate::admit::{AdmissionError, at_most};
use crate::settings;

/// The most levels of components within components, and of types within types. The parser goes
/// down the latter on the stack of whoever asks.
const LEVELS_MAX: usize = 50;

/// The most modules and components, at all levels. Python needs 40.
const COMPONENTS_MAX: usize = 1_000;

/// The most bytes of all sections of types. A byte can declare a type, for which validation keeps
/// a hundred.
const TYPE_BYTES_MAX: usize = 512 << 10;

/// The most bytes of all sections of imports, exports and the like. Python has thousands.
const DECLARATION_BYTES_MAX: usize = 8 << 20;

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

/// The most bytes of all constants that take more than a few instructions to compute: Cranelift
/// takes 280 bytes for each.
const CONSTANT_BYTES_MAX: usize = 64 << 10;

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
        let mut outline = Outline::default();
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.map_err(invalid)?;
            outline.measure(component, &payload)?;
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
    n_components: usize,
    type_bytes: usize,
    declaration_bytes: usize,
    constant_bytes: usize,
    /// Instances in each component around the parser's place; modules count as 0.
    open: Vec<usize>,
    /// Instances of the largest component that is complete.
    largest: usize,
}

impl Outline {
    /// Refuses what the validator itself would come to harm by.
    fn measure(&mut self, component: &[u8], payload: &Payload<'_>) -> Result<(), AdmissionError> {
        if let Payload::Version { .. } = payload {
            self.n_components += 1;
            at_most("modules and components", self.n_components, COMPONENTS_MAX)?;
            return at_most("levels of components", self.open.len(), LEVELS_MAX);
        }
        let Some((_, range)) = payload.as_section() else { return Ok(()) };
        self.measure_constants(payload)?;
        match payload {
            Payload::TypeSection(_) | Payload::CoreTypeSection(_) => self.type_bytes += range.len(),
            Payload::ComponentTypeSection(_) => {
                self.type_bytes += range.len();
                check_levels(&component[range.clone()], range.start)?;
            }
            // Bounded by other limits, or read a piece at a time.
            Payload::ModuleSection { .. }
            | Payload::ComponentSection { .. }
            | Payload::FunctionSection(_)
            | Payload::CodeSectionStart { .. }
            | Payload::ElementSection(_)
            | Payload::DataSection(_)
            | Payload::CustomSection(_) => {}
            _ => self.declaration_bytes += range.len(),
        }
        at_most("bytes of types", self.type_bytes, TYPE_BYTES_MAX)?;
        at_most("bytes of declarations", self.declaration_bytes, DECLARATION_BYTES_MAX)
    }

    fn measure_constants(&mut self, payload: &Payload<'_>) -> Result<(), AdmissionError> {
        match payload {
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.measure_constant(&global.map_err(invalid)?.init_expr)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    if let TableInit::Expr(first) = table.map_err(invalid)?.init {
                        self.measure_constant(&first)?;
                    }
                }
            }
            Payload::DataSection(section) => {
                for data in section.clone() {
                    if let DataKind::Active { offset_expr, .. } = data.map_err(invalid)?.kind {
                        self.measure_constant(&offset_expr)?;
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section.clone() {
                    let element = element.map_err(invalid)?;
                    if let ElementKind::Active { offset_expr, .. } = element.kind {
                        self.measure_constant(&offset_expr)?;
                    }
                    if let ElementItems::Expressions(_, items) = element.items {
                        for item in items {
                            self.measure_constant(&item.map_err(invalid)?)?;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn measure_constant(&mut self, constant: &ConstExpr<'_>) -> Result<(), AdmissionError> {
        const PLAIN_BYTES_MAX: usize = 24;
        let bytes = constant.get_binary_reader().bytes_remaining();
        if bytes > PLAIN_BYTES_MAX {
            self.constant_bytes += bytes;
        }
        at_most("bytes of computed constants", self.constant_bytes, CONSTANT_BYTES_MAX)
    }

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

/// Walks through a section of types without a stack, for the parser has no bound of its own.
fn check_levels(section: &[u8], offset: usize) -> Result<(), AdmissionError> {
    let mut reader = BinaryReader::new(section, offset);
    // Types and declarations that are still to come, level by level.
    let mut open = vec![reader.read_var_u32().map_err(invalid)?];
    while let Some(to_come) = open.last_mut() {
        if *to_come == 0 {
            open.pop();
            continue;
        }
        *to_come -= 1;
        if let Some(declarations) = next_type(&mut reader, open.len() > 1).map_err(invalid)? {
            open.push(declarations);
            at_most("levels of types", open.len(), LEVELS_MAX)?;
        }
    }
    Ok(())
}

/// Reads one type or declaration; of a type of components or instances only the beginning, and
/// answers how many declarations it has.
fn next_type(
    reader: &mut BinaryReader<'_>,
    is_declaration: bool,
) -> Result<Option<u32>, BinaryReaderError> {
    const IMPORT: u8 = 3;
    const TYPE: u8 = 1;
    const COMPONENT_OR_INSTANCE: [u8; 2] = [0x41, 0x42];
    let mut ahead = reader.clone();
    if is_declaration {
        match ahead.read_u8()? {
            TYPE => {}
            IMPORT => {
                ahead.read::<ComponentImport<'_>>()?;
                *reader = ahead;
                return Ok(None);
            }
            _ => return reader.read::<InstanceTypeDeclaration<'_>>().map(|_| None),
        }
    }
    *reader = ahead.clone();
    if COMPONENT_OR_INSTANCE.contains(&ahead.read_u8()?) {
        *reader = ahead;
        return reader.read_var_u32().map(Some);
    }
    reader.read::<ComponentType<'_>>().map(|_| None)
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
        n_locals += u64::from(locals?.0);
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
    Ok(n_loops * (n_loops + 4 * n_locals) + n_branches * n_locals + nested)
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

fn invalid(error: BinaryReaderError) -> AdmissionError {
    let detail = match error.message() {
        text if text.starts_with("magic header") => "it does not begin as WebAssembly does".into(),
        text => format!("{text} at byte {}", error.offset()),
    };
    AdmissionError::Invalid { detail }
}
