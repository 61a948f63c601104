//! DuckDB's answers to the same questions.

use serde_json::Value;

use super::*;

const GOLDEN: &str = include_str!("../../golden/golden.json");

fn column_of(kind: &str, values: &Value) -> Column {
    let values = values.as_array().unwrap().iter();
    match kind {
        "DOUBLE" => Column::float64_opt(values.map(Value::as_f64)),
        "BIGINT" => Column::int64_opt(values.map(Value::as_i64)),
        "TIMESTAMP" => Column::timestamp_us_opt(values.map(Value::as_i64)),
        "BOOLEAN" => Column::boolean_opt(values.map(Value::as_bool)),
        _ => Column::utf8_opt(values.map(Value::as_str)),
    }
}

/// Row by row as JSON: floats with their nulls, all else exact.
fn json_of(column: &Column) -> Vec<Value> {
    match column.kind() {
        refrain_sdk::Kind::Float64 => column.f64s().unwrap().map(Value::from).collect(),
        refrain_sdk::Kind::Int64 => column.i64s().unwrap().map(Value::from).collect(),
        refrain_sdk::Kind::TimestampUs => {
            column.timestamps_us().unwrap().map(Value::from).collect()
        }
        refrain_sdk::Kind::Boolean => column.bools().unwrap().map(Value::from).collect(),
        _ => column.strs().unwrap().map(Value::from).collect(),
    }
}

fn is_close(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(x), Some(y)) => (x - y).abs() <= 1e-14 * y.abs(),
        _ => found == expected,
    }
}

#[test]
fn agrees_with_duckdb() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let columns = golden["columns"].as_object().unwrap().iter();
    let columns = columns.map(|(name, column)| {
        (name.as_str(), column_of(column["kind"].as_str().unwrap(), &column["values"]))
    });
    let table = Table::new(columns.collect());
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() > 60);
    for case in cases {
        let expression = case["expression"].as_str().unwrap();
        let output = transform::<Derive>(&params(expression), &table)
            .unwrap_or_else(|error| panic!("{expression}: {}", error.message()));
        let found = json_of(output.column("y"));
        let expected = case["answers"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(is_close(found, expected), "{expression}, row {row}: {found} {expected}");
        }
    }
}
