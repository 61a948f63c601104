//! Which columns come out, which are read, and what is refused about them.

use refrain_sdk::transform::Instance;

use super::*;

fn names(table: &Table) -> Vec<&str> {
    table.schema.fields.iter().map(|field| field.name.as_str()).collect()
}

fn outputs(params: &str) -> Result<Table> {
    let table = Table::new(vec![
        ("a", Column::int64(vec![1, 2])),
        ("b", Column::int64(vec![3, 4])),
        ("c", Column::utf8(["x", "y"])),
    ]);
    transform::<Derive>(params, &table)
}

#[test]
fn computed_columns_come_last_by_name_and_a_namesake_gives_way() {
    let output = outputs(r#"{"columns":{"z":"a + b","a":"b * 2"}}"#).unwrap();
    assert_eq!(names(&output), ["b", "c", "a", "z"]);
    // Every expression sees the input, not what another one computes.
    assert_eq!(output.column("a"), &Column::int64(vec![6, 8]));
    assert_eq!(output.column("z"), &Column::int64(vec![4, 6]));
}

#[test]
fn columns_can_be_dropped_or_kept() {
    let output = outputs(r#"{"columns":{"z":"a + b"},"drop":["b"]}"#).unwrap();
    assert_eq!(names(&output), ["a", "c", "z"]);
    assert_eq!(names(&outputs(r#"{"keep":["c","a"]}"#).unwrap()), ["a", "c"]);
    let output = outputs(r#"{"columns":{"z":"a"},"keep":[]}"#).unwrap();
    assert_eq!(names(&output), ["z"]);
    assert_eq!(names(&outputs("{}").unwrap()), ["a", "b", "c"]);
}

#[test]
fn only_what_is_used_enters_the_sandbox_and_nothing_is_fitted() {
    let schema = sample().schema;
    let params = r#"{"columns":{"y":"if(late, delay, 0) + seats","z":"late"}}"#;
    let description = Instance::<Derive>::describe(params, &schema).unwrap();
    assert_eq!(description.reads, [0, 1, 3]);
    assert!(!description.needs_fit);
    let error = Instance::<Derive>::default().fit_start(params, &schema, 0).unwrap_err();
    assert_eq!(error.message(), "this transform needs no fit");
}

#[track_caller]
fn refuses(params: &str, message: &str) {
    assert_eq!(outputs(params), Err(Error::params(message)));
}

#[test]
fn says_what_is_wrong_with_the_parameters() {
    refuses(r#"{"drop":["d"]}"#, "parameter `drop`: no column `d` in the input; did you mean `a`?");
    refuses(
        r#"{"keep":["carrier"]}"#,
        "parameter `keep`: no column `carrier` in the input; there are `a`, `b`, `c`",
    );
    refuses(r#"{"columns":{"":"a"}}"#, "parameter `columns.`: a column needs a name");
    refuses(r#"{"keep":[]}"#, "no column is left: compute one, or drop fewer");
    refuses(r#"{"column":{}}"#, "unknown parameter `column`; did you mean `columns`?");
    refuses(
        r#"{"columns":{"z":3}}"#,
        "parameter `columns.z`: invalid type: integer `3`, expected a string",
    );
}

/// A batch has the same columns however many rows come at once.
#[test]
fn rows_do_not_depend_on_each_other() {
    let params = params("coalesce(delay, seats, 0) > 0 and (carrier is null or late)");
    let whole = transform::<Derive>(&params, &sample()).unwrap();
    let expected: Vec<_> = whole.column("y").bools().unwrap().collect();
    let mut found = Vec::new();
    for rows in sample().batches(1) {
        let part = Table { schema: sample().schema, rows };
        let output = transform::<Derive>(&params, &part).unwrap();
        found.extend(output.column("y").bools().unwrap());
    }
    assert_eq!(found, expected);
}
