use super::*;
use refrain_sdk::testing::{Table, apply, fit, transform, transform_in_parts};
use refrain_sdk::{Column, Fold, state, transform as role};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/golden.json");

fn column_of(values: &Value) -> Column {
    let values = values.as_array().unwrap();
    if values.iter().any(Value::is_string) {
        Column::utf8_opt(values.iter().map(Value::as_str))
    } else if values.iter().all(|value| value.is_null() || value.is_i64()) {
        Column::int64_opt(values.iter().map(Value::as_i64))
    } else {
        Column::float64_opt(values.iter().map(Value::as_f64))
    }
}

#[track_caller]
fn check_case(name: &str, found: &Column, expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert!(!found.has_nulls());
    if found.kind() == Kind::Utf8 {
        let found: Vec<_> = found.strs().unwrap().map(Option::unwrap).collect();
        assert_eq!(found, expected.iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>());
        return;
    }
    let expected_numbers = expected.iter().filter_map(Value::as_f64);
    let largest = expected_numbers.fold(0.0_f64, |most, x| most.max(x.abs()));
    for (found, expected) in found.numbers().unwrap().iter().zip(expected) {
        let expected = expected.as_f64().unwrap();
        // Only a mean is rounded, in another order than numpy does.
        let tolerance = 4.0 * f64::EPSILON * largest;
        assert!((found - expected).abs() <= tolerance, "{name}: {found} {expected}");
    }
}

#[test]
fn agrees_with_scikit_learn_whole_and_in_parts() {
    let cases: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let input = column_of(&case["input"]);
        let table = Table::new(vec![("x", input.clone()), ("other", input)]);
        for n_rows in [usize::MAX, 1, 7, 64] {
            let params = case["params"].to_string();
            let output = transform_in_parts::<Impute>(&params, &table, n_rows).unwrap();
            let name = format!("{} {params}", case["name"]);
            check_case(&name, output.column("x"), &case["output"]);
            assert_eq!(output.column("other"), table.column("other"), "{name}");
        }
    }
}

fn sample() -> Table {
    Table::new(vec![
        ("temp", Column::float64_opt([Some(1.0), None, Some(f64::NAN), Some(4.0)])),
        ("seats", Column::int64_opt([Some(2), Some(2), None, Some(9)])),
        ("late", Column::boolean_opt([None, Some(true), Some(false), Some(true)])),
        ("tail", Column::utf8_opt([Some("b"), Some("a"), None, Some("a")])),
        ("hour", Column::int64(vec![1, 2, 3, 4])),
    ])
}

#[test]
fn fills_every_nullable_number_unless_told_otherwise() {
    let output = transform::<Impute>("{}", &sample()).unwrap();
    assert_eq!(output.column("temp"), &Column::float64(vec![1.0, 2.5, 2.5, 4.0]));
    assert_eq!(output.column("seats"), &Column::float64(vec![2.0, 2.0, 13.0 / 3.0, 9.0]));
    for untouched in ["late", "tail", "hour"] {
        assert_eq!(output.column(untouched), sample().column(untouched));
    }
    let nullable: Vec<_> = output.schema.fields.iter().map(|field| field.nullable).collect();
    assert_eq!(nullable, [false, false, true, true, false]);
}

#[test]
fn the_most_frequent_value_keeps_the_kind() {
    let params = r#"{"columns":["tail","late","seats","temp"],"strategy":"most_frequent"}"#;
    for n_rows in [usize::MAX, 1, 3] {
        let output = transform_in_parts::<Impute>(params, &sample(), n_rows).unwrap();
        assert_eq!(output.column("temp"), &Column::float64(vec![1.0, 1.0, 1.0, 4.0]));
        assert_eq!(output.column("seats"), &Column::int64(vec![2, 2, 2, 9]));
        assert_eq!(output.column("late"), &Column::boolean([true, true, false, true]));
        assert_eq!(output.column("tail"), &Column::utf8(["b", "a", "a", "a"]));
    }
}

#[test]
fn a_constant_needs_no_fit_and_keeps_the_kind() {
    let table = sample();
    let describe = |params: &str| role::Instance::<Impute>::describe(params, &table.schema);
    assert!(!describe(r#"{"strategy":"constant","fill_value":0}"#).unwrap().needs_fit);
    assert!(describe("{}").unwrap().needs_fit);
    let params = r#"{"columns":["seats","temp"],"strategy":"constant","fill_value":-1}"#;
    let output = transform::<Impute>(params, &table).unwrap();
    assert_eq!(output.column("seats"), &Column::int64(vec![2, 2, -1, 9]));
    assert_eq!(output.column("temp"), &Column::float64(vec![1.0, -1.0, -1.0, 4.0]));
    let params = r#"{"columns":["tail"],"strategy":"constant","fill_value":""}"#;
    let output = transform::<Impute>(params, &table).unwrap();
    assert_eq!(output.column("tail"), &Column::utf8(["b", "a", "", "a"]));
    let params = r#"{"columns":["late"],"strategy":"constant","fill_value":false}"#;
    let output = transform::<Impute>(params, &table).unwrap();
    assert_eq!(output.column("late"), &Column::boolean([false, true, false, true]));
}

#[test]
fn indicators_say_where_values_were_missing() {
    let params = r#"{"columns":["temp","tail"],"strategy":"most_frequent","add_indicator":true}"#;
    let output = transform::<Impute>(params, &sample()).unwrap();
    let names: Vec<_> = output.schema.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["temp", "seats", "late", "tail", "hour", "temp_missing", "tail_missing"]);
    assert_eq!(output.column("temp_missing"), &Column::boolean([false, true, true, false]));
    assert_eq!(output.column("tail_missing"), &Column::boolean([false, false, true, false]));
    let table = Table::new(vec![
        ("x", Column::float64_opt([None])),
        ("x_missing", Column::boolean([true])),
    ]);
    refuses(
        &table,
        r#"{"add_indicator":true}"#,
        Error::params(
            "parameter `add_indicator`: the input has a column `x_missing` already; drop it or \
             rename it",
        ),
    );
}

#[test]
fn what_is_learned_fills_other_rows_and_rows_without_holes() {
    let params = r#"{"columns":["x"],"strategy":"median"}"#;
    let table = Table::new(vec![("x", Column::float64_opt([Some(1.0), Some(5.0), None]))]);
    let description = role::Instance::<Impute>::describe(params, &table.schema).unwrap();
    let state = fit::<Impute>(params, &description, &table, 2).unwrap();
    let serve = |column: Column| {
        let table = Table::new(vec![("x", column)]);
        apply::<Impute>(params, &description, &table, &state).unwrap().column("x").clone()
    };
    assert_eq!(serve(Column::float64_opt([None])), Column::float64(vec![3.0]));
    assert_eq!(serve(Column::float64(vec![8.0])), Column::float64(vec![8.0]));
    assert_eq!(serve(Column::float64(vec![])), Column::float64(vec![]));
}

#[test]
fn a_median_of_many_values_is_close_and_independent_of_the_grouping() {
    let n = 3 * learn::MEDIAN_KEYS_MAX;
    // Every value differs, in no order; the median is known.
    let values: Vec<f64> = (0..n).map(|i| 1000.0 + ((i * 7919) % n) as f64 / 64.0).collect();
    let median = 1000.0 + (n - 1) as f64 / 2.0 / 64.0;
    let table = Table::new(vec![("x", Column::float64(values))]);
    let params = r#"{"columns":["x"],"strategy":"median"}"#;
    let description = role::Instance::<Impute>::describe(params, &table.schema).unwrap();
    let states: Vec<Vec<u8>> = [usize::MAX, 65_536, 10_000]
        .map(|n_rows| fit::<Impute>(params, &description, &table, n_rows).unwrap())
        .to_vec();
    assert!(states.iter().all(|state| *state == states[0]));
    let fills: Vec<Fill> = state::decode(&states[0]).unwrap();
    let Fill::Float(found) = fills[0] else { panic!("{fills:?}") };
    // 65,536 keys for values between 1000 and 4072: sixteen bits, less two octaves.
    assert!((found - median).abs() < median * 1e-4, "{found} {median}");
}

#[test]
fn a_column_without_a_value_is_refused_or_filled_as_told() {
    let table = Table::new(vec![("x", Column::float64_opt([None, Some(f64::NAN)]))]);
    for strategy in ["mean", "median", "most_frequent"] {
        refuses(
            &table,
            &format!(r#"{{"strategy":"{strategy}"}}"#),
            Error::input(
                "column `x` has no value in any row: leave it out of `columns`, or set \
                 `fill_value` to what such a column is filled with",
            ),
        );
        let params = format!(r#"{{"strategy":"{strategy}","fill_value":2}}"#);
        let output = transform::<Impute>(&params, &table).unwrap();
        assert_eq!(output.column("x"), &Column::float64(vec![2.0; 2]));
    }
}

#[track_caller]
fn refuses(table: &Table, params: &str, error: Error) {
    assert_eq!(transform::<Impute>(params, table), Err(error));
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    let check = |params: &str, message: &str| refuses(&sample(), params, Error::params(message));
    check(
        r#"{"columns":["tmp"]}"#,
        "parameter `columns`, strategy `mean`: no column `tmp` in the input; did you mean `temp`?",
    );
    check(
        r#"{"columns":["tail"]}"#,
        "parameter `columns`, strategy `mean`: column `tail` is utf8, and must be float64 or int64",
    );
    check(r#"{"columns":[]}"#, "parameter `columns` is empty: name the columns to fill");
    check(
        r#"{"strategy":"constant"}"#,
        "parameter `fill_value` is missing: strategy `constant` fills it in",
    );
    check(
        r#"{"columns":["seats"],"strategy":"constant","fill_value":0.5}"#,
        "parameter `fill_value`: column `seats` will be int64, and cannot hold 0.5",
    );
    check(
        r#"{"columns":["tail"],"strategy":"constant","fill_value":3}"#,
        "parameter `fill_value`: column `tail` will be utf8, and cannot hold 3",
    );
    check(
        r#"{"strategy":"mode"}"#,
        "parameter `strategy`: unknown variant `mode`, expected one of `mean`, `median`, \
         `most_frequent`, `constant`",
    );
    check(r#"{"colums":[]}"#, "unknown parameter `colums`; did you mean `columns`?");
}

#[test]
fn an_infinity_has_no_mean_but_a_median() {
    let table = Table::new(vec![("x", Column::float64(vec![f64::INFINITY, 2.0, 1.0]))]);
    refuses(
        &table,
        r#"{"columns":["x"]}"#,
        Error::input(
            "column `x`: an infinity has no mean: use strategy `median`, or make it null first",
        ),
    );
    transform::<Impute>(r#"{"columns":["x"],"strategy":"median"}"#, &table).unwrap();
}

#[test]
fn a_state_of_another_fit_is_refused() {
    let table = sample();
    let params = |strategy: &str| {
        refrain_sdk::params::parse::<Params>(&format!(
            r#"{{"columns":["seats"],"strategy":"{strategy}"}}"#
        ))
        .unwrap()
    };
    let read = table.select(&[1]);
    let start = |strategy| Impute::fit(&params(strategy), &read.schema, 0).unwrap();
    let saved = start("most_frequent").save().unwrap();
    let message = "what is to be merged was saved by a fit with other parameters";
    assert_eq!(
        start("mean").merge(&saved),
        Err(Error::failed(format!("column `seats`: {message}")))
    );
    let mut fold = start("mean");
    fold.update(read.rows.clone()).unwrap();
    let state = fold.finish().unwrap();
    let error = Impute::apply(&params("most_frequent"), &read.schema, &state).err().unwrap();
    assert_eq!(
        error,
        Error::failed("column `seats` is int64, and the state fills float64: fit again")
    );
}
