//! Schemas: finding columns by name, with errors that say what is there.

use crate::{Error, Field, Kind, Result, Schema};

impl Field {
    /// A field that is not a vector.
    pub fn new(name: impl Into<String>, kind: Kind, nullable: bool) -> Self {
        Self { name: name.into(), kind, nullable, width: 0 }
    }

    /// A field of `width` `f32` a row.
    pub fn vector(name: impl Into<String>, width: u32, nullable: bool) -> Self {
        Self { name: name.into(), kind: Kind::Vector, nullable, width }
    }
}

impl Kind {
    /// Every kind of number that converts to `f64` without surprise.
    pub const NUMERIC: &[Self] = &[Self::Float64, Self::Int64, Self::Boolean];

    /// The name in WIT, which is also the name in pipelines.
    #[must_use]
    pub fn name(self) -> &'static str {
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

impl Schema {
    /// A schema of these fields.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// The number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Where the column `name` stands, if it does.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// Where the column `name` stands.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] that names the nearest column, or all of them.
    pub fn index_of(&self, name: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| {
            let names = self.fields.iter().map(|field| field.name.as_str());
            Error::params(format!("no column `{name}` in the input{}", hint(name, names)))
        })
    }

    /// The column `name`.
    ///
    /// # Errors
    /// As [`Schema::index_of`].
    pub fn field(&self, name: &str) -> Result<&Field> {
        self.index_of(name).map(|index| &self.fields[index])
    }

    /// Where the column `name` stands, which must be of one of `kinds`.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] if there is no such column, or if it is of another kind.
    pub fn index_of_kind(&self, name: &str, kinds: &[Kind]) -> Result<usize> {
        let index = self.index_of(name)?;
        let kind = self.fields[index].kind;
        if kinds.contains(&kind) {
            return Ok(index);
        }
        let allowed: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        Err(Error::params(format!(
            "column `{name}` is {}, and must be {}",
            kind.name(),
            allowed.join(" or ")
        )))
    }

    /// Where these columns stand, in schema order, each of one of `kinds`.
    ///
    /// # Errors
    /// As [`Schema::index_of_kind`], or if a name stands twice.
    pub fn indices_of_kind<N: AsRef<str>>(&self, names: &[N], kinds: &[Kind]) -> Result<Vec<u32>> {
        let mut indices = Vec::with_capacity(names.len());
        for name in names {
            let index = self.index_of_kind(name.as_ref(), kinds)? as u32;
            if indices.contains(&index) {
                return Err(Error::params(format!("column `{}` is named twice", name.as_ref())));
            }
            indices.push(index);
        }
        indices.sort_unstable();
        Ok(indices)
    }

    /// The schema of the columns at `indices`: what a fold or a map is started with.
    ///
    /// # Panics
    /// If an index is beyond the schema.
    #[must_use]
    pub fn select(&self, indices: &[u32]) -> Self {
        Self { fields: indices.iter().map(|&i| self.fields[i as usize].clone()).collect() }
    }
}

/// `; did you mean …`, or the whole list where nothing is near.
#[must_use]
pub fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    const NAMES_MAX: usize = 24;
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance);
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    match near {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => "; there is none".to_owned(),
        None if known.len() > NAMES_MAX => {
            format!("; there are {}, … ({} in all)", quoted(&known[..NAMES_MAX]), known.len())
        }
        None => format!("; there are {}", quoted(&known)),
    }
}
