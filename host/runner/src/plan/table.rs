//! Tables as the planner sees them, and what steps ask of their columns.

use refrain_domain::plan::EventTime;
use refrain_domain::{Field, Kind, Schema};

use super::PlanError;
use crate::spec::nearest;

/// A table as the planner sees it.
#[derive(Debug, Clone)]
pub(super) struct TableInfo {
    /// As the step at hand calls it.
    pub(super) name: String,
    pub(super) schema: Schema,
    pub(super) event_time: Option<EventTime>,
}

impl TableInfo {
    pub(super) fn select(&self, step: &str, columns: &[String]) -> Result<Self, PlanError> {
        let mut indices = Vec::with_capacity(columns.len());
        for column in columns {
            indices.push(self.need_column(step, column)?);
        }
        self.with_schema(step, self.schema.project(&indices))
    }

    pub(super) fn with_schema(&self, step: &str, schema: Schema) -> Result<Self, PlanError> {
        schema.check().map_err(|source| PlanError::Schema { step: step.to_owned(), source })?;
        let event_time = self.event_time.clone().filter(|time| {
            schema.field(&time.column).is_some_and(|field| field.kind == Kind::TimestampUs)
        });
        Ok(Self { name: self.name.clone(), schema, event_time })
    }

    /// With some of the right's columns, which a row may lack.
    pub(super) fn with_added(
        &self,
        step: &str,
        right: &Self,
        columns: &[String],
    ) -> Result<Self, PlanError> {
        let mut schema = self.schema.clone();
        for column in columns {
            let mut field = right.schema.fields[right.need_column(step, column)?].clone();
            field.nullable = true;
            schema.fields.push(field);
        }
        self.with_schema(step, schema)
    }

    pub(super) fn with_prediction(
        &self,
        step: &str,
        prediction: &Schema,
    ) -> Result<Self, PlanError> {
        let mut schema = self.schema.clone();
        schema.fields.extend(prediction.fields.iter().cloned());
        self.with_schema(step, schema)
    }

    /// Where a column stands.
    pub(super) fn need_column(&self, step: &str, column: &str) -> Result<usize, PlanError> {
        self.schema.index_of(column).ok_or_else(|| {
            let names = self.schema.fields.iter().map(|field| field.name.as_str());
            PlanError::MissingColumn {
                step: step.to_owned(),
                column: column.to_owned(),
                table: self.name.clone(),
                nearest: nearest(column, names).map(str::to_owned),
            }
        })
    }

    pub(super) fn need_kind(&self, step: &str, column: &str, kind: Kind) -> Result<(), PlanError> {
        let found = self.schema.fields[self.need_column(step, column)?].kind;
        if found == kind {
            return Ok(());
        }
        Err(PlanError::ColumnKind {
            step: step.to_owned(),
            column: column.to_owned(),
            table: self.name.clone(),
            expected: kind.to_string(),
            found: found.to_string(),
        })
    }

    /// The columns of the right to add: those asked for, or all that this side lacks but the time.
    pub(super) fn added_columns(
        &self,
        step: &str,
        right: &Self,
        wanted: Option<&[String]>,
        time: Option<&String>,
    ) -> Result<Vec<String>, PlanError> {
        if let Some(wanted) = wanted {
            if let Some(taken) = wanted.iter().find(|name| self.schema.field(name).is_some()) {
                let problem = format!(
                    "column `{taken}` is on both sides: rename it, or leave it out of `columns`"
                );
                return Err(PlanError::step(step, problem));
            }
            return Ok(wanted.to_vec());
        }
        let names = right.schema.fields.iter().map(|field| &field.name);
        let is_added = |name: &&String| self.schema.field(name).is_none() && Some(*name) != time;
        Ok(names.filter(is_added).cloned().collect())
    }
}

/// Keys of one kind on both sides of a join.
pub(super) fn need_equal_keys(
    step: &str,
    left: &TableInfo,
    right: &TableInfo,
    by: &[String],
) -> Result<(), PlanError> {
    for key in by {
        let a = left.schema.fields[left.need_column(step, key)?].kind;
        let b = right.schema.fields[right.need_column(step, key)?].kind;
        if a != b {
            let problem = format!(
                "key `{key}` is {a} in `{}` and {b} in `{}`: declare one kind for both, under the inputs' `schema`",
                left.name, right.name
            );
            return Err(PlanError::step(step, problem));
        }
    }
    Ok(())
}

/// Tables of which only one schema makes sense.
pub(super) fn need_same_schema(step: &str, a: &TableInfo, b: &TableInfo) -> Result<(), PlanError> {
    let Some(difference) = schema_difference(&a.schema, &b.schema) else { return Ok(()) };
    let problem = format!(
        "`{}` and `{}` differ: {difference}; `select` the same columns of both first",
        a.name, b.name
    );
    Err(PlanError::step(step, problem))
}

/// The first difference of two schemas, in words.
fn schema_difference(a: &Schema, b: &Schema) -> Option<String> {
    for (index, (x, y)) in a.fields.iter().zip(&b.fields).enumerate() {
        if x.name != y.name {
            return Some(format!("column {index} is `{}` there and `{}` here", x.name, y.name));
        }
        if (x.kind, x.width, x.nullable) != (y.kind, y.width, y.nullable) {
            return Some(format!("column `{}` is {} there and {} here", x.name, show(x), show(y)));
        }
    }
    (a.fields.len() != b.fields.len())
        .then(|| format!("one has {} columns, the other {}", a.fields.len(), b.fields.len()))
}

fn show(field: &Field) -> String {
    let width = if field.width > 0 { format!(" of {}", field.width) } else { String::new() };
    format!("{}{width}{}", field.kind, if field.nullable { ", nullable" } else { "" })
}
