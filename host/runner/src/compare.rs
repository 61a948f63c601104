//! Where two executions, or two tables, part: the first unit, chunk, column and row.

use refrain_domain::plan::{Op, OutputKind, PlannedStep};
use refrain_domain::run::{StepFinished, StepRecord, UnitRecord};
use refrain_domain::{Column, Digest, Field, Schema, Table, Values};
use refrain_store::DynStore;
use serde::{Deserialize, Serialize};

use crate::conclude::read_manifest;

/// Where two executions part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The first step that differs.
    pub step: String,
    /// The unit within it.
    pub unit: Option<String>,
    /// What differs: fuel, an output, a column and row.
    pub detail: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step `{}`", self.step)?;
        if let Some(unit) = &self.unit {
            write!(f, ", unit {unit}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// Where two executions of one step part: `a` came first.
pub(crate) fn step_difference(
    store: &DynStore,
    step: &PlannedStep,
    a: &StepFinished,
    b: &StepFinished,
) -> Difference {
    let at = |unit, detail| Difference { step: step.name.clone(), unit, detail };
    let record = |finished: &StepFinished| {
        read_manifest::<StepRecord>(store, "step record", &finished.record)
    };
    let (before, now) = match (record(a), record(b)) {
        (Ok(before), Ok(now)) => (before, now),
        (Err(error), _) | (_, Err(error)) => {
            return at(None, format!("its record cannot be read: {error}"));
        }
    };
    if let Some((x, y)) = before.units.iter().zip(&now.units).find(|(x, y)| x != y) {
        return at(Some(x.name.clone()), unit_difference(store, step, x, y));
    }
    if before.units.len() != now.units.len() {
        return at(None, format!("{} units before, {} now", before.units.len(), now.units.len()));
    }
    let output = a.outputs.iter().find(|(name, digest)| b.outputs.get(*name) != Some(digest));
    let detail = match output {
        Some((name, digest)) => output_difference(store, name, digest, b.outputs.get(name)),
        None => "the step records differ".to_owned(),
    };
    at(None, detail)
}

/// Equal units, and another output all the same: one of the two was tampered with.
fn output_difference(store: &DynStore, name: &str, a: &Digest, b: Option<&Digest>) -> String {
    let Some(b) = b else { return format!("output `{name}` was {a} and is missing now") };
    let table = |digest: &Digest| read_manifest::<Table>(store, "table", digest).ok();
    let place = table(a).zip(table(b)).and_then(|(a, b)| table_difference(store, &a, &b));
    match place {
        Some(place) => format!("output `{name}` differs: {place}"),
        None => format!("output `{name}` was {a} and is {b} now"),
    }
}

fn unit_difference(store: &DynStore, step: &PlannedStep, a: &UnitRecord, b: &UnitRecord) -> String {
    if a.name != b.name {
        return format!("it is {} now", b.name);
    }
    if a.key != b.key {
        return format!("its step key was {} and is {} now", a.key.short(), b.key.short());
    }
    for (index, (x, y)) in a.outputs.iter().zip(&b.outputs).enumerate() {
        if x != y {
            return match computed_field(step, index) {
                Some(field) => column_difference(store, &field, x, y),
                None => format!("output {index} was {x} and is {y} now"),
            };
        }
    }
    if a.outputs.len() != b.outputs.len() {
        return format!("{} outputs before, {} now", a.outputs.len(), b.outputs.len());
    }
    format!("it used {} fuel before, {} now", a.fuel, b.fuel)
}

/// A column that a unit of this step makes.
fn computed_field(step: &PlannedStep, index: usize) -> Option<Field> {
    let OutputKind::Table(made) = &step.outputs.first()?.kind else { return None };
    match &step.op {
        Op::Apply { description, .. } => description.computed().fields.get(index).cloned(),
        Op::Predict { description, .. } => description.prediction.fields.get(index).cloned(),
        Op::PredictForeign { description, .. } => description.prediction.fields.get(index).cloned(),
        Op::Asof { columns, .. } | Op::Lookup { columns, .. } => {
            made.field(columns.get(index)?).cloned()
        }
        // Units that keep rows write every column.
        _ => made.fields.get(index).cloned(),
    }
}

/// How one column differs from another of its field.
pub(crate) fn column_difference(store: &DynStore, field: &Field, a: &Digest, b: &Digest) -> String {
    let name = &field.name;
    let (Some(x), Some(y)) = (decode(store, a), decode(store, b)) else {
        return format!("`{name}` was {a} and is {b} now");
    };
    if let Some(place) = row_difference(field, &x, &y) {
        return place;
    }
    let (n, m) = (rows(&x, field), rows(&y, field));
    if n != m {
        return format!("column `{name}` had {n} rows and has {m} now");
    }
    format!("column `{name}` holds the same values in other bytes")
}

fn decode(store: &DynStore, digest: &Digest) -> Option<Column> {
    refrain_data::decode_column(&store.get(digest).ok()?).ok()
}

fn row_difference(field: &Field, a: &Column, b: &Column) -> Option<String> {
    let n = rows(a, field).min(rows(b, field));
    let row = (0..n).find(|&row| !same_value(field, a, b, row))?;
    let (x, y) = (show(field, a, row), show(field, b, row));
    Some(format!("column `{}` differs first at row {row}: {x} before, {y} now", field.name))
}

/// The first chunk, column and row in which two tables differ; rows are counted from 0 within the
/// chunk. None for tables of equal rows.
pub(crate) fn table_difference(store: &DynStore, a: &Table, b: &Table) -> Option<String> {
    if let Some(difference) = schema_difference(&a.schema, &b.schema) {
        return Some(difference);
    }
    for (index, (x, y)) in a.chunks.iter().zip(&b.chunks).enumerate() {
        let columns = x.columns.iter().zip(&y.columns).zip(&a.schema.fields);
        let mut differing = columns.filter(|((x, y), _)| x != y);
        if x.rows != y.rows {
            let (x, y) = (x.rows, y.rows);
            let rows = format!("chunk {index} had {x} rows and has {y} now");
            let first = differing.find_map(|((a, b), field)| {
                row_difference(field, &decode(store, a)?, &decode(store, b)?)
            });
            return Some(first.map_or(rows.clone(), |first| format!("{rows}; {first}")));
        }
        if let Some(((x, y), field)) = differing.next() {
            return Some(format!("chunk {index}, {}", column_difference(store, field, x, y)));
        }
    }
    let (n, m) = (a.chunks.len(), b.chunks.len());
    (n != m).then(|| format!("{n} chunks before, {m} now; those that both have are equal"))
}

fn schema_difference(a: &Schema, b: &Schema) -> Option<String> {
    let missing = |from: &Schema, of: &Schema| {
        let mut names = of.fields.iter().map(|field| &field.name);
        names.find(|name| from.field(name).is_none()).cloned()
    };
    if let Some(name) = missing(b, a) {
        return Some(format!("column `{name}` is gone"));
    }
    if let Some(name) = missing(a, b) {
        return Some(format!("column `{name}` is new"));
    }
    let (x, y) = a.fields.iter().zip(&b.fields).find(|(x, y)| x != y)?;
    if x.name != y.name {
        return Some(format!("column `{}` stands where `{}` stood", y.name, x.name));
    }
    let null = |nullable| if nullable { ", nullable" } else { "" };
    let (before, now) = (null(x.nullable), null(y.nullable));
    Some(format!("column `{}` was {}{before} and is {}{now} now", x.name, x.kind, y.kind))
}

fn same_value(field: &Field, a: &Column, b: &Column, row: usize) -> bool {
    if a.is_valid(row) != b.is_valid(row) {
        return false;
    }
    match (&a.values, &b.values) {
        (Values::Boolean(x), Values::Boolean(y)) => x[row] == y[row],
        (Values::Int64(x), Values::Int64(y)) | (Values::TimestampUs(x), Values::TimestampUs(y)) => {
            x[row] == y[row]
        }
        (Values::Float64(x), Values::Float64(y)) => x[row].to_bits() == y[row].to_bits(),
        (Values::Utf8(x), Values::Utf8(y)) | (Values::Binary(x), Values::Binary(y)) => {
            x.get(row) == y.get(row)
        }
        (Values::Vector(x), Values::Vector(y)) => {
            let bits = |v: &[f32]| v.iter().map(|item| item.to_bits()).collect::<Vec<_>>();
            bits(vector(field, x, row)) == bits(vector(field, y, row))
        }
        _ => false,
    }
}

fn vector<'v>(field: &Field, values: &'v [f32], row: usize) -> &'v [f32] {
    let width = (field.width as usize).max(1);
    &values[row * width..(row + 1) * width]
}

fn rows(column: &Column, field: &Field) -> usize {
    column.values.rows(field.width).unwrap_or(0)
}

/// Longer values are cut.
const CHARACTERS_SHOWN_MAX: usize = 40;

fn show(field: &Field, column: &Column, row: usize) -> String {
    if !column.is_valid(row) {
        return "null".to_owned();
    }
    match &column.values {
        Values::Boolean(v) => (v[row] == 1).to_string(),
        Values::Int64(v) => v[row].to_string(),
        Values::TimestampUs(v) => refrain_data::format_timestamp_us(v[row]),
        Values::Float64(v) => format!("{:?}", v[row]),
        Values::Vector(v) => cut(&format!("{:?}", vector(field, v, row))),
        Values::Binary(v) => format!("{} bytes", v.get(row).len()),
        Values::Utf8(v) => format!("`{}`", cut(&String::from_utf8_lossy(v.get(row)))),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS_SHOWN_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use refrain_domain::{Chunk, Kind};
    use refrain_store::{Artifacts, MemoryStore};

    use super::*;

    /// A table of one column and one chunk.
    fn table(store: &MemoryStore, field: &Field, column: Column, rows: usize) -> Table {
        let column = refrain_data::canonicalize(column, rows);
        let block = refrain_data::encode_column(&column, field, rows);
        let columns = vec![store.stage(&block).expect("staged")];
        let schema = Schema { fields: vec![field.clone()] };
        Table { schema, chunks: vec![Chunk { rows: rows as u32, columns }] }
    }

    #[test]
    fn vectors_differ_by_row_and_not_by_item() {
        let store = MemoryStore::new();
        let field = Field::vector("embedding", 2, true);
        // Nine rows: validity takes a second byte, items would take a third.
        let values: Vec<f32> = (0..18_u8).map(f32::from).collect();
        let all_but_last = vec![0xff, 0x00];
        let before = Column { values: Values::Vector(values.clone()), validity: all_but_last };
        let mut changed = before.clone();
        if let Values::Vector(values) = &mut changed.values {
            values[15] = 0.5;
        }
        let (a, b) = (table(&store, &field, before, 9), table(&store, &field, changed, 9));
        let found = table_difference(&store, &a, &b).expect("a difference");
        let row = "differs first at row 7: [14.0, 15.0] before, [14.0, 0.5] now";
        assert_eq!(found, format!("chunk 0, column `embedding` {row}"));
        let whole = table(&store, &field, Column::new(Values::Vector(values)), 9);
        let found = table_difference(&store, &a, &whole).expect("a difference");
        assert!(found.ends_with("at row 8: null before, [16.0, 17.0] now"), "{found}");
        assert_eq!(table_difference(&store, &a, &a), None);
    }

    #[test]
    fn schemas_differ_before_rows_do() {
        let store = MemoryStore::new();
        let column = || Column::new(Values::Int64(vec![1]));
        let int = Field::new("x", Kind::Int64, false);
        let of = |field: &Field| table(&store, field, column(), 1);
        let renamed = Field { name: "y".to_owned(), ..int.clone() };
        let found = table_difference(&store, &of(&int), &of(&renamed));
        assert_eq!(found.as_deref(), Some("column `x` is gone"));
        let nullable = Field { nullable: true, ..int.clone() };
        let found = table_difference(&store, &of(&int), &of(&nullable));
        assert_eq!(found.as_deref(), Some("column `x` was int64 and is int64, nullable now"));
    }
}
