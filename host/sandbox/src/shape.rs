//! Types of the component model as plain values, from `wit/` and from a component alike, and the
//! first difference between two of them in words.

use std::fmt;

use wasmtime::component::types::Type as Found;
use wit_parser::{Resolve, Type as Wit, TypeDefKind};

/// A type, by structure. Names of types do not count, names of fields and cases do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Primitives, and whatever no contract of ours has.
    Named(String),
    List(Box<Self>),
    Option(Box<Self>),
    Result(Option<Box<Self>>, Option<Box<Self>>),
    Tuple(Vec<Self>),
    Record(Vec<(String, Self)>),
    Variant(Vec<(String, Option<Self>)>),
    Enum(Vec<String>),
}

impl Shape {
    fn named(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    /// The shape of a type of `wit/`.
    pub(crate) fn of_wit(resolve: &Resolve, ty: Wit) -> Self {
        let of = |ty: &Wit| Self::of_wit(resolve, *ty);
        let boxed = |ty: &Option<Wit>| ty.map(|ty| Box::new(Self::of_wit(resolve, ty)));
        let Wit::Id(id) = ty else { return Self::named(primitive(ty)) };
        match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => of(ty),
            TypeDefKind::List(ty) => Self::List(Box::new(of(ty))),
            TypeDefKind::Option(ty) => Self::Option(Box::new(of(ty))),
            TypeDefKind::Result(result) => Self::Result(boxed(&result.ok), boxed(&result.err)),
            TypeDefKind::Tuple(tuple) => Self::Tuple(tuple.types.iter().map(of).collect()),
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter();
                Self::Record(fields.map(|field| (field.name.clone(), of(&field.ty))).collect())
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter();
                Self::Variant(
                    cases.map(|case| (case.name.clone(), case.ty.as_ref().map(of))).collect(),
                )
            }
            TypeDefKind::Enum(cases) => {
                Self::Enum(cases.cases.iter().map(|case| case.name.clone()).collect())
            }
            other => Self::named(other.as_str()),
        }
    }

    /// The shape of a component's type.
    pub(crate) fn of_component(ty: &Found) -> Self {
        let of = |ty: Found| Self::of_component(&ty);
        let boxed = |ty: Option<Found>| ty.map(|ty| Box::new(Self::of_component(&ty)));
        match ty {
            Found::List(list) => Self::List(Box::new(of(list.ty()))),
            Found::Option(option) => Self::Option(Box::new(of(option.ty()))),
            Found::Result(result) => Self::Result(boxed(result.ok()), boxed(result.err())),
            Found::Tuple(tuple) => Self::Tuple(tuple.types().map(of).collect()),
            Found::Record(record) => Self::Record(
                record.fields().map(|field| (field.name.to_owned(), of(field.ty))).collect(),
            ),
            Found::Variant(variant) => Self::Variant(
                variant.cases().map(|case| (case.name.to_owned(), case.ty.map(of))).collect(),
            ),
            Found::Enum(cases) => Self::Enum(cases.names().map(str::to_owned).collect()),
            other => Self::named(other_name(other)),
        }
    }
}

fn primitive(ty: Wit) -> &'static str {
    match ty {
        Wit::Bool => "bool",
        Wit::U8 => "u8",
        Wit::U16 => "u16",
        Wit::U32 => "u32",
        Wit::U64 => "u64",
        Wit::S8 => "s8",
        Wit::S16 => "s16",
        Wit::S32 => "s32",
        Wit::S64 => "s64",
        Wit::F32 => "f32",
        Wit::F64 => "f64",
        Wit::Char => "char",
        Wit::String => "string",
        Wit::ErrorContext => "error-context",
        Wit::Id(_) => "type",
    }
}

fn other_name(ty: &Found) -> &'static str {
    match ty {
        Found::Bool => "bool",
        Found::U8 => "u8",
        Found::U16 => "u16",
        Found::U32 => "u32",
        Found::U64 => "u64",
        Found::S8 => "s8",
        Found::S16 => "s16",
        Found::S32 => "s32",
        Found::S64 => "s64",
        Found::Float32 => "f32",
        Found::Float64 => "f64",
        Found::Char => "char",
        Found::String => "string",
        Found::Flags(_) => "flags",
        Found::Own(_) => "own",
        Found::Borrow(_) => "borrow",
        Found::Map(_) => "map",
        Found::Future(_) => "future",
        Found::Stream(_) => "stream",
        Found::FixedLengthList(_) => "fixed-length list",
        _ => "another type",
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_nothing = |shape: &Option<Box<Self>>| match shape {
            Some(shape) => shape.to_string(),
            None => "_".to_owned(),
        };
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(of) => write!(f, "list<{of}>"),
            Self::Option(of) => write!(f, "option<{of}>"),
            Self::Result(ok, error) => {
                write!(f, "result<{}, {}>", or_nothing(ok), or_nothing(error))
            }
            Self::Tuple(of) => {
                write!(
                    f,
                    "tuple<{}>",
                    of.iter().map(Self::to_string).collect::<Vec<_>>().join(", ")
                )
            }
            Self::Record(fields) => write!(f, "record {{{}}}", names(fields).join(", ")),
            Self::Variant(cases) => write!(f, "variant {{{}}}", names(cases).join(", ")),
            Self::Enum(cases) => write!(f, "enum {{{}}}", cases.join(", ")),
        }
    }
}

pub(crate) fn names<T>(parts: &[(String, T)]) -> Vec<&str> {
    parts.iter().map(|(name, _)| name.as_str()).collect()
}

/// The first difference, from the outside in; none if the two are the same type.
pub(crate) fn difference(expected: &Shape, found: &Shape) -> Option<String> {
    if expected == found {
        return None;
    }
    match (expected, found) {
        (Shape::List(expected), Shape::List(found)) => within("list item", expected, found),
        (Shape::Option(expected), Shape::Option(found)) => within("option", expected, found),
        (Shape::Result(ok, error), Shape::Result(found_ok, found_error)) => {
            optional("result", ok.as_deref(), found_ok.as_deref())
                .or_else(|| optional("error", error.as_deref(), found_error.as_deref()))
        }
        (Shape::Tuple(expected), Shape::Tuple(found)) if expected.len() == found.len() => {
            let mut parts = expected.iter().zip(found).enumerate();
            parts.find_map(|(i, (e, f))| within(&format!("tuple item {i}"), e, f))
        }
        (Shape::Record(expected), Shape::Record(found)) => {
            by_name("record field", &names(expected), &names(found)).or_else(|| {
                let mut fields = expected.iter().zip(found);
                fields.find_map(|((name, e), (_, f))| within(&field(name), e, f))
            })
        }
        (Shape::Variant(expected), Shape::Variant(found)) => {
            by_name("variant case", &names(expected), &names(found)).or_else(|| {
                let mut cases = expected.iter().zip(found);
                cases.find_map(|((name, e), (_, f))| {
                    optional(&format!("variant case `{name}`"), e.as_ref(), f.as_ref())
                })
            })
        }
        (Shape::Enum(expected), Shape::Enum(found)) => {
            by_name("enum case", &strs(expected), &strs(found))
        }
        _ => Some(format!("expected {expected}, found {found}")),
    }
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn field(name: &str) -> String {
    format!("record field `{name}`")
}

fn within(place: &str, expected: &Shape, found: &Shape) -> Option<String> {
    difference(expected, found).map(|inner| format!("{place}: {inner}"))
}

fn optional(place: &str, expected: Option<&Shape>, found: Option<&Shape>) -> Option<String> {
    match (expected, found) {
        (Some(expected), Some(found)) => within(place, expected, found),
        (None, None) => None,
        (Some(expected), None) => Some(format!("{place}: expected {expected}, found nothing")),
        (None, Some(found)) => Some(format!("{place}: expected nothing, found {found}")),
    }
}

/// What differs between two lists of names, the rarest mistake last.
pub(crate) fn by_name(what: &str, expected: &[&str], found: &[&str]) -> Option<String> {
    if let Some(missing) = expected.iter().find(|name| !found.contains(name)) {
        return Some(format!("{what} `{missing}` is missing"));
    }
    if let Some(extra) = found.iter().find(|name| !expected.contains(name)) {
        return Some(format!("{what} `{extra}` is not in the contract"));
    }
    let (_, second) = expected.iter().zip(found).find(|(e, f)| e != f)?;
    let place = found.iter().position(|name| name == second)?;
    Some(format!("{what} {place} is `{second}`, expected `{}`", expected[place]))
}
