//! Running a plugin natively, the way the host does: for unit tests.
//!
//! Each helper calls the exports of an instance in the host's order, and folds every fold in parts
//! as well, with `save` and `merge`, where the plugin says that it merges.

use crate::transform::{self, Description, OutputColumn, Transform};
use crate::{Batch, Column, Result, Schema, Values, VariableValues};

mod folds;

pub use folds::{drift_in_parts, evaluate_in_parts};

/// A batch with its schema: what a test hands to a plugin and gets back.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The fields.
    pub schema: Schema,
    /// The rows.
    pub rows: Batch,
}

impl Table {
    /// Columns with names. A column is nullable if it has a null.
    ///
    /// # Panics
    /// If the columns are not of one length. Vector columns go through [`Table::with_vector`].
    #[must_use]
    pub fn new(columns: Vec<(&str, Column)>) -> Self {
        let mut table = Self { schema: Schema::new(Vec::new()), rows: Batch::new(0, Vec::new()) };
        for (name, column) in columns {
            table.push(name, column, 0);
        }
        table
    }

    /// Adds a vector column of `width`.
    ///
    /// # Panics
    /// If the column is of another length.
    #[must_use]
    pub fn with_vector(mut self, name: &str, width: u32, column: Column) -> Self {
        self.push(name, column, width);
        self
    }

    fn push(&mut self, name: &str, column: Column, width: u32) {
        let n_rows = len(&column, width);
        let nullable = column.has_nulls();
        self.schema.fields.push(crate::Field {
            name: name.to_owned(),
            kind: column.kind(),
            nullable,
            width,
        });
        if self.rows.columns.is_empty() {
            self.rows.rows = n_rows as u32;
        }
        assert_eq!(self.rows.n_rows(), n_rows, "column `{name}` is of another length");
        self.rows.columns.push(column);
    }

    /// The column `name`.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn column(&self, name: &str) -> &Column {
        match self.schema.index_of(name) {
            Ok(index) => &self.rows.columns[index],
            Err(error) => panic!("{}", error.message()),
        }
    }

    /// The columns at `indices`.
    #[must_use]
    pub fn select(&self, indices: &[u32]) -> Self {
        let columns = indices.iter().map(|&i| self.rows.columns[i as usize].clone()).collect();
        Self { schema: self.schema.select(indices), rows: Batch::new(self.rows.n_rows(), columns) }
    }

    /// The rows in batches of at most `n_rows`.
    ///
    /// # Panics
    /// If `n_rows` is 0.
    #[must_use]
    pub fn batches(&self, n_rows: usize) -> Vec<Batch> {
        let total = self.rows.n_rows();
        let starts = (0..total).step_by(n_rows);
        starts.map(|start| slice(self, start, (start + n_rows).min(total))).collect()
    }
}

fn len(column: &Column, width: u32) -> usize {
    match &column.values {
        Values::Boolean(values) => values.len(),
        Values::Int64(values) | Values::TimestampUs(values) => values.len(),
        Values::Float64(values) => values.len(),
        Values::Utf8(values) | Values::Binary(values) => values.len(),
        Values::Vector(values) => values.len() / width.max(1) as usize,
    }
}

fn slice(table: &Table, start: usize, end: usize) -> Batch {
    let columns = table.schema.fields.iter().zip(&table.rows.columns).map(|(field, column)| {
        let values = match &column.values {
            Values::Boolean(values) => Values::Boolean(values[start..end].to_vec()),
            Values::Int64(values) => Values::Int64(values[start..end].to_vec()),
            Values::TimestampUs(values) => Values::TimestampUs(values[start..end].to_vec()),
            Values::Float64(values) => Values::Float64(values[start..end].to_vec()),
            Values::Utf8(values) => Values::Utf8(slice_variable(values, start, end)),
            Values::Binary(values) => Values::Binary(slice_variable(values, start, end)),
            Values::Vector(values) => {
                let width = field.width as usize;
                Values::Vector(values[start * width..end * width].to_vec())
            }
        };
        let valid: crate::Bitmap = (start..end).map(|row| column.is_valid(row)).collect();
        Column { values, validity: valid.finish() }
    });
    Batch::new(end - start, columns.collect())
}

fn slice_variable(values: &VariableValues, start: usize, end: usize) -> VariableValues {
    let base = values.offsets[start];
    let offsets: Vec<u32> =
        values.offsets[start..=end].iter().map(|offset| offset - base).collect();
    let bytes = values.bytes[base as usize..values.offsets[end] as usize].to_vec();
    VariableValues { offsets, bytes }
}

/// Fits and applies a transform: the whole output, kept columns too.
///
/// # Errors
/// The first that the plugin answers.
pub fn transform<T: Transform>(params: &str, table: &Table) -> Result<Table> {
    transform_in_parts::<T>(params, table, usize::MAX)
}

/// As [`transform`], fitting `n_rows` a part: each part saved, all merged in order.
///
/// # Errors
/// The first that the plugin answers.
pub fn transform_in_parts<T: Transform>(
    params: &str,
    table: &Table,
    n_rows: usize,
) -> Result<Table> {
    let description = transform::Instance::<T>::describe(params, &table.schema)?;
    let state = fit::<T>(params, &description, table, n_rows)?;
    apply::<T>(params, &description, table, &state)
}

/// The state of a fit on `table`, `n_rows` a part.
///
/// # Errors
/// The first that the plugin answers.
pub fn fit<T: Transform>(
    params: &str,
    description: &Description,
    table: &Table,
    n_rows: usize,
) -> Result<Vec<u8>> {
    if !description.needs_fit {
        return Ok(Vec::new());
    }
    let read = table.select(&description.reads);
    let mut whole = transform::Instance::<T>::default();
    whole.fit_start(params, &read.schema, 0)?;
    for batch in read.batches(n_rows) {
        if n_rows >= table.rows.n_rows() || !description.mergeable {
            whole.fit_update(batch)?;
            continue;
        }
        let mut part = transform::Instance::<T>::default();
        part.fit_start(params, &read.schema, 0)?;
        part.fit_update(batch)?;
        whole.fit_merge(&part.fit_save()?)?;
    }
    whole.fit_finish()
}

/// Applies a fitted transform: the whole output, kept columns too.
///
/// # Errors
/// The first that the plugin answers.
pub fn apply<T: Transform>(
    params: &str,
    description: &Description,
    table: &Table,
    state: &[u8],
) -> Result<Table> {
    let read = table.select(&description.reads);
    let mut instance = transform::Instance::<T>::default();
    instance.apply_start(params, &read.schema, state)?;
    let computed = instance.apply(read.rows)?;
    let schema = description.output_schema(&table.schema);
    let mut computed = computed.columns.into_iter();
    let columns = description.outputs.iter().map(|output| match output {
        OutputColumn::Kept(index) => Ok(table.rows.columns[*index as usize].clone()),
        OutputColumn::Computed(field) => computed
            .next()
            .ok_or_else(|| crate::Error::failed(format!("`{}` was not computed", field.name))),
    });
    let rows = Batch::new(table.rows.n_rows(), columns.collect::<Result<_>>()?);
    rows.check(&schema)?;
    if computed.next().is_some() {
        return Err(crate::Error::failed("more columns were computed than described"));
    }
    Ok(Table { schema, rows })
}
