//! What a component may have before it is validated, for the validator and the compiler have few
//! bounds of their own.
//!
//! Invariant: nothing here takes more time than the component is long, nor a stack or memory that
//! grows with it.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentImport, ComponentType, CompositeInnerType, ConstExpr,
    DataKind, ElementItems, ElementKind, InstanceTypeDeclaration, Payload, TableInit,
};

use crate::admit::{AdmissionError, at_most};
use crate::survey::invalid;

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

/// The most parameters and results of all functions together. Cranelift takes 23 microseconds for
/// each, once for the function and once for the way in.
const SIGNATURE_VALUES_MAX: usize = 2_000_000;

/// The most bytes of all constants that take more than a few instructions to compute: Cranelift
/// takes 280 bytes for each.
const CONSTANT_BYTES_MAX: usize = 64 << 10;

/// What a component has so far.
#[derive(Default)]
pub(crate) struct Bounds {
    n_components: usize,
    level: usize,
    type_bytes: usize,
    declaration_bytes: usize,
    signature_values: usize,
    constant_bytes: usize,
    /// Parameters and results of each type of the module that is being read.
    widths: Vec<usize>,
}

impl Bounds {
    /// Takes in the next part of a component.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`], or [`AdmissionError::Invalid`] for what cannot be read.
    pub(crate) fn take(
        &mut self,
        component: &[u8],
        payload: &Payload<'_>,
    ) -> Result<(), AdmissionError> {
        match payload {
            Payload::Version { .. } => self.n_components += 1,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => self.level += 1,
            Payload::End(_) => self.level = self.level.saturating_sub(1),
            // Bounded by other limits, or read a piece at a time.
            Payload::FunctionSection(_)
            | Payload::CodeSectionStart { .. }
            | Payload::ElementSection(_)
            | Payload::DataSection(_)
            | Payload::CustomSection(_) => {}
            Payload::TypeSection(_)
            | Payload::CoreTypeSection(_)
            | Payload::ComponentTypeSection(_) => self.type_bytes += section_bytes(payload),
            _ => self.declaration_bytes += section_bytes(payload),
        }
        at_most("modules and components", self.n_components, COMPONENTS_MAX)?;
        at_most("levels of components", self.level, LEVELS_MAX)?;
        at_most("bytes of types", self.type_bytes, TYPE_BYTES_MAX)?;
        at_most("bytes of declarations", self.declaration_bytes, DECLARATION_BYTES_MAX)?;
        if let Payload::ComponentTypeSection(section) = payload {
            check_levels(&component[section.range()], section.range().start)?;
        }
        self.measure_signatures(payload)?;
        self.measure_constants(payload)
    }

    fn measure_signatures(&mut self, payload: &Payload<'_>) -> Result<(), AdmissionError> {
        if let Payload::TypeSection(section) = payload {
            self.widths.clear();
            for group in section.clone() {
                for ty in group.map_err(invalid)?.types() {
                    self.widths.push(match &ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => ty.params().len() + ty.results().len(),
                        _ => 0,
                    });
                }
            }
        }
        if let Payload::FunctionSection(section) = payload {
            for ty in section.clone() {
                // A type that is not there is the validator's to find.
                let width = self.widths.get(ty.map_err(invalid)? as usize);
                self.signature_values += width.unwrap_or(&0);
            }
        }
        at_most("parameters and results", self.signature_values, SIGNATURE_VALUES_MAX)
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
}

fn section_bytes(payload: &Payload<'_>) -> usize {
    payload.as_section().map_or(0, |(_, range)| range.len())
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
