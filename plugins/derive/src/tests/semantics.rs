//! Types, nulls, precedence, and every function where SQL has no say.

use super::*;

#[test]
fn the_label_of_the_flights() {
    gives("delay > 15", Column::boolean_opt([Some(false), Some(true), None]));
    gives("\"arr delay\" >= 2", Column::boolean([false, true, true]));
    gives("`arr delay` >= 2", Column::boolean([false, true, true]));
}

#[test]
fn operators_bind_as_in_sql() {
    let constant = |value: f64| Column::float64(vec![value; 3]);
    gives("1.0 + 2 * 3", constant(7.0));
    gives("(1.0 + 2) * 3", constant(9.0));
    gives("10.0 - 3 - 2", constant(5.0));
    gives("2.0 * -3", constant(-6.0));
    gives("--2.0", constant(2.0));
    gives("- - -2.0", constant(-2.0));
    gives(".5e1 + 1E-0", constant(6.0));
    let always = Column::boolean([true; 3]);
    gives("true or false and false", always.clone());
    gives("not false and true", always.clone());
    gives("NOT NOT true", always.clone());
    gives("1 + 1 = 2 AND 'a' IN ('b', 'a')", always.clone());
    gives("(1 < 2) is not null", always.clone());
    gives("'it''s' = concat('it', '''', 's')", always);
}

#[test]
fn types_are_settled_before_a_row_is_seen() {
    gives("1 + 1", Column::int64(vec![2; 3]));
    gives("1 / 2", Column::float64(vec![0.5; 3]));
    gives("seats + 0.5", Column::float64_opt([Some(2.5), None, Some(-8.5)]));
    gives("if(true, 1, 2.5)", Column::float64(vec![1.0; 3]));
    gives("abs(seats)", Column::int64_opt([Some(2), None, Some(9)]));
    gives("max(1, 2.5)", Column::float64(vec![2.5; 3]));
    gives("seats = 2.0", Column::boolean_opt([Some(true), None, Some(false)]));
    gives("time", sample().column("time").clone());
    gives("coalesce(null, time)", sample().column("time").clone());
}

#[test]
fn a_result_is_nullable_only_where_it_can_be_null() {
    for (expression, nullable) in [
        ("delay > 15", true),
        ("delay is null", false),
        ("coalesce(delay, 0)", false),
        ("coalesce(delay, seats)", true),
        ("if(late, 1, 0)", false),
        ("if(late, 1, null)", true),
        ("hour(time)", false),
        ("\"arr delay\" * 2", false),
        ("\"arr delay\" / 2", true),
        ("ln(\"arr delay\")", true),
        ("exp(\"arr delay\")", false),
        ("int(\"arr delay\")", true),
        ("text(\"arr delay\")", false),
        ("float(1)", false),
    ] {
        let (field, column) = computed(expression).unwrap();
        assert_eq!(field.nullable, nullable, "{expression}");
        assert!(nullable || !column.has_nulls(), "{expression}");
    }
}

#[test]
fn nulls_propagate_and_logic_is_three_valued() {
    gives("delay + seats", Column::float64_opt([Some(-1.0), None, None]));
    gives("late and false", Column::boolean([false; 3]));
    gives("late or true", Column::boolean([true; 3]));
    gives("late and null", Column::boolean_opt([Some(false), None, None]));
    gives("null or late", Column::boolean_opt([None, Some(true), None]));
    gives("not late", Column::boolean_opt([Some(true), Some(false), None]));
    gives("delay = null", Column::boolean_opt([None::<bool>; 3]));
    gives("carrier in ('UA', null)", Column::boolean_opt([Some(true), None, None]));
    gives("carrier not in ('UA', null)", Column::boolean_opt([Some(false), None, None]));
    gives("if(late, 'yes', 'no')", Column::utf8(["no", "yes", "no"]));
    gives("concat(carrier, '!')", Column::utf8_opt([Some("UA!"), Some("aa!"), None]));
    gives("max(delay, 0)", Column::float64_opt([Some(0.0), Some(20.5), None]));
    gives("delay + null", Column::float64_opt([None::<f64>; 3]));
}

/// An expression that is of no type takes the one that is due.
#[test]
fn null_of_no_type_fits_everywhere() {
    gives("if(late, null, null) and true", Column::boolean_opt([None::<bool>; 3]));
    gives("concat(coalesce(null, null), 'a')", Column::utf8_opt([None::<&str>; 3]));
    gives("hour(null)", Column::int64_opt([None::<i64>; 3]));
    gives("is_null(null)", Column::boolean([true; 3]));
    gives("int(null)", Column::int64_opt([None::<i64>; 3]));
}

#[test]
fn whether_it_is_null_can_be_asked_of_every_kind() {
    for (column, expected) in [
        ("delay", [false, false, true]),
        ("carrier", [false, false, true]),
        ("time", [false; 3]),
        ("photo", [false, true, false]),
        ("embedding", [false, true, false]),
    ] {
        gives(&format!("{column} is null"), Column::boolean(expected));
        gives(&format!("is_null({column})"), Column::boolean(expected));
        gives(&format!("{column} is not null"), Column::boolean(expected.map(|null| !null)));
    }
}

#[test]
fn what_is_not_defined_is_null_and_no_infinity() {
    let null = || Column::float64_opt([None::<f64>; 3]);
    for expression in [
        "1 / 0",
        "0.0 / 0",
        "1.0 % 0",
        "ln(0)",
        "ln(-1)",
        "log1p(-1)",
        "sqrt(-0.1)",
        "pow(-1, 0.5)",
        "pow(10, 400)",
    ] {
        gives(expression, null());
    }
    gives("1 % 0", Column::int64_opt([None::<i64>; 3]));
    gives("int(1e19)", Column::int64_opt([None::<i64>; 3]));
    gives("int(-9.3e18)", Column::int64_opt([None::<i64>; 3]));
    gives("float('inf')", null());
    gives("float('nan')", null());
    gives("int('2.5')", Column::int64_opt([None::<i64>; 3]));
    gives("float(' 2.5 ')", Column::float64(vec![2.5; 3]));
}

#[test]
fn nan_is_a_value_that_equals_nothing_and_spreads() {
    let table = Table::new(vec![("x", Column::float64(vec![f64::NAN, 1.0]))]);
    let y = |expression: &str| {
        transform::<Derive>(&params(expression), &table).unwrap().column("y").clone()
    };
    assert_eq!(y("x = x"), Column::boolean([false, true]));
    assert_eq!(y("x != x"), Column::boolean([true, false]));
    assert_eq!(y("x is null"), Column::boolean([false, false]));
    assert_eq!(y("int(x)"), Column::int64_opt([None, Some(1)]));
    for expression in ["min(x, 0)", "min(0, x)", "max(x, 5)", "max(5, x)", "x + 1", "abs(x)"] {
        let column = y(expression);
        let found = column.as_f64().unwrap();
        assert!(found[0].is_nan() && !found[1].is_nan(), "{expression}");
    }
}

#[test]
fn integers_never_wrap() {
    let table = Table::new(vec![("n", Column::int64_opt([Some(i64::MAX), None, Some(i64::MIN)]))]);
    let message = "column `y`: an integer grows beyond 64 bits; compute with float(…)";
    for expression in ["n + 1", "n - 1", "n * 2", "-n", "abs(n)"] {
        let found = transform::<Derive>(&params(expression), &table);
        assert_eq!(found, Err(Error::input(message)), "{expression}");
    }
    let output = transform::<Derive>(&params("n % -1"), &table).unwrap();
    assert_eq!(output.column("y"), &Column::int64_opt([Some(0), None, Some(0)]));
    transform::<Derive>(&params("float(n) * 2"), &table).unwrap();
}

#[test]
fn timestamps_are_utc_and_their_difference_is_in_seconds() {
    // 2013-01-01T10:00:00Z was a Tuesday.
    gives("hour(time)", Column::int64(vec![0, 10, 23]));
    gives("minute(time)", Column::int64(vec![0, 0, 59]));
    gives("day_of_week(time)", Column::int64(vec![4, 2, 3]));
    gives("day_of_year(time)", Column::int64(vec![1, 1, 365]));
    gives("day(time) + 100 * month(time)", Column::int64(vec![101, 101, 1231]));
    gives("year(time)", Column::int64(vec![1970, 2013, 1969]));
    gives("time - time", Column::float64(vec![0.0; 3]));
    gives("int(time)", Column::int64(vec![0, 1_357_034_400_000_000, -1]));
    gives("time >= time", Column::boolean([true; 3]));
    let far = Table::new(vec![
        ("a", Column::timestamp_us(vec![i64::MAX, 9_007_199_254_740_993])),
        ("b", Column::timestamp_us(vec![i64::MIN, 9_007_199_254_740_992])),
    ]);
    let output = transform::<Derive>(&params("a - b"), &far).unwrap();
    let expected = vec![18_446_744_073_709_551_616.0 / 1e6, 1e-6];
    assert_eq!(output.column("y"), &Column::float64(expected));
}

#[test]
fn numbers_read_as_text_the_way_they_are_written() {
    gives("text(1.50)", Column::utf8(["1.5"; 3]));
    gives("text(-2)", Column::utf8(["-2"; 3]));
    gives("text(1 < 2)", Column::utf8(["true"; 3]));
    gives("text(seats)", Column::utf8_opt([Some("2"), None, Some("-9")]));
    gives("round(2.5) + round(-2.5)", Column::float64(vec![0.0; 3]));
    gives("round(2.5)", Column::float64(vec![3.0; 3]));
    gives("length('Zürich')", Column::int64(vec![6; 3]));
}

#[test]
fn no_rows_are_no_rows() {
    let table = Table::new(vec![("x", Column::float64(vec![])), ("t", Column::utf8([""; 0]))]);
    for expression in [
        "x > 1",
        "1 + 1",
        "null = x",
        "if(x > 1, 'a', t)",
        "coalesce(t, 'a')",
        "concat(t, 'a')",
        "contains('a', t)",
        "t = 'a'",
        "ln(x)",
        "true and x > 1",
    ] {
        let output = transform::<Derive>(&params(expression), &table).unwrap();
        assert_eq!(output.rows.n_rows(), 0, "{expression}");
    }
}
