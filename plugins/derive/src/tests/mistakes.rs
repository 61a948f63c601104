//! Mistakes in expressions, and where they are said to stand.

use super::*;

#[track_caller]
fn refuses(expression: &str, mistake: &str, character: usize) {
    let message = format!(
        "parameter `columns.y`: {mistake} at character {character} of `{}`",
        excerpt(expression, character - 1)
    );
    assert_eq!(computed(expression).map(|_| ()), Err(Error::params(message)));
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    refuses("arr_dely > 15", "no column `arr_dely` in the input; did you mean `arr delay`?", 1);
    refuses("15 < delai", "no column `delai` in the input; did you mean `delay`?", 6);
    refuses("", "the expression ends too early", 1);
    refuses("delay >", "the expression ends too early", 8);
    refuses("delay > 15)", "unexpected `)`", 11);
    refuses("(delay > 15", "`)` was due, not the end", 12);
    refuses("delay > > 15", "unexpected `>`", 9);
    refuses("delay 15", "unexpected `15`", 7);
    refuses("1 < delay < 2", "unexpected `<`", 11);
    refuses("delay ? 15", "`?` means nothing here", 7);
    refuses("carrier = 'UA", "this ' is never closed", 11);
    refuses("\"arr delay", "this \" is never closed", 1);
    refuses("99999999999999999999", "this number does not fit", 1);
    refuses("1e999", "this number does not fit", 1);
    refuses("delay is 3", "`null` was due, not `3`", 10);
    refuses("delay not 3", "`in` was due, not `3`", 11);
    refuses("delay in ()", "`in` needs at least one value", 7);
    refuses("if(late, 1 2)", "`,` was due, not `2`", 12);
    // Characters, not bytes.
    refuses("'ÄÖÜ' = delay", "utf8 and float64 do not go together", 7);
}

#[test]
fn types_that_do_not_fit_are_named() {
    refuses("delay + carrier", "a number was due, and this is utf8", 9);
    refuses("delay + late", "a number was due, and this is boolean; int(…) makes 0 or 1 of it", 9);
    refuses("-carrier", "a number was due, and this is utf8", 2);
    refuses("not delay", "boolean was due, and this is float64", 5);
    refuses("late and 1", "boolean was due, and this is int64", 10);
    refuses("if(delay, 1, 2)", "boolean was due, and this is float64", 4);
    refuses("if(late, 1, 'a')", "int64 and utf8 do not go together", 1);
    refuses("coalesce(delay, 'a')", "float64 and utf8 do not go together", 1);
    refuses("carrier > 3", "utf8 and int64 do not go together", 9);
    refuses("late = 1", "boolean and int64 do not go together", 6);
    refuses("hour(delay)", "timestamp-us was due, and this is float64", 6);
    refuses("length(delay)", "utf8 was due, and this is float64", 8);
    refuses("time + 3600", "a number was due, and this is timestamp-us", 1);
    refuses("embedding", "vector columns cannot be computed", 1);
    let opaque = "a vector column can only be asked whether it is null";
    refuses("embedding = embedding", opaque, 11);
    refuses("is_null(if(late, embedding, embedding))", opaque, 9);
    refuses("is_null(coalesce(embedding, embedding))", opaque, 9);
    refuses("text(photo)", "`text` does not take binary", 1);
    refuses("null", "this is always null, of no type", 1);
    refuses("coalesce(null)", "this is always null, of no type", 1);
}

#[test]
fn functions_are_named_and_counted() {
    refuses(
        "log(delay)",
        "no function is called `log`; there are coalesce, float, if, int, is_null, text, abs, \
         ceil, concat, contains, day, day_of_week, day_of_year, ends_with, exp, floor, hour, \
         length, ln, log1p, lower, max, min, minute, month, pow, round, sqrt, starts_with, upper, \
         year",
        1,
    );
    refuses("ln()", "`ln` takes 1, not 0 arguments", 1);
    refuses("1 + ln(1, 2)", "`ln` takes 1, not 2 arguments", 5);
    refuses("max(1)", "`max` takes 2 to 64, not 1 arguments", 1);
    refuses("if(late, 1)", "`if` takes 3 arguments, not 2", 1);
    refuses("is_null()", "`is_null` takes 1 arguments, not 0", 1);
    refuses("coalesce()", "`coalesce` takes at least one argument", 1);
}

/// Limits protect the sandbox's stack; one below each still works.
#[test]
fn depth_and_length_are_limited() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    gives(&nested(63), Column::int64(vec![1; 3]));
    refuses(&nested(64), "nested deeper than 64", 65);
    let chained = |n: usize| format!("0{}", "+1".repeat(n));
    gives(&chained(64), Column::int64(vec![64; 3]));
    let text = excerpt(&chained(65), 129);
    let message = format!(
        "parameter `columns.y`: more than 64 operators in a row at character 130 of `{text}`"
    );
    assert_eq!(computed(&chained(65)).map(|_| ()), Err(Error::params(message)));
    // Each level adds sixty to the depth of the tree, and three levels are too many.
    let towered = |levels: usize| {
        (0..levels).fold("1".to_owned(), |inner, _| format!("({inner}){}", "+1".repeat(60)))
    };
    gives(&towered(2), Column::int64(vec![121; 3]));
    let error = computed(&towered(3)).unwrap_err();
    assert!(error.message().contains("operators and calls nest deeper than 160"));
    let long = format!("delay > {}1", " ".repeat(2048));
    let error = computed(&long).unwrap_err();
    assert!(error.message().contains("more than 2048 characters at character 2049 of `…"));
    assert!(error.message().len() < 250);
    // A long list nests by halves.
    let list: Vec<String> = (0..400).map(|int| int.to_string()).collect();
    gives(
        &format!("seats in ({})", list.join(",")),
        Column::boolean_opt([Some(true), None, Some(false)]),
    );
    gives(&format!("{}true", "not ".repeat(400)), Column::boolean([true; 3]));
}
