//! Joins against what they mean, written down without an index.

use proptest::prelude::*;
use refrain_data::{AsofIndex, JoinError, LookupIndex};
use refrain_domain::{Batch, Column, Kind, Schema, Values};

use crate::support::{floats, ints, table, texts, times};

type Row = (Option<i64>, Option<i64>);

/// Few keys and few times, so that ties, duplicates and edges of the tolerance are the rule.
fn any_rows(max: usize) -> impl Strategy<Value = Vec<Row>> {
    let key = prop::option::weighted(0.85, 0_i64..3);
    let time = prop::option::weighted(0.85, prop_oneof![0_i64..12, Just(i64::MIN), Just(i64::MAX)]);
    prop::collection::vec((key, time), 0..max)
}

fn side(rows: &[Row]) -> (Schema, Batch) {
    let keys: Vec<Option<i64>> = rows.iter().map(|(key, _)| *key).collect();
    let moments: Vec<Option<i64>> = rows.iter().map(|(_, time)| *time).collect();
    let number: Vec<Option<i64>> = (0..rows.len() as i64).map(Some).collect();
    table(vec![("key", ints(&keys)), ("at", times(&moments)), ("row", ints(&number))])
}

/// The row of the right side that answers: of this key, not after this time, not older than the
/// tolerance; of several the latest, and of equal times the last one that stands there.
fn naive_asof(left: Row, right: &[Row], tolerance_us: Option<i64>) -> Option<i64> {
    let (key, time) = (left.0?, left.1?);
    let mut best: Option<(i64, usize)> = None;
    for (row, (right_key, right_time)) in right.iter().enumerate() {
        let (Some(right_key), Some(right_time)) = (*right_key, *right_time) else { continue };
        let is_later = best.is_none_or(|(moment, _)| right_time >= moment);
        if right_key == key && right_time <= time && is_later {
            best = Some((right_time, row));
        }
    }
    let (moment, row) = best?;
    let age = i128::from(time) - i128::from(moment);
    tolerance_us.is_none_or(|tolerance| age <= i128::from(tolerance)).then_some(row as i64)
}

fn numbers(column: &Column, rows: usize) -> Vec<Option<i64>> {
    let Values::Int64(values) = &column.values else { panic!("a column of row numbers") };
    (0..rows).map(|row| column.is_valid(row).then(|| values[row])).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn asof_is_the_naive_join(
        left in any_rows(24),
        right in any_rows(24),
        cut in 0_usize..24,
        tolerance_us in prop::option::of(0_i64..5),
    ) {
        let (schema, whole) = side(&right);
        // However the right side lies in chunks, the answer is the same.
        let cut = cut.min(right.len());
        let parts = [slice(&whole, 0, cut), slice(&whole, cut, right.len())];
        let index =
            AsofIndex::build(&schema, &parts, &names(&["key"]), "at", tolerance_us, &names(&["row"]))
                .expect("builds");
        let (_, left_batch) = side(&left);
        let joined = index.join(&left_batch, &[0], 1);
        let expected: Vec<Option<i64>> =
            left.iter().map(|row| naive_asof(*row, &right, tolerance_us)).collect();
        prop_assert_eq!(numbers(&joined.columns[0], left.len()), expected);
        prop_assert_eq!(joined.check(index.added_schema()), Ok(()));
    }

    #[test]
    fn lookup_is_the_naive_join(left in any_rows(24), keys in prop::collection::btree_set(0_i64..6, 0..6)) {
        let right: Vec<Row> = keys.iter().rev().map(|key| (Some(*key), None)).chain([(None, None); 2]).collect();
        let (schema, batch) = side(&right);
        let index = LookupIndex::build(&schema, &[batch], &names(&["key"]), &names(&["row"])).expect("builds");
        let (_, left_batch) = side(&left);
        let joined = index.join(&left_batch, &[0]);
        let find = |row: &Row| Some(right.iter().position(|(key, _)| *key == row.0)? as i64);
        let expected: Vec<Option<i64>> =
            left.iter().map(|row| row.0.and_then(|_| find(row))).collect();
        prop_assert_eq!(numbers(&joined.columns[0], left.len()), expected);
    }
}

fn slice(batch: &Batch, from: usize, to: usize) -> Batch {
    let mask: Vec<bool> = (0..batch.rows).map(|row| row >= from && row < to).collect();
    refrain_data::filter_rows(batch, &mask)
}

/// The edges by hand: exactly as old as tolerated, one microsecond older, at the same moment, and
/// two rows of one moment, of which the last one stands.
#[test]
fn asof_at_the_edges_of_the_tolerance() {
    let right = [(Some(1), Some(10)), (Some(1), Some(20)), (Some(1), Some(20)), (Some(2), Some(9))];
    let (schema, batch) = side(&right);
    let by = names(&["key"]);
    let index =
        AsofIndex::build(&schema, &[batch], &by, "at", Some(5), &names(&["row"])).expect("builds");
    let left = [(1, 9), (1, 10), (1, 15), (1, 16), (1, 20), (1, 25), (1, 26), (2, 9), (3, 9)];
    let left: Vec<Row> = left.iter().map(|(key, time)| (Some(*key), Some(*time))).collect();
    let (_, left_batch) = side(&left);
    let joined = index.join(&left_batch, &[0], 1);
    let expected = [None, Some(0), Some(0), None, Some(2), Some(2), None, Some(3), None]
        .map(|row: Option<i64>| row);
    assert_eq!(numbers(&joined.columns[0], left.len()), expected);
}

/// Texts that run into each other are different keys.
#[test]
fn keys_of_several_columns_do_not_run_together() {
    let pairs = |pairs: &[(&'static str, &'static str)]| {
        let (a, b): (Vec<_>, Vec<_>) = pairs.iter().map(|(a, b)| (Some(*a), Some(*b))).unzip();
        let number: Vec<Option<i64>> = (0..pairs.len() as i64).map(Some).collect();
        table(vec![("a", texts(&a)), ("b", texts(&b)), ("row", ints(&number))])
    };
    let (schema, right) = pairs(&[("ab", "c"), ("a", "bc"), ("", "abc")]);
    let index = LookupIndex::build(&schema, &[right], &names(&["a", "b"]), &names(&["row"]));
    let (_, left) = pairs(&[("a", "bc"), ("abc", ""), ("ab", "c")]);
    let joined = index.expect("builds").join(&left, &[0, 1]);
    assert_eq!(numbers(&joined.columns[0], 3), [Some(1), None, Some(0)]);
}

#[test]
fn joined_columns_of_every_kind_are_null_where_nothing_matches() {
    let (schema, right) = table(vec![
        ("key", ints(&[Some(1)])),
        ("text", texts(&[Some("a")])),
        ("float", floats(&[Some(0.5)])),
        ("vector", Column::new(Values::Vector(vec![1.0, 2.0]))),
    ]);
    let added = names(&["text", "float", "vector"]);
    let index = LookupIndex::build(&schema, &[right], &names(&["key"]), &added).expect("builds");
    let (_, left) = side(&[(Some(2), None), (Some(1), None), (None, None)]);
    let joined = index.join(&left, &[0]);
    joined.check(index.added_schema()).expect("as promised");
    assert_eq!(joined.columns[0].as_ref(), &texts(&[None, Some("a"), None]));
    assert_eq!(joined.columns[2].values, Values::Vector(vec![0.0, 0.0, 1.0, 2.0, 0.0, 0.0]));
    // A right side without rows still has a schema, and widths.
    let empty = LookupIndex::build(&schema, &[], &names(&["key"]), &added).expect("builds");
    empty.join(&left, &[0]).check(empty.added_schema()).expect("as promised");
}

#[test]
fn a_lookup_names_the_key_that_stands_twice() {
    let keys = [Some(1), Some(2), None, None, Some(2)];
    let (schema, batch) = table(vec![
        ("key", ints(&keys)),
        ("code", texts(&[Some("a"), Some("b"), None, None, Some("b")])),
    ]);
    let build = |by: &[&str]| {
        let parts = [slice(&batch, 0, 3), slice(&batch, 3, 5)];
        LookupIndex::build(&schema, &parts, &names(by), &[]).map(|_| ()).expect_err("twice")
    };
    assert_eq!(build(&["key", "code"]), JoinError::DuplicateKey { key: "key=2, code=b".into() });
    assert_eq!(
        build(&["key"]).to_string(),
        "two rows of the right side have the key (key=2): a lookup needs one; filter the right side first, or join as of a time"
    );
    assert_eq!(build(&["kee"]), JoinError::MissingColumn { column: "kee".into() });
}

#[test]
fn asof_refuses_what_is_no_time() {
    let (schema, batch) = side(&[(Some(1), Some(1))]);
    let build = |on: &str| {
        AsofIndex::build(&schema, std::slice::from_ref(&batch), &names(&["key"]), on, None, &[])
            .map(|_| ())
            .expect_err("no time")
    };
    assert_eq!(build("key"), JoinError::NotATime { column: "key".into(), found: Kind::Int64 });
    assert_eq!(build("when"), JoinError::MissingColumn { column: "when".into() });
}
