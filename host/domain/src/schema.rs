//! [`Schema`]: the names and kinds of columns.

use serde::{Deserialize, Serialize};

/// What a column holds. The same closed list as `refrain:types/data.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Signed 64-bit integers.
    Int64,
    /// IEEE 754 double precision.
    Float64,
    /// Microseconds since the epoch, UTC.
    TimestampUs,
    /// Unicode text.
    Utf8,
    /// Any bytes.
    Binary,
    /// [`Field::width`] `f32` a row.
    Vector,
}

impl Kind {
    /// The name that users write: `float64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::TimestampUs => "timestamp-us",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
            Self::Vector => "vector",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One column's name and type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Unique within its schema, not empty.
    pub name: String,
    /// What the column holds.
    pub kind: Kind,
    /// Whether a row may lack a value.
    pub nullable: bool,
    /// The number of `f32` a row of a vector; 0 for every other kind.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub width: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(width: &u32) -> bool {
    *width == 0
}

impl Field {
    /// A field of a kind other than vector.
    pub fn new(name: impl Into<String>, kind: Kind, nullable: bool) -> Self {
        Self { name: name.into(), kind, nullable, width: 0 }
    }

    /// A vector field of `width` `f32` a row.
    pub fn vector(name: impl Into<String>, width: u32, nullable: bool) -> Self {
        Self { name: name.into(), kind: Kind::Vector, nullable, width }
    }
}

/// The fields of a table, in column order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// In column order.
    pub fields: Vec<Field>,
}

/// A schema that no batch could have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A column without a name.
    #[error("column {index} has no name")]
    Unnamed {
        /// Counted from 0.
        index: usize,
    },
    /// Two columns of one name.
    #[error("two columns are named `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A vector of width 0, or a width on another kind.
    #[error("column `{name}` of kind {kind} cannot have width {width}")]
    Width {
        /// The column.
        name: String,
        /// Its kind.
        kind: Kind,
        /// The width that it states.
        width: u32,
    },
}

impl Schema {
    /// A schema of these fields, checked.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn new(fields: Vec<Field>) -> Result<Self, SchemaError> {
        let schema = Self { fields };
        schema.check()?;
        Ok(schema)
    }

    /// Checks names and widths.
    ///
    /// # Errors
    /// [`SchemaError`], naming the first column at fault.
    pub fn check(&self) -> Result<(), SchemaError> {
        let mut seen = std::collections::HashSet::with_capacity(self.fields.len());
        for (index, field) in self.fields.iter().enumerate() {
            if field.name.is_empty() {
                return Err(SchemaError::Unnamed { index });
            }
            if !seen.insert(field.name.as_str()) {
                return Err(SchemaError::Duplicate { name: field.name.clone() });
            }
            if (field.kind == Kind::Vector) != (field.width > 0) {
                return Err(SchemaError::Width {
                    name: field.name.clone(),
                    kind: field.kind,
                    width: field.width,
                });
            }
        }
        Ok(())
    }

    /// The position of a column.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The schema of some of the columns, in the order asked for.
    ///
    /// # Panics
    /// If an index is out of range: that is the caller's bug.
    pub fn project(&self, indices: &[usize]) -> Self {
        Self { fields: indices.iter().map(|&i| self.fields[i].clone()).collect() }
    }
}
