use super::*;
use crate::testing::Table;
use crate::{Column, params};

fn by(json: &str) -> Result<Vec<SliceBy>> {
    params::parse(json)
}

fn table() -> Table {
    // 2013-10-31T23:00, 2013-11-01T00:00 and a null.
    let times = [Some(1_383_260_400_000_000), Some(1_383_264_000_000_000), None];
    let time = |row: usize| times[row % 3];
    Table::new(vec![
        ("carrier", Column::utf8_opt((0..9).map(|i| [Some("UA"), Some("AA"), None][i % 3]))),
        ("hour", Column::int64((0..9).map(|i| 10 - i64::from(i % 2) * 8).collect())),
        ("night", Column::boolean((0..9).map(|i| i == 4))),
        ("at", Column::timestamp_us_opt((0..9).map(time))),
        ("score", Column::float64(vec![0.5; 9])),
    ])
}

fn groupings(json: &str, n_rows: usize, max: usize) -> Result<Vec<Grouping>> {
    let (by, table) = (by(json)?, table());
    let mut whole = Slices::new(&by, max, &table.schema)?;
    for batch in table.batches(n_rows) {
        let mut part = Slices::new(&by, max, &table.schema)?;
        part.update(&batch)?;
        whole.merge(part.save(), batch.n_rows())?;
    }
    whole.groupings(9)
}

fn texts(grouping: &Grouping) -> Vec<String> {
    let text = |tags: &Vec<Tag>| {
        let tags: Vec<_> = tags.iter().map(|tag| format!("{}={}", tag.name, tag.value)).collect();
        tags.join(",")
    };
    grouping.groups.iter().map(text).collect()
}

#[test]
fn groups_by_value_period_and_combination_in_the_order_of_values() {
    let json = r#"["carrier","hour","night",{"column":"at","period":"month"},["night","carrier"]]"#;
    let found = groupings(json, 9, 10).unwrap();
    assert_eq!(texts(&found[0]), [""]);
    assert_eq!(texts(&found[1]), ["carrier=(null)", "carrier=AA", "carrier=UA"]);
    assert_eq!(found[1].codes, [2, 1, 0, 2, 1, 0, 2, 1, 0]);
    assert_eq!(texts(&found[2]), ["hour=2", "hour=10"]);
    assert_eq!(texts(&found[3]), ["night=false", "night=true"]);
    assert_eq!(texts(&found[4]), ["at=(null)", "at=2013-10", "at=2013-11"]);
    let both = ["false,carrier=(null)", "false,carrier=AA", "false,carrier=UA", "true,carrier=AA"];
    assert_eq!(texts(&found[5]), both.map(|text| format!("night={text}")));
    for n_rows in [1, 2, 4] {
        assert_eq!(groupings(json, n_rows, 10).unwrap(), found);
    }
}

#[test]
fn names_periods() {
    let json = |period: &str| format!(r#"[{{"column":"at","period":"{period}"}}]"#);
    let expected = [("year", "2013"), ("day", "2013-11-01"), ("hour", "2013-11-01T00")];
    for (period, text) in expected {
        let found = groupings(&json(period), 9, 10).unwrap();
        assert_eq!(texts(&found[1]).last().unwrap(), &format!("at={text}"));
    }
}

#[track_caller]
fn refuses(json: &str, max: usize, message: &str) {
    assert_eq!(groupings(json, 4, max).unwrap_err().message(), message);
}

#[test]
fn says_what_is_wrong() {
    refuses(
        r#"["carier"]"#,
        9,
        "parameter `slices[0]`: no column `carier` in the input; did you mean `carrier`?",
    );
    refuses(
        r#"["at"]"#,
        9,
        "parameter `slices[0]`: `at` is a time: say by which period, {column: at, period: month}",
    );
    refuses(
        r#"["hour","score"]"#,
        9,
        "parameter `slices[1]`: column `score` is float64; slices go by utf8, boolean, int64, or a \
         timestamp-us with a `period`: derive such a column first",
    );
    refuses(
        r#"[{"column":"hour","period":"day"}]"#,
        9,
        "parameter `slices[0]`: `hour` is int64, and only a timestamp-us column has a `period`",
    );
    refuses(r#"["hour","hour"]"#, 9, "parameter `slices[1]`: stands twice");
    refuses(r#"[["hour","hour"]]"#, 9, "parameter `slices[0]`: column `hour` is named twice");
    refuses(r#"[[]]"#, 9, "parameter `slices[0]`: names 0 columns of 1 to 4");
    let remedy = "slice by something coarser, or raise `max_slices`";
    refuses(
        r#"["carrier"]"#,
        2,
        &format!("slicing by `carrier` gives more than 2 slices: {remedy}"),
    );
    refuses(
        r#"[["carrier","hour"]]"#,
        3,
        &format!("slicing by `carrier` and `hour` gives more than 3 slices: {remedy}"),
    );
    refuses(r#"[]"#, 0, "`max_slices` is 0, and must be 1 to 65535");
    assert_eq!(
        by(r#"[{"column":"at","perid":"day"}]"#).unwrap_err().message(),
        "parameter `[0].perid`: unknown field `perid`, expected `column` or `period`"
    );
    assert_eq!(
        by(r#"[[["at"]]]"#).unwrap_err().message(),
        "parameter `[0][0]`: invalid type: sequence, expected a column, {column: …, period: …}"
    );
}
