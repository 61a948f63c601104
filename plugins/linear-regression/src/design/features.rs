//! Which columns are features, and their values, with errors that name column and row.

use std::borrow::Cow;

use refrain_sdk::serde::{Deserialize, Serialize};
use refrain_sdk::{Batch, Column, Error, Field, Kind, Result, Schema, Values};

use super::numbers::Numbers;

/// What a feature may be.
const FEATURE_KINDS: &[Kind] = &[Kind::Boolean, Kind::Int64, Kind::Float64, Kind::Vector];

/// What each column is for, as indices into one schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// In the order of the model.
    pub features: Vec<u32>,
    /// What is to be predicted.
    pub label: u32,
    /// What a row weighs.
    pub weight: Option<u32>,
}

impl Roles {
    /// Finds the columns. Without `features` these are all of boolean, int64, float64 or vector
    /// columns that are neither label nor weight.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] that names the parameter or the column.
    pub fn find(
        input: &Schema,
        features: Option<&[String]>,
        label: (&str, &[Kind]),
        weight: Option<&str>,
    ) -> Result<Self> {
        let label = input
            .index_of_kind(label.0, label.1)
            .map_err(|error| error.context("parameter `label`"))? as u32;
        let weight = weight
            .map(|name| input.index_of_kind(name, &[Kind::Float64, Kind::Int64]))
            .transpose()
            .map_err(|error| error.context("parameter `weight`"))?
            .map(|index| index as u32);
        let features = match features {
            Some(names) => named_features(input, names)?,
            None => (0..input.len() as u32)
                .filter(|index| *index != label && Some(*index) != weight)
                .filter(|index| FEATURE_KINDS.contains(&input.fields[*index as usize].kind))
                .collect(),
        };
        let name = |index: u32| input.fields[index as usize].name.as_str();
        if let Some(index) = features.iter().find(|index| **index == label) {
            return Err(Error::params(format!(
                "`{}` is the label: drop it from `features`",
                name(*index)
            )));
        }
        if let Some(index) = features.iter().find(|index| Some(**index) == weight) {
            return Err(Error::params(format!(
                "`{}` is the weight: drop it from `features`",
                name(*index)
            )));
        }
        if features.is_empty() {
            return Err(Error::params(
                "no feature: the input has no boolean, int64, float64 or vector column beside the label; \
                 encode text with one-hot",
            ));
        }
        Ok(Self { features, label, weight })
    }

    /// The columns that training reads: features, label, weight.
    pub fn reads(&self) -> Vec<u32> {
        let mut reads = self.features.clone();
        reads.push(self.label);
        reads.extend(self.weight);
        reads
    }

    /// The features, as the model remembers them.
    pub fn features_of(&self, input: &Schema) -> Vec<Feature> {
        self.features.iter().map(|i| Feature::of(&input.fields[*i as usize])).collect()
    }
}

fn named_features(input: &Schema, names: &[String]) -> Result<Vec<u32>> {
    for name in names {
        let advice = match input.field(name).map_err(|e| e.context("parameter `features`"))?.kind {
            Kind::Utf8 | Kind::Binary => "encode it with one-hot",
            Kind::TimestampUs => "derive numbers from it (hour, weekday, age)",
            _ => continue,
        };
        return Err(Error::params(format!(
            "parameter `features`: column `{name}` is {}, not a number or a vector: {advice}",
            input.field(name)?.kind.name(),
        )));
    }
    input
        .indices_of_kind(names, FEATURE_KINDS)
        .map_err(|error| error.context("parameter `features`"))
}

/// A feature as a model remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "refrain_sdk::serde")]
pub struct Feature {
    /// The column's name.
    pub name: String,
    /// The column's kind by its name in WIT.
    pub kind: String,
    /// Numbers a row.
    pub width: u32,
}

impl Feature {
    fn of(field: &Field) -> Self {
        let width = if field.kind == Kind::Vector { field.width } else { 1 };
        Self { name: field.name.clone(), kind: field.kind.name().to_owned(), width }
    }
}

/// Design columns of all `features`.
pub fn feature_width(features: &[Feature]) -> usize {
    features.iter().map(|feature| feature.width as usize).sum()
}

/// Refuses a schema that is not the one a model was trained on, naming the first difference.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn check_features(features: &[Feature], input: &Schema) -> Result<()> {
    for (index, feature) in features.iter().enumerate() {
        let Some(found) = input.fields.get(index).map(Feature::of) else {
            return Err(Error::input(format!(
                "the model expects column `{}` at place {index}; only {} columns came",
                feature.name,
                input.len()
            )));
        };
        if found != *feature {
            return Err(Error::input(format!(
                "the model expects {} at place {index}, found {}",
                describe(feature),
                describe(&found)
            )));
        }
    }
    match input.fields.get(features.len()) {
        None => Ok(()),
        Some(field) => Err(Error::input(format!(
            "the model knows no column `{}`: it has {} features",
            field.name,
            features.len()
        ))),
    }
}

fn describe(feature: &Feature) -> String {
    let Feature { name, kind, width } = feature;
    if kind == Kind::Vector.name() {
        format!("column `{name}` ({kind} of {width})")
    } else {
        format!("column `{name}` ({kind})")
    }
}

/// The numbers of a feature column, every one of them finite.
///
/// # Errors
/// [`Error::InvalidInput`] for a null, a NaN or an infinity; rows count from `first_row`.
pub fn numbers_of<'a>(
    rows: &'a Batch,
    index: usize,
    field: &Field,
    first_row: u64,
) -> Result<Numbers<'a>> {
    let (column, name) = (&rows.columns[index], &field.name);
    let numbers = match &column.values {
        Values::Boolean(values) => Numbers::Boolean(values),
        Values::Int64(values) => Numbers::Int64(values),
        Values::Float64(values) => Numbers::Float64(values),
        Values::Vector(values) => Numbers::Vector { values, width: field.width.max(1) as usize },
        other => {
            return Err(Error::input(format!("column `{name}` is {}", other.kind().name())));
        }
    };
    if let Some(row) = first_null(column, rows.n_rows()) {
        return Err(Error::input(format!(
            "column `{name}` has no value in row {} of its chunk: fill it with impute first",
            first_row + row as u64
        )));
    }
    if let Some(row) = numbers.first_not_finite() {
        return Err(Error::input(format!(
            "column `{name}` is NaN or infinite in row {} of its chunk: fill it with impute first",
            first_row + row as u64
        )));
    }
    Ok(numbers)
}

fn first_null(column: &Column, n_rows: usize) -> Option<usize> {
    if !column.has_nulls() {
        return None;
    }
    (0..n_rows).find(|row| !column.is_valid(*row))
}

/// The labels of a classifier, 0 or 1 a row.
///
/// # Errors
/// [`Error::InvalidInput`] for a null or another number.
pub fn label_values<'a>(
    rows: &'a Batch,
    index: usize,
    name: &str,
    first_row: u64,
) -> Result<Cow<'a, [u8]>> {
    let column = &rows.columns[index];
    refuse_null(rows, index, &format!("label `{name}`"), first_row)?;
    match &column.values {
        Values::Boolean(values) => Ok(Cow::Borrowed(values)),
        Values::Int64(values) => match values.iter().position(|v| !matches!(v, 0 | 1)) {
            None => Ok(values.iter().map(|v| *v as u8).collect()),
            Some(row) => Err(Error::input(format!(
                "label `{name}` is {} in row {} of its chunk, and must be 0 or 1",
                values[row],
                first_row + row as u64
            ))),
        },
        other => Err(Error::input(format!("label `{name}` is {}", other.kind().name()))),
    }
}

/// Finite numbers, one a row: the labels of a regressor.
///
/// # Errors
/// [`Error::InvalidInput`] for a null, a NaN or an infinity.
pub fn target_values<'a>(
    rows: &'a Batch,
    index: usize,
    what: &str,
    first_row: u64,
) -> Result<Cow<'a, [f64]>> {
    let column = &rows.columns[index];
    refuse_null(rows, index, what, first_row)?;
    let values = column.numbers().map_err(|error| error.context(what))?;
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(values),
        Some(row) => Err(Error::input(format!(
            "{what} is NaN or infinite in row {} of its chunk: filter such rows out",
            first_row + row as u64
        ))),
    }
}

/// What the rows weigh: finite numbers of at least 0.
///
/// # Errors
/// [`Error::InvalidInput`] for anything else.
pub fn weight_values<'a>(
    rows: &'a Batch,
    index: usize,
    name: &str,
    first_row: u64,
) -> Result<Cow<'a, [f64]>> {
    let what = format!("weight `{name}`");
    let values = target_values(rows, index, &what, first_row)?;
    match values.iter().position(|v| *v < 0.0) {
        None => Ok(values),
        Some(row) => Err(Error::input(format!(
            "{what} is negative in row {} of its chunk",
            first_row + row as u64
        ))),
    }
}

fn refuse_null(rows: &Batch, index: usize, what: &str, first_row: u64) -> Result<()> {
    match first_null(&rows.columns[index], rows.n_rows()) {
        None => Ok(()),
        Some(row) => Err(Error::input(format!(
            "{what} has no value in row {} of its chunk: filter such rows out",
            first_row + row as u64
        ))),
    }
}
