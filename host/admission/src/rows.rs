//! Rows as JSON, one object a row: how people write cases and read differences.
//!
//! | kind | JSON |
//! | --- | --- |
//! | boolean, int64, utf8 | as expected |
//! | float64 | a number, or `"NaN"`, `"inf"`, `"-inf"` |
//! | timestamp-us | an RFC 3339 text, or microseconds since the epoch |
//! | binary | base64 |
//! | vector | an array of numbers, as many as the field's width |
//!
//! Invariant: `rows_of(batch_of(rows)) == rows`, down to the bits of every number.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use refrain_domain::{Batch, Column, Field, Kind, Schema, Values};
use serde_json::{Map, Value, json};

/// A row that does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column `{column}`: {fault}")]
pub struct RowError {
    /// Counted from 0.
    pub row: usize,
    /// The column.
    pub column: String,
    /// What is wrong, and what would be right.
    pub fault: String,
}

/// Rows as objects to rows in columns. A key that is absent is a null.
///
/// # Errors
/// [`RowError`], naming the first cell at fault.
pub fn batch_of(schema: &Schema, rows: &[Map<String, Value>]) -> Result<Batch, RowError> {
    for (index, row) in rows.iter().enumerate() {
        if let Some(column) = row.keys().find(|key| schema.index_of(key).is_none()) {
            let fault = "the schema has no such column".to_owned();
            return Err(RowError { row: index, column: column.clone(), fault });
        }
    }
    let columns = schema.fields.iter().map(|field| column_of(field, rows).map(Arc::new));
    Ok(Batch { rows: rows.len(), columns: columns.collect::<Result<_, _>>()? })
}

fn column_of(field: &Field, rows: &[Map<String, Value>]) -> Result<Column, RowError> {
    let mut values = Values::empty(field.kind);
    let mut validity = vec![0_u8; rows.len().div_ceil(8)];
    let mut has_nulls = false;
    for (index, row) in rows.iter().enumerate() {
        let fail = |fault| RowError { row: index, column: field.name.clone(), fault };
        match row.get(&field.name).unwrap_or(&Value::Null) {
            Value::Null if field.nullable => {
                has_nulls = true;
                push_null(&mut values, field);
            }
            Value::Null => return Err(fail("the column is not nullable".to_owned())),
            value => {
                validity[index / 8] |= 1 << (index % 8);
                push(&mut values, field, value)
                    .ok_or_else(|| fail(format!("{value} is not {}", expected(field))))?;
            }
        }
    }
    Ok(Column { values, validity: if has_nulls { validity } else { Vec::new() } })
}

fn push_null(values: &mut Values, field: &Field) {
    match values {
        Values::Boolean(v) => v.push(0),
        Values::Int64(v) | Values::TimestampUs(v) => v.push(0),
        Values::Float64(v) => v.push(0.0),
        Values::Utf8(v) | Values::Binary(v) => v.push(&[]),
        Values::Vector(v) => v.extend(std::iter::repeat_n(0.0, field.width as usize)),
    }
}

fn push(values: &mut Values, field: &Field, value: &Value) -> Option<()> {
    match values {
        Values::Boolean(v) => v.push(u8::from(value.as_bool()?)),
        Values::Int64(v) => v.push(value.as_i64()?),
        Values::Float64(v) => v.push(number(value)?),
        Values::TimestampUs(v) => v.push(match value {
            Value::String(text) => refrain_data::parse_timestamp_us(text)?,
            value => value.as_i64()?,
        }),
        Values::Utf8(v) => v.push(value.as_str()?.as_bytes()),
        Values::Binary(v) => v.push(&BASE64.decode(value.as_str()?).ok()?),
        Values::Vector(v) => {
            let items = value.as_array().filter(|items| items.len() == field.width as usize)?;
            for item in items {
                #[expect(clippy::cast_possible_truncation, reason = "vectors hold f32")]
                v.push(number(item)? as f32);
            }
        }
    }
    Some(())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        value => value.as_f64(),
    }
}

fn expected(field: &Field) -> String {
    match field.kind {
        Kind::Boolean => "true or false".to_owned(),
        Kind::Int64 => "a 64-bit integer".to_owned(),
        Kind::Float64 => "a number, \"NaN\", \"inf\" or \"-inf\"".to_owned(),
        Kind::TimestampUs => {
            "a time such as \"2013-01-31T23:00:00Z\", or microseconds since the epoch".to_owned()
        }
        Kind::Utf8 => "a text".to_owned(),
        Kind::Binary => "a text in base64".to_owned(),
        Kind::Vector => format!("an array of {} numbers", field.width),
    }
}

/// Rows in columns to rows as objects.
///
/// # Panics
/// If the batch is not of the schema: check it first.
pub fn rows_of(schema: &Schema, batch: &Batch) -> Vec<Map<String, Value>> {
    let row = |index: usize| {
        let cells = schema.fields.iter().zip(&batch.columns);
        cells.map(|(field, column)| (field.name.clone(), cell(field, column, index))).collect()
    };
    (0..batch.rows).map(row).collect()
}

fn cell(field: &Field, column: &Column, row: usize) -> Value {
    if !column.is_valid(row) {
        return Value::Null;
    }
    match &column.values {
        Values::Boolean(v) => json!(v[row] == 1),
        Values::Int64(v) => json!(v[row]),
        Values::Float64(v) => number_value(v[row]),
        Values::TimestampUs(v) => moment_value(v[row]),
        Values::Utf8(v) => json!(String::from_utf8_lossy(v.get(row))),
        Values::Binary(v) => json!(BASE64.encode(v.get(row))),
        Values::Vector(v) => {
            let width = field.width as usize;
            let items = &v[row * width..(row + 1) * width];
            items.iter().map(|item| number_value(f64::from(*item))).collect()
        }
    }
}

/// A moment as text, or where no calendar goes as its number.
fn moment_value(us: i64) -> Value {
    let text = refrain_data::format_timestamp_us(us);
    if refrain_data::parse_timestamp_us(&text) == Some(us) { json!(text) } else { json!(us) }
}

/// A number as JSON can hold it.
pub(crate) fn number_value(x: f64) -> Value {
    match x {
        x if x.is_finite() => json!(x),
        x if x.is_nan() => json!("NaN"),
        x if x > 0.0 => json!("inf"),
        _ => json!("-inf"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Schema {
        let field = |name: &str, kind| Field::new(name, kind, true);
        let mut fields = vec![
            field("b", Kind::Boolean),
            field("i", Kind::Int64),
            field("x", Kind::Float64),
            field("t", Kind::TimestampUs),
            field("s", Kind::Utf8),
            field("y", Kind::Binary),
        ];
        fields.push(Field::vector("v", 2, true));
        Schema::new(fields).unwrap()
    }

    fn objects(value: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn rows_come_back_as_they_went_in() {
        let schema = every_kind();
        let rows = objects(json!([
            {"b": true, "i": -3, "x": -0.0, "t": "2013-01-31T23:00:00Z", "s": "é", "y": "AP8=", "v": [0.5, "NaN"]},
            {"b": null, "i": null, "x": null, "t": null, "s": null, "y": null, "v": null},
            {"b": false, "i": i64::MAX, "x": "inf", "t": "1970-01-01T00:00:00.000001Z", "s": "", "y": "", "v": ["-inf", 1.0]},
            {"b": true, "i": 0, "x": 0.0, "t": i64::MAX, "s": "", "y": "", "v": [0.0, 0.0]},
        ]));
        let batch = batch_of(&schema, &rows).unwrap();
        batch.check(&schema).unwrap();
        let back = rows_of(&schema, &batch);
        assert_eq!(batch_of(&schema, &back).unwrap().rows, 4);
        assert_eq!(json!(back), json!(rows));
        assert!(back[0]["x"].as_f64().unwrap().is_sign_negative(), "-0.0 keeps its sign");
    }

    #[test]
    fn a_cell_that_does_not_fit_is_named() {
        let schema = every_kind();
        let fault = |rows| batch_of(&schema, &objects(rows)).unwrap_err().to_string();
        assert_eq!(
            fault(json!([{}, {"v": [1]}])),
            "row 1, column `v`: [1] is not an array of 2 numbers"
        );
        assert_eq!(
            fault(json!([{"t": "yesterday"}])),
            "row 0, column `t`: \"yesterday\" is not a time such as \"2013-01-31T23:00:00Z\", or \
             microseconds since the epoch"
        );
        assert_eq!(fault(json!([{"z": 1}])), "row 0, column `z`: the schema has no such column");
        let strict = Schema::new(vec![Field::new("x", Kind::Float64, false)]).unwrap();
        let error = batch_of(&strict, &objects(json!([{}]))).unwrap_err().to_string();
        assert_eq!(error, "row 0, column `x`: the column is not nullable");
    }
}
