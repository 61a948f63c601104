//! Rows for the checks: an author's case, repeated to a size at which chunking matters, then with
//! nulls, with the numbers that code forgets, or with no rows at all.
//!
//! Invariant: equal cases give equal rows, on every machine.

use refrain_domain::{Batch, Fact, FactValue, Field, Kind, Role, Schema};
use serde_json::{Map, Value, json};

use crate::case::{Case, CaseError, Input, Table};
use crate::rows::batch_of;

/// Rows of a whole input: enough for three parts, of sizes that are no multiple of 8.
pub(crate) const N_ROWS: usize = 131;

/// What is done to the rows of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Nothing.
    AsGiven,
    /// Every nullable column gets nulls.
    Nulls,
    /// NaN, infinities, the smallest and the largest of everything.
    Extremes,
}

/// How the rows lie in batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// One batch.
    One,
    /// Three batches.
    Three,
    /// The same three, and batches without rows before, between and after them.
    ThreeAndEmpty,
    /// One batch without rows.
    Empty,
}

/// The input that a case becomes.
///
/// # Errors
/// [`CaseError`] if the case itself cannot be read.
pub(crate) fn input(
    case: &Case,
    role: Role,
    flavour: Flavour,
    split: Split,
) -> Result<Input, CaseError> {
    let mut input = case.input(role)?;
    let schema = input.schema.clone();
    let batches = |rows: Option<&Vec<Map<String, Value>>>| {
        rows.map_or_else(Vec::new, |rows| batches(&schema, &repeat(rows, &schema, flavour), split))
    };
    let rows = |table: &Option<Table>| batches(table.as_ref().map(|table| &table.rows));
    match role {
        Role::Trigger => return Ok(input),
        Role::Drift => {
            input.reference = rows(&case.reference);
            input.rows = rows(&case.current);
        }
        _ => {
            input.rows = rows(&case.input);
            let predict = case.predict.as_ref().or(case.input.as_ref().map(|table| &table.rows));
            input.predict = batches(predict);
        }
    }
    Ok(input)
}

fn repeat(
    rows: &[Map<String, Value>],
    schema: &Schema,
    flavour: Flavour,
) -> Vec<Map<String, Value>> {
    let mut repeated: Vec<_> = rows.iter().cycle().take(N_ROWS).cloned().collect();
    for (index, row) in repeated.iter_mut().enumerate() {
        for (column, field) in schema.fields.iter().enumerate() {
            let value = match flavour {
                Flavour::AsGiven => None,
                Flavour::Nulls => {
                    (field.nullable && (index + column) % 3 != 0).then_some(Value::Null)
                }
                Flavour::Extremes => extreme(field, index),
            };
            if let Some(value) = value {
                row.insert(field.name.clone(), value);
            }
        }
    }
    repeated
}

/// Something that is easily forgotten; none: the value that was there.
fn extreme(field: &Field, index: usize) -> Option<Value> {
    let pick = |values: &[Value]| values.get(index % (values.len() + 2)).cloned();
    match field.kind {
        Kind::Boolean => None,
        Kind::Int64 => pick(&[json!(i64::MIN), json!(i64::MAX), json!(0), json!(-1)]),
        Kind::Float64 => pick(&[
            json!("NaN"),
            json!("inf"),
            json!("-inf"),
            json!(-0.0),
            json!(f64::MIN_POSITIVE / 2.0),
            json!(f64::MAX),
        ]),
        Kind::TimestampUs => pick(&[json!(i64::MIN), json!(i64::MAX), json!(0), json!(-1)]),
        Kind::Utf8 => pick(&[json!(""), json!("\u{10ffff}\u{0}é"), json!("x".repeat(1000))]),
        Kind::Binary => pick(&[json!(""), json!("AP8A")]),
        Kind::Vector => {
            let width = field.width as usize;
            pick(&[json!(vec!["NaN"; width]), json!(vec!["-inf"; width]), json!(vec![-0.0; width])])
        }
    }
}

fn batches(schema: &Schema, rows: &[Map<String, Value>], split: Split) -> Vec<Batch> {
    let n = rows.len();
    let (first, second) = (n / 3, n / 3 + n.min(1));
    let empty = &rows[..0];
    let parts: Vec<&[Map<String, Value>]> = match split {
        Split::One => vec![rows],
        Split::Three => vec![&rows[..first], &rows[first..second], &rows[second..]],
        Split::ThreeAndEmpty => {
            vec![empty, &rows[..first], empty, &rows[first..second], &rows[second..], empty]
        }
        Split::Empty => vec![empty],
    };
    let read = |rows| batch_of(schema, rows).expect("BUG: generated rows that do not fit");
    parts.into_iter().map(read).collect()
}

/// A case for a plugin whose author gave none: every kind of column, no parameters.
pub(crate) fn without_cases(role: Role) -> Case {
    let mut schema = Vec::new();
    for (name, kind) in [
        ("boolean", Kind::Boolean),
        ("int64", Kind::Int64),
        ("float64", Kind::Float64),
        ("timestamp", Kind::TimestampUs),
        ("utf8", Kind::Utf8),
        ("binary", Kind::Binary),
    ] {
        schema.push(Field::new(name, kind, false));
        schema.push(Field::new(format!("{name}_or_null"), kind, true));
    }
    schema.push(Field::vector("vector", 3, true));
    let row = |index: usize| {
        let cells = schema.iter().map(|field| (field.name.clone(), ordinary(field, index)));
        cells.collect::<Map<String, Value>>()
    };
    let table = Table { rows: (0..7).map(row).collect(), schema: schema.clone() };
    let fact = |name: &str, value| Fact { name: name.to_owned(), value };
    Case {
        params: json!({}),
        seed: 7,
        input: (!matches!(role, Role::Drift | Role::Trigger)).then(|| table.clone()),
        reference: (role == Role::Drift).then(|| table.clone()),
        current: (role == Role::Drift).then_some(table),
        predict: None,
        facts: (role == Role::Trigger).then(|| {
            vec![
                fact("model.exists", FactValue::Boolean(true)),
                fact("rows.since_training", FactValue::Integer(1000)),
                fact("drift.share", FactValue::Number(0.25)),
            ]
        }),
        model_base64: (role == Role::Predictor).then(String::new),
        expect: None,
    }
}

fn ordinary(field: &Field, index: usize) -> Value {
    if field.nullable && index == 3 {
        return Value::Null;
    }
    let n = i64::try_from(index).unwrap_or(0);
    match field.kind {
        Kind::Boolean => json!(index.is_multiple_of(2)),
        Kind::Int64 => json!(n * 3 - 5),
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        Kind::Float64 => json!(n as f64 * 0.75 - 1.0),
        Kind::TimestampUs => json!(1_357_000_000_000_000 + n * 86_400_000_000),
        Kind::Utf8 => json!(["a", "b", "ç"][index % 3]),
        Kind::Binary => json!(["AA==", "", "AP8="][index % 3]),
        Kind::Vector => json!(vec![0.5; field.width as usize]),
    }
}
