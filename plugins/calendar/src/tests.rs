use super::*;
use refrain_sdk::Column;
use refrain_sdk::testing::{Table, transform};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/golden.json");

const EVERYTHING: &str = r#""parts":["year","month","day","day_of_week","day_of_year","hour",
    "minute","is_weekend"],"cycles":["hour","day_of_week","day_of_year","month"]"#;

#[track_caller]
fn check_column(name: &str, found: &Column, expected: &Value) {
    let expected = expected.as_array().unwrap();
    match found.kind() {
        Kind::Boolean => {
            let found: Vec<_> = found.bools().unwrap().map(Value::from).collect();
            assert_eq!(found, *expected, "{name}");
        }
        Kind::Int64 => {
            let found: Vec<_> = found.i64s().unwrap().map(Value::from).collect();
            assert_eq!(found, *expected, "{name}");
        }
        _ => {
            for (found, expected) in found.as_f64().unwrap().iter().zip(expected) {
                assert!((found - expected.as_f64().unwrap()).abs() < 1e-15, "{name}");
            }
        }
    }
}

#[test]
fn agrees_with_python_at_every_offset() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let moments = golden["moments_us"].as_array().unwrap();
    let moments = moments.iter().map(|us| us.as_i64().unwrap()).collect();
    let table = Table::new(vec![("t", Column::timestamp_us(moments))]);
    for case in golden["cases"].as_array().unwrap() {
        let params =
            format!(r#"{{"columns":["t"],"utc_offset":{},{EVERYTHING}}}"#, case["utc_offset"]);
        let output = transform::<Calendar>(&params, &table).unwrap();
        let columns = case["columns"].as_object().unwrap();
        assert_eq!(output.schema.len(), 1 + columns.len());
        for (name, expected) in columns {
            check_column(name, output.column(&format!("t_{name}")), expected);
        }
    }
}

fn sample() -> Table {
    Table::new(vec![
        // A Tuesday at ten, nothing, and the last microsecond of a Wednesday.
        ("at", Column::timestamp_us_opt([Some(1_357_034_400_000_000), None, Some(-1)])),
        ("delay", Column::float64(vec![1.0, 2.0, 3.0])),
        ("due", Column::timestamp_us(vec![0, 1, 2])),
    ])
}

fn names(table: &Table) -> Vec<&str> {
    table.schema.fields.iter().map(|field| field.name.as_str()).collect()
}

#[test]
fn cycles_and_weekends_are_what_one_gets_without_asking() {
    let output = transform::<Calendar>(r#"{"columns":["at"]}"#, &sample()).unwrap();
    let expected = [
        "at",
        "delay",
        "due",
        "at_is_weekend",
        "at_hour_sin",
        "at_hour_cos",
        "at_day_of_week_sin",
        "at_day_of_week_cos",
        "at_day_of_year_sin",
        "at_day_of_year_cos",
    ];
    assert_eq!(names(&output), expected);
}

#[test]
fn a_null_has_no_date_and_only_its_columns_are_nullable() {
    let params = r#"{"columns":["due","at"],"parts":["hour","is_weekend"],"cycles":["month"],
        "keep_original":false}"#;
    let output = transform::<Calendar>(params, &sample()).unwrap();
    assert_eq!(output.column("at_hour"), &Column::int64_opt([Some(10), None, Some(23)]));
    let weekends = Column::boolean_opt([Some(false), None, Some(false)]);
    assert_eq!(output.column("at_is_weekend"), &weekends);
    assert_eq!(output.column("at_month_cos").f64s().unwrap().nth(1), Some(None));
    assert_eq!(output.column("due_hour"), &Column::int64(vec![0; 3]));
    let nullable: Vec<_> = output.schema.fields.iter().map(|field| field.nullable).collect();
    assert_eq!(nullable, [false, true, true, true, true, false, false, false, false]);
    assert_eq!(names(&output)[0], "delay");
}

#[test]
fn an_offset_moves_the_day() {
    let params =
        r#"{"columns":["due"],"parts":["day","hour","year"],"cycles":[],"utc_offset":"-05:00"}"#;
    let output = transform::<Calendar>(params, &sample()).unwrap();
    assert_eq!(output.column("due_day"), &Column::int64(vec![31; 3]));
    assert_eq!(output.column("due_hour"), &Column::int64(vec![19; 3]));
    assert_eq!(output.column("due_year"), &Column::int64(vec![1969; 3]));
}

/// Bits, not tolerances: a model trained here must score alike there.
#[test]
fn the_bits_of_a_sine_are_fixed() {
    let table = Table::new(vec![("t", Column::timestamp_us(vec![7 * 3_600_000_000]))]);
    let params = r#"{"columns":["t"],"parts":[],"cycles":["hour"]}"#;
    let output = transform::<Calendar>(params, &table).unwrap();
    let bits = |name: &str| output.column(name).as_f64().unwrap()[0].to_bits();
    assert_eq!(bits("t_hour_sin"), 0.965_925_826_289_068_3_f64.to_bits());
    assert_eq!(bits("t_hour_cos"), (-0.258_819_045_102_520_63_f64).to_bits());
}

#[test]
fn the_ends_of_time_have_dates() {
    let table = Table::new(vec![("t", Column::timestamp_us(vec![i64::MIN, i64::MAX]))]);
    for offset in ["-18:00", "+18:00"] {
        let params = format!(r#"{{"columns":["t"],"utc_offset":"{offset}",{EVERYTHING}}}"#);
        transform::<Calendar>(&params, &table).unwrap();
    }
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    assert_eq!(transform::<Calendar>(params, &sample()), Err(Error::params(message)));
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    refuses("{}", "missing field `columns`");
    refuses(r#"{"columns":[]}"#, "parameter `columns` is empty: name the timestamps to take apart");
    refuses(
        r#"{"columns":["delay"]}"#,
        "parameter `columns`: column `delay` is float64, and must be timestamp-us",
    );
    refuses(
        r#"{"columns":["at"],"parts":[],"cycles":[]}"#,
        "parameters `parts` and `cycles` are both empty: there is nothing to compute",
    );
    refuses(
        r#"{"columns":["at"],"parts":["hour","hour"]}"#,
        "parameter `parts` names `hour` twice",
    );
    refuses(
        r#"{"columns":["at"],"cycles":["week"]}"#,
        "parameter `cycles[0]`: unknown variant `week`, expected one of `hour`, `day_of_week`, \
         `day_of_year`, `month`",
    );
    refuses(
        r#"{"columns":["at"],"utc_offset":"America/New_York"}"#,
        "parameter `utc_offset`: `America/New_York` is no offset such as `+02:00` or `-05:00`; time \
         zones by name are not known here, because their rules change",
    );
    let table = Table::new(vec![
        ("t", Column::timestamp_us(vec![0])),
        ("t_is_weekend", Column::boolean([true])),
    ]);
    let message = "two columns of the output would be called `t_is_weekend`: rename or drop the \
                   one in the input";
    let found = transform::<Calendar>(r#"{"columns":["t"]}"#, &table);
    assert_eq!(found, Err(Error::params(message)));
}
