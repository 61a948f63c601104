//! Filters and splits: which rows stay, and that a split never changes.

use proptest::prelude::*;
use refrain_data::{filter_rows, mask_hash, mask_time, mask_true};
use refrain_domain::{Column, Kind, Schema, Values};

use crate::support::{any_column, any_kind, bitmap, floats, ints, table, texts, times};

#[test]
fn only_true_passes() {
    let column = Column { values: Values::Boolean(vec![1, 0, 0, 1]), validity: vec![0b1011] };
    let (_, batch) = table(vec![("is", column)]);
    assert_eq!(mask_true(&batch, 0), [true, false, false, true]);
}

/// Of null rows the value below is ignored, even one that is no canonical zero.
#[test]
fn null_passes_no_mask() {
    let is = Column { values: Values::Boolean(vec![1, 1]), validity: vec![0b01] };
    let at = Column { values: Values::TimestampUs(vec![5, 5]), validity: vec![0b10] };
    let (_, batch) = table(vec![("is", is), ("at", at)]);
    assert_eq!(mask_true(&batch, 0), [true, false]);
    assert_eq!(mask_time(&batch, 1, None, None), [false, true]);
}

/// From the first moment on, up to but without the last.
#[test]
fn a_range_of_time_includes_its_start_and_excludes_its_end() {
    let (_, batch) = table(vec![("at", times(&[Some(9), Some(10), Some(19), Some(20), None]))]);
    let mask = |from, to| mask_time(&batch, 0, from, to);
    assert_eq!(mask(Some(10), Some(20)), [false, true, true, false, false]);
    assert_eq!(mask(None, Some(10)), [true, false, false, false, false]);
    assert_eq!(mask(Some(20), None), [false, false, false, true, false]);
    assert_eq!(mask(Some(20), Some(10)), [false; 5], "an empty range");
}

/// These rows went to the holdout in somebody's run. If this test fails, every split by hash has
/// moved, and so has every model trained behind one: give the new way another name instead.
#[test]
fn golden_hash_splits_never_change() {
    let ids: Vec<Option<i64>> = (0..24).map(Some).chain([None]).collect();
    let words: Vec<String> = (0..25).map(|i| format!("N{i}")).collect();
    let words: Vec<Option<&str>> = words.iter().map(|word| Some(word.as_str())).collect();
    let (_, batch) = table(vec![("id", ints(&ids)), ("tail", texts(&words))]);
    let split = |by: &[usize], ppm, seed| -> String {
        mask_hash(&batch, by, ppm, seed).iter().map(|is| if *is { 'h' } else { '.' }).collect()
    };
    let all = [
        split(&[0], 200_000, 0),
        split(&[0], 500_000, 0),
        split(&[0], 500_000, 1),
        split(&[1], 500_000, 0),
        split(&[1, 0], 500_000, 0),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    h........hh.h......h.h...
    h.h.h..h.hh.h..hh.hh.hh.h
    h.hhh....h..hhh.h..hh..h.
    .......h.hh.h...hhhh...hh
    hhh.hh.....hhhhhh..h..h.h
    ");
}

#[test]
fn a_hash_split_keeps_to_its_share_and_to_its_edges() {
    let ids: Vec<Option<i64>> = (0..20_000).map(Some).collect();
    let (_, batch) = table(vec![("id", ints(&ids))]);
    let count = |ppm, seed| mask_hash(&batch, &[0], ppm, seed).into_iter().filter(|is| *is).count();
    assert_eq!((count(0, 7), count(1_000_000, 7)), (0, 20_000), "nobody, and everybody");
    for seed in 0..5 {
        // Four standard deviations of a binomial of 20,000 at one fifth are 226 rows.
        assert!(count(200_000, seed).abs_diff(4_000) < 226, "seed {seed}");
    }
    let (small, large) = (mask_hash(&batch, &[0], 100_000, 3), mask_hash(&batch, &[0], 300_000, 3));
    assert!(
        small.iter().zip(&large).all(|(small, large)| !small || *large),
        "a holdout only grows"
    );
}

/// Rows of one key never end on both sides of a split, in whatever chunk they stand.
#[test]
fn vectors_and_floats_are_keys_of_their_own() {
    let vectors: Vec<f32> = (0..200).map(|i| i as f32).collect();
    let numbers: Vec<Option<f64>> = (0..100).map(|i| Some(f64::from(i) / 8.0)).collect();
    let (_, batch) =
        table(vec![("f", floats(&numbers)), ("v", Column::new(Values::Vector(vectors)))]);
    for column in [0, 1] {
        let in_holdout = mask_hash(&batch, &[column], 500_000, 0).iter().filter(|is| **is).count();
        assert!((20..80).contains(&in_holdout), "column {column}: {in_holdout} of 100");
    }
}

proptest! {
    /// What is left is what stood there, value by value, and canonical if it was.
    #[test]
    fn filter_keeps_the_rows_of_the_mask(
        (kind, column, mask) in (any_kind(), 0_usize..70).prop_flat_map(|(kind, rows)| {
            (Just(kind), any_column(kind, 2, rows), prop::collection::vec(any::<bool>(), rows))
        })
    ) {
        let width = if kind == Kind::Vector { 2 } else { 0 };
        let field = refrain_domain::Field { width, ..refrain_domain::Field::new("x", kind, true) };
        let schema = Schema { fields: vec![field] };
        let rows = mask.len();
        let batch = refrain_domain::Batch { rows, columns: vec![std::sync::Arc::new(column)] };
        let left = filter_rows(&batch, &mask);
        prop_assert_eq!(left.check(&schema), Ok(()));
        let kept: Vec<usize> = (0..rows).filter(|row| mask[*row]).collect();
        prop_assert_eq!(left.rows, kept.len());
        for (to, from) in kept.into_iter().enumerate() {
            let (a, b) = (one_row(&left.columns[0], to, 2), one_row(&batch.columns[0], from, 2));
            prop_assert_eq!(a, b);
        }
    }
}

/// A row as text, floats by their bits.
fn one_row(column: &Column, row: usize, width: usize) -> String {
    let value = match &column.values {
        Values::Boolean(v) => v[row].to_string(),
        Values::Int64(v) | Values::TimestampUs(v) => v[row].to_string(),
        Values::Float64(v) => v[row].to_bits().to_string(),
        Values::Utf8(v) | Values::Binary(v) => format!("{:?}", v.get(row)),
        Values::Vector(v) => {
            let bits = v[row * width..(row + 1) * width].iter().map(|x| x.to_bits());
            format!("{:?}", bits.collect::<Vec<_>>())
        }
    };
    format!("{} {value}", column.is_valid(row))
}

#[test]
fn a_mask_that_keeps_every_row_keeps_every_byte() {
    // 9 rows: one bit into the second byte of validity.
    let valid = bitmap(&[true, true, false, true, true, true, true, true, false]);
    let column = Column { values: Values::Int64((0..9).collect()), validity: valid };
    let (_, batch) = table(vec![("x", column)]);
    assert_eq!(filter_rows(&batch, &[true; 9]), batch);
    assert_eq!(filter_rows(&batch, &[false; 9]).rows, 0);
}
