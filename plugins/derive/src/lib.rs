//! Computes columns from expressions over the columns of the same row.
//!
//! Invariant: types are settled before a row is seen, and a mistake is shown where it stands.
//! Nulls are SQL's: they propagate, and `and` and `or` are three-valued.

mod check;
mod evaluate;
mod function;
mod syntax;
mod token;
mod value;

use std::collections::BTreeMap;

use refrain_sdk::transform::{Description, OutputColumn, Transform};
use refrain_sdk::{Batch, Column, Error, Field, Map, NoFit, Result, Schema};
use serde::Deserialize;

use check::{Code, Type, Typed};
use syntax::Mistake;

refrain_sdk::export!(transform, Derive);

/// The plugin.
pub struct Derive;

/// Expressions by the name of the column that they compute.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// Input columns to leave out.
    #[serde(default)]
    drop: Vec<String>,
    /// The input columns to keep; all others are left out.
    keep: Option<Vec<String>>,
}

/// Expressions are at most so many characters long.
const CHARACTERS_MAX: usize = 2048;

impl Transform for Derive {
    type Params = Params;
    type Fit = NoFit;
    type Map = Program;

    fn describe(params: &Params, input: &Schema) -> Result<Description> {
        let program = compile(params, input)?;
        let mut reads = Vec::new();
        program.iter().for_each(|(_, typed)| used(typed, &mut reads));
        reads.sort_unstable();
        reads.dedup();
        let mut description = Description::stateless(reads);
        description.outputs = outputs(params, input, &program)?;
        Ok(description)
    }

    fn fit(_: &Params, _: &Schema, _: u64) -> Result<NoFit> {
        NoFit::refuse()
    }

    fn apply(params: &Params, input: &Schema, _: &[u8]) -> Result<Program> {
        Ok(Program { columns: compile(params, input)?, input: input.clone() })
    }
}

/// Types every expression, in the order of the names.
fn compile(params: &Params, input: &Schema) -> Result<Vec<(String, Typed)>> {
    let compile = |(name, text): (&String, &String)| {
        let typed = typed(text, input).map_err(|mistake| {
            Error::params(format!(
                "parameter `columns.{name}`: {} at character {} of `{}`",
                mistake.text,
                mistake.at + 1,
                excerpt(text, mistake.at)
            ))
        })?;
        Ok((name.clone(), typed))
    };
    params.columns.iter().map(compile).collect()
}

/// `text`, or what stands around a character of a long one.
fn excerpt(text: &str, at: usize) -> String {
    const AROUND: usize = 60;
    let n_chars = text.chars().count();
    if n_chars <= 2 * AROUND {
        return text.to_owned();
    }
    let from = at.saturating_sub(AROUND);
    let shown: String = text.chars().skip(from).take(2 * AROUND).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if from + 2 * AROUND < n_chars { "…" } else { "" };
    format!("{before}{shown}{after}")
}

fn typed(text: &str, input: &Schema) -> Result<Typed, Mistake> {
    if text.chars().count() > CHARACTERS_MAX {
        return Err(Mistake::new(CHARACTERS_MAX, format!("more than {CHARACTERS_MAX} characters")));
    }
    let typed = check::check(&syntax::parse(text)?, input)?;
    match typed.ty {
        Type::Null => Err(Mistake::new(0, "this is always null, of no type")),
        Type::Opaque(kind) => {
            Err(Mistake::new(0, format!("{} columns cannot be computed", kind.name())))
        }
        _ => Ok(typed),
    }
}

/// Kept columns in their order, then the computed ones by name; a namesake gives way.
fn outputs(
    params: &Params,
    input: &Schema,
    program: &[(String, Typed)],
) -> Result<Vec<OutputColumn>> {
    for name in &params.drop {
        input.index_of(name).map_err(|error| error.context("parameter `drop`"))?;
    }
    for name in params.keep.iter().flatten() {
        input.index_of(name).map_err(|error| error.context("parameter `keep`"))?;
    }
    if let Some(name) = params.columns.keys().find(|name| name.is_empty()) {
        return Err(Error::params(format!("parameter `columns.{name}`: a column needs a name")));
    }
    let is_kept = |name: &String| {
        !params.drop.contains(name)
            && params.keep.as_ref().is_none_or(|keep| keep.contains(name))
            && !params.columns.contains_key(name)
    };
    let kept = input.fields.iter().enumerate().filter(|(_, field)| is_kept(&field.name));
    let kept = kept.map(|(index, _)| OutputColumn::Kept(index as u32));
    let computed = program.iter().map(|(name, typed)| {
        OutputColumn::Computed(Field::new(name, typed.ty.kind(), typed.nullable))
    });
    let outputs: Vec<OutputColumn> = kept.chain(computed).collect();
    if outputs.is_empty() {
        return Err(Error::params("no column is left: compute one, or drop fewer"));
    }
    Ok(outputs)
}

/// Adds the columns that `typed` reads.
fn used(typed: &Typed, columns: &mut Vec<u32>) {
    match &typed.code {
        Code::Constant(_) => {}
        Code::Column(index) => columns.push(*index as u32),
        Code::Not(inner) | Code::IsNull(inner) | Code::Convert(inner) => used(inner, columns),
        Code::Arithmetic(_, left, right)
        | Code::Compare(_, left, right)
        | Code::Logic(_, left, right)
        | Code::Coalesce(left, right) => {
            used(left, columns);
            used(right, columns);
        }
        Code::If(condition, then, otherwise) => {
            [condition, then, otherwise].into_iter().for_each(|part| used(part, columns));
        }
        Code::Call(_, arguments) => {
            arguments.iter().for_each(|argument| used(argument, columns));
        }
    }
}

/// Typed expressions, ready to run.
pub struct Program {
    columns: Vec<(String, Typed)>,
    input: Schema,
}

impl Map for Program {
    fn map(&self, rows: Batch) -> Result<Vec<Column>> {
        rows.check(&self.input)?;
        let compute = |(name, typed): &(String, Typed)| {
            let value = evaluate::evaluate(typed, &rows)
                .map_err(|error| error.context(format_args!("column `{name}`")))?;
            Ok(value.broadcast(rows.n_rows()))
        };
        self.columns.iter().map(compute).collect()
    }
}

#[cfg(test)]
mod tests;
