use super::*;
use refrain_sdk::testing::{Table, apply, fit, transform, transform_in_parts};
use refrain_sdk::{Column, transform as role};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/golden.json");

fn column_of(values: &Value) -> Column {
    let values = values.as_array().unwrap();
    match values.iter().find(|value| !value.is_null()) {
        Some(Value::Bool(_)) => Column::boolean_opt(values.iter().map(Value::as_bool)),
        Some(Value::Number(_)) => Column::int64_opt(values.iter().map(Value::as_i64)),
        _ => Column::utf8_opt(values.iter().map(Value::as_str)),
    }
}

/// The rows of a golden output, filled up to `width`.
fn vectors_of(output: &Value, width: usize) -> Vec<f32> {
    let rows = output.as_array().unwrap();
    let pad = |row: &Value| {
        let row = row.as_array().unwrap().iter().map(|x| x.as_i64().unwrap() as f32);
        row.chain(std::iter::repeat(0.0)).take(width).collect::<Vec<_>>()
    };
    rows.iter().flat_map(pad).collect()
}

#[test]
fn agrees_with_scikit_learn_whole_and_in_parts() {
    const WIDTH: usize = 8;
    let cases: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(cases.len(), 55);
    for case in cases {
        let mut params = case["params"].clone();
        params["width"] = WIDTH.into();
        let params = params.to_string();
        let table = Table::new(vec![("x", column_of(&case["fit"]))]);
        let rows = Table::new(vec![("x", column_of(&case["rows"]))]);
        let description = role::Instance::<OneHot>::describe(&params, &table.schema).unwrap();
        let whole = fit::<OneHot>(&params, &description, &table, usize::MAX).unwrap();
        for n_rows in [1, 7] {
            assert_eq!(fit::<OneHot>(&params, &description, &table, n_rows).unwrap(), whole);
        }
        let output = apply::<OneHot>(&params, &description, &rows, &whole).unwrap();
        let found = output.column("x_onehot").as_vector().unwrap();
        assert_eq!(found, vectors_of(&case["output"], WIDTH), "{} {params}", case["name"]);
    }
}

fn sample() -> Table {
    Table::new(vec![
        ("distance", Column::float64(vec![1.0, 2.0, 3.0, 4.0])),
        ("carrier", Column::utf8(["UA", "AA", "UA", "B6"])),
        ("origin", Column::utf8(["JFK", "EWR", "EWR", "JFK"])),
    ])
}

fn names(table: &Table) -> Vec<&str> {
    table.schema.fields.iter().map(|field| field.name.as_str()).collect()
}

#[test]
fn vectors_are_added_and_the_originals_stay_for_slices() {
    let params = r#"{"columns":["origin","carrier"],"width":{"carrier":4,"origin":2}}"#;
    for n_rows in [usize::MAX, 1, 3] {
        let output = transform_in_parts::<OneHot>(params, &sample(), n_rows).unwrap();
        let expected = ["distance", "carrier", "origin", "carrier_onehot", "origin_onehot"];
        assert_eq!(names(&output), expected);
        let carrier = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0].map(|x: u8| f32::from(x));
        assert_eq!(output.column("carrier_onehot"), &Column::vector(carrier.to_vec()));
        let origin = [0, 1, 1, 0, 1, 0, 0, 1].map(|x: u8| f32::from(x));
        assert_eq!(output.column("origin_onehot"), &Column::vector(origin.to_vec()));
        let field = output.schema.field("carrier_onehot").unwrap();
        assert_eq!((field.kind, field.width, field.nullable), (Kind::Vector, 4, false));
    }
}

#[test]
fn originals_go_where_they_are_not_wanted() {
    let params = r#"{"columns":["carrier"],"width":3,"keep_original":false}"#;
    let output = transform::<OneHot>(params, &sample()).unwrap();
    assert_eq!(names(&output), ["distance", "carrier_onehot", "origin"]);
}

#[test]
fn given_categories_need_no_fit_and_keep_their_order() {
    let params = r#"{"columns":["origin"],"categories":{"origin":["LGA","JFK","EWR"]}}"#;
    let description = role::Instance::<OneHot>::describe(params, &sample().schema).unwrap();
    assert!(!description.needs_fit);
    let output = transform::<OneHot>(params, &sample()).unwrap();
    let origin = [0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0].map(|x: u8| f32::from(x));
    assert_eq!(output.column("origin_onehot"), &Column::vector(origin.to_vec()));
}

#[test]
fn given_categories_can_be_boolean_columns() {
    let params = r#"{"columns":["origin"],"categories":{"origin":["LGA","JFK","EWR"]},
        "output":"columns","drop":"first","keep_original":false}"#;
    let output = transform::<OneHot>(params, &sample()).unwrap();
    assert_eq!(names(&output), ["distance", "carrier", "origin_JFK", "origin_EWR"]);
    assert_eq!(output.column("origin_EWR"), &Column::boolean([false, true, true, false]));
    let table = Table::new(vec![("x", Column::int64_opt([Some(2), None, Some(1)]))]);
    let params = r#"{"columns":["x"],"categories":{"x":[1,2]},"output":"columns",
        "handle_null":"category"}"#;
    let output = transform::<OneHot>(params, &table).unwrap();
    assert_eq!(names(&output), ["x", "x_1", "x_2", "x_null"]);
    assert_eq!(output.column("x_null"), &Column::boolean([false, true, false]));
}

#[test]
fn learned_and_given_columns_go_together() {
    let params = r#"{"columns":["origin","carrier"],"width":{"carrier":3},
        "categories":{"origin":["EWR","JFK"]}}"#;
    for n_rows in [usize::MAX, 2] {
        let output = transform_in_parts::<OneHot>(params, &sample(), n_rows).unwrap();
        assert_eq!(output.schema.field("origin_onehot").unwrap().width, 2);
        assert_eq!(output.schema.field("carrier_onehot").unwrap().width, 3);
    }
}

/// Fits on `a`, `b` and perhaps a null; applies to what `rows` holds.
fn fit_and_serve(params: &str, with_null: bool, rows: &[Option<&str>]) -> Result<Vec<f32>> {
    let fitted =
        if with_null { vec![Some("a"), Some("b"), None] } else { vec![Some("a"), Some("b")] };
    let table = Table::new(vec![("x", Column::utf8_opt(fitted))]);
    let description = role::Instance::<OneHot>::describe(params, &table.schema)?;
    let state = fit::<OneHot>(params, &description, &table, usize::MAX)?;
    let rows = Table::new(vec![("x", Column::utf8_opt(rows.to_vec()))]);
    let output = apply::<OneHot>(params, &description, &rows, &state)?;
    Ok(output.column("x_onehot").as_vector()?.to_vec())
}

#[test]
fn unknown_values_and_nulls_are_what_the_parameters_say() {
    let with = |rest: &str| format!(r#"{{"columns":["x"],"width":3{rest}}}"#);
    let unknown = "column `x` is `z` in row 1 of its chunk, which is none of its categories: set \
                   `handle_unknown` to `ignore`, or fit on rows that have it";
    let rows = &[Some("b"), Some("z")];
    assert_eq!(fit_and_serve(&with(""), false, rows), Err(Error::input(unknown)));
    let ignored = vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let ignore = with(r#","handle_unknown":"ignore""#);
    assert_eq!(fit_and_serve(&ignore, false, rows), Ok(ignored.clone()));

    let remedy = "set `handle_null` to `category` or `ignore`, or fill it with impute first";
    let null =
        |place: &str| Err(Error::input(format!("column `x` has no value {place}: {remedy}")));
    let rows = &[Some("b"), None];
    assert_eq!(fit_and_serve(&with(""), true, rows), null("in some row"));
    assert_eq!(fit_and_serve(&with(""), false, rows), null("in row 1 of its chunk"));
    let ignore = with(r#","handle_null":"ignore""#);
    assert_eq!(fit_and_serve(&ignore, true, rows), Ok(ignored.clone()));
    let category = with(r#","handle_null":"category""#);
    assert_eq!(fit_and_serve(&category, true, rows), Ok(vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0]));
    // A null that the fit did not see is unknown.
    assert!(fit_and_serve(&category, false, rows).is_err());
    let both = with(r#","handle_null":"category","handle_unknown":"ignore""#);
    assert_eq!(fit_and_serve(&both, false, rows), Ok(ignored));
}

#[test]
fn too_many_categories_say_which_width_would_do() {
    let message = "column `carrier` needs 3 places for its categories, and parameter `width` gives \
                   it 2: set it to 3, or group rare categories with `max_categories: 2`";
    for n_rows in [usize::MAX, 1] {
        let found =
            transform_in_parts::<OneHot>(r#"{"columns":["carrier"],"width":2}"#, &sample(), n_rows);
        assert_eq!(found, Err(Error::input(message)));
    }
    let grouped = r#"{"columns":["carrier"],"width":2,"max_categories":2}"#;
    let output = transform::<OneHot>(grouped, &sample()).unwrap();
    let carrier = [1, 0, 0, 1, 1, 0, 0, 1].map(|x: u8| f32::from(x));
    assert_eq!(output.column("carrier_onehot"), &Column::vector(carrier.to_vec()));
}

#[test]
fn too_many_values_are_no_categories() {
    let ids = (0..=learn::CATEGORIES_MAX as i64).collect();
    let table = Table::new(vec![("id", Column::int64(ids))]);
    let error = transform::<OneHot>(r#"{"columns":["id"]}"#, &table).unwrap_err();
    assert!(error.message().starts_with("column `id` has more than 65536 different values"));
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    assert_eq!(transform::<OneHot>(params, &sample()), Err(Error::params(message)));
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    refuses("{}", "missing field `columns`");
    refuses(r#"{"columns":[]}"#, "parameter `columns` is empty: name the columns to encode");
    refuses(
        r#"{"columns":["distance"]}"#,
        "parameter `columns`: column `distance` is float64, and must be utf8 or int64 or boolean",
    );
    refuses(
        r#"{"columns":["carrier"],"width":0}"#,
        "parameter `width` makes a vector of 0 numbers, and 1 to 4096 are due",
    );
    refuses(
        r#"{"columns":["carrier"],"width":{}}"#,
        "parameter `width` has none for `carrier`: the fit says how much is needed",
    );
    refuses(
        r#"{"columns":["carrier"],"categories":{"origin":["JFK"]}}"#,
        "`origin` has categories or a width, and is none of `columns`: add it there",
    );
    refuses(
        r#"{"columns":["origin"],"categories":{"origin":[1]}}"#,
        "parameter `categories.origin`: the column is utf8, and cannot hold 1",
    );
    refuses(
        r#"{"columns":["origin"],"categories":{"origin":["JFK","JFK"]}}"#,
        r#"parameter `categories.origin`: "JFK" is named twice"#,
    );
    refuses(
        r#"{"columns":["origin"],"categories":{"origin":["JFK"]},"drop":"first"}"#,
        "parameter `drop` leaves no place for the only category",
    );
    refuses(
        r#"{"columns":["origin"],"output":"columns"}"#,
        "parameter `output`: columns can be named only after categories known beforehand: list \
         those of `origin` in `categories`, or use `vector`",
    );
    refuses(
        r#"{"columns":["origin"],"min_frequency":1.5}"#,
        "parameter `min_frequency` must be a number of rows, or a share between 0 and 1, not 1.5",
    );
    refuses(
        r#"{"columns":["origin"],"max_categories":0}"#,
        "parameter `max_categories` must be at least 1",
    );
    refuses(
        r#"{"columns":["origin"],"handle_unknown":"skip"}"#,
        "parameter `handle_unknown`: unknown variant `skip`, expected one of `error`, `ignore`, \
         `infrequent_if_exist`",
    );
}

#[test]
fn a_namesake_in_the_input_is_refused() {
    let table =
        Table::new(vec![("x", Column::utf8(["a"])), ("x_onehot", Column::float64(vec![1.0]))]);
    let message = "two columns of the output would be called `x_onehot`: rename or drop the one in \
                   the input";
    let found = transform::<OneHot>(r#"{"columns":["x"]}"#, &table);
    assert_eq!(found, Err(Error::params(message)));
}
