//! What expressions mean (against DuckDB), what they refuse, and what becomes of the columns.

mod golden;
mod mistakes;
mod outputs;
mod semantics;

use refrain_sdk::testing::{Table, transform};
use refrain_sdk::{Column, Field};

use super::*;

/// A few rows of every kind, nulls among them.
fn sample() -> Table {
    Table::new(vec![
        ("delay", Column::float64_opt([Some(-3.0), Some(20.5), None])),
        ("seats", Column::int64_opt([Some(2), None, Some(-9)])),
        ("carrier", Column::utf8_opt([Some("UA"), Some("aa"), None])),
        ("late", Column::boolean_opt([Some(false), Some(true), None])),
        ("time", Column::timestamp_us(vec![0, 1_357_034_400_000_000, -1])),
        ("arr delay", Column::float64(vec![1.0, 2.0, 3.0])),
        ("photo", Column::binary_opt([Some(b"x".as_slice()), None, Some(b"")])),
    ])
    .with_vector(
        "embedding",
        2,
        Column::vector_opt(2, [Some([1.0, 2.0]), None, Some([0.0, 0.0])]),
    )
}

fn params(expression: &str) -> String {
    serde_json::json!({ "columns": { "y": expression } }).to_string()
}

/// The field and the column of one expression over [`sample`].
fn computed(expression: &str) -> Result<(Field, Column)> {
    let output = transform::<Derive>(&params(expression), &sample())?;
    let field = output.schema.field("y")?.clone();
    Ok((field, output.column("y").clone()))
}

#[track_caller]
fn gives(expression: &str, expected: Column) {
    match computed(expression) {
        Ok((field, column)) => {
            assert_eq!(column, expected, "{expression}");
            assert_eq!(field.kind, expected.kind(), "{expression}");
        }
        Err(error) => panic!("{expression}: {}", error.message()),
    }
}
