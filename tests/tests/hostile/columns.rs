//! Guests that give rows back wrongly.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Failure, Field, Kind, Schema, Values, VariableValues};
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;

use crate::case::{Case, Outcome};
use crate::contain::contained;

/// Ten texts that may be null go in; the same should come back.
///
/// A column lies in memory as: 0 kind, 4 offsets, 8 their number, 12 bytes, 16 their number,
/// 20 validity, 24 its length.
fn apply_texts(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let mut texts = VariableValues::new();
    (0..10).for_each(|_| texts.push("né".as_bytes()));
    apply(plugin, context, Kind::Utf8, Values::Utf8(texts))
}

fn apply(
    plugin: &Plugin,
    context: &UnitContext,
    kind: Kind,
    values: Values,
) -> Result<String, Failure> {
    let batch =
        Batch { rows: 10, columns: vec![Arc::new(Column { values, validity: vec![0xff, 0b11] })] };
    let schema = Schema { fields: vec![Field::new("x", kind, true)] };
    let made = plugin.transform(context)?.apply(&batch, &schema)?;
    Ok(format!("{} rows", made.rows))
}

/// What a guest does to its input before it gives it back.
fn giving(name: &str, body: &str, words: &'static str) -> Case {
    Case::guest(name, Guest::new().apply(body)).calling(apply_texts).breaks(words)
}

/// Overwrites a number of the column.
fn column(offset: u32, value: i64) -> String {
    format!("(i32.store offset={offset} (local.get $columns) (i32.const {value}))")
}

/// Overwrites what a pointer of the column points to.
fn through(offset: u32, at: u32, value: u32) -> String {
    let pointer = format!("(i32.load offset={offset} (local.get $columns))");
    format!("(i32.store8 offset={at} {pointer} (i32.const {value}))")
}

#[test]
fn row_count() {
    contained(
        here!(row_count),
        "row count",
        [
            ("one too many", "(local.set $rows (i32.const 11))", "11 rows came back for 10"),
            ("one too few", "(local.set $rows (i32.const 9))", "9 rows came back for 10"),
            ("none", "(local.set $rows (i32.const 0))", "0 rows came back for 10"),
            (
                "four thousand million",
                "(local.set $rows (i32.const -1))",
                "4294967295 rows came back for 10",
            ),
            ("no columns", "(local.set $n (i32.const 0))", "the batch has 0 columns, its schema 1"),
            ("columns without end", "(local.set $n (i32.const -1))", "out of bounds"),
        ]
        .map(|(name, body, words)| giving(name, body, words)),
    );
}

#[test]
fn offsets() {
    contained(
        here!(offsets),
        "offsets and lengths",
        [
            ("an offset too few", column(8, 10), "10 offsets, expected 11"),
            ("no offsets", column(8, 0), "0 offsets, expected 11"),
            ("a first offset that is not 0", through(4, 0, 1), "the first offset is 1, expected 0"),
            ("offsets that go backwards", through(4, 4, 0xff), "go backwards"),
            (
                "a last offset past the bytes",
                column(16, 29),
                "the last offset is 30, but there are 29 bytes",
            ),
            ("an offset within a character", through(4, 4, 2), "splits a character"),
            ("offsets out of bounds", column(4, 0x7fff_fff0), "out of bounds"),
            ("offsets across the end of memory", column(4, 131_068), "out of bounds"),
            ("offsets at an odd address", column(4, 1_025), "not aligned"),
            ("bytes out of bounds", column(12, -4), "out of bounds"),
            ("bytes without end", column(16, -1), "out of bounds"),
            ("more offsets than memory holds", column(8, 0x4000_0000), "out of bounds"),
        ]
        .map(|(name, body, words)| giving(name, &body, words)),
    );
}

#[test]
fn validity() {
    contained(
        here!(validity),
        "validity",
        [
            ("shorter than the rows", column(24, 1), "1 validity bytes, expected 2"),
            ("longer than the rows", column(24, 3), "3 validity bytes, expected 2"),
            (
                "set beyond the last row",
                through(20, 1, 0xff),
                "validity bits are set beyond the last row",
            ),
            ("out of bounds", column(20, -1), "out of bounds"),
            ("without end", column(24, -1), "out of bounds"),
        ]
        .map(|(name, body, words)| giving(name, &body, words)),
    );
}

#[test]
fn kinds() {
    contained(
        here!(kinds),
        "kinds",
        [
            (
                "another kind",
                "(i32.store8 (local.get $columns) (i32.const 5))",
                "expected utf8, found binary",
            ),
            (
                "a kind that is none",
                "(i32.store8 (local.get $columns) (i32.const 7))",
                "discriminant",
            ),
            (
                "the last kind that is none",
                "(i32.store8 (local.get $columns) (i32.const 255))",
                "discriminant",
            ),
            (
                "integers of the offsets",
                "(i32.store8 (local.get $columns) (i32.const 1))",
                "expected utf8, found int64",
            ),
        ]
        .map(|(name, body, words)| giving(name, body, words)),
    );
}

#[test]
fn invalid_utf8() {
    contained(
        here!(invalid_utf8),
        "invalid UTF-8",
        [
            ("in a column", through(12, 0, 0xff)),
            (
                "a surrogate in a column",
                format!("{}{}{}", through(12, 0, 0xed), through(12, 1, 0xa0), through(12, 2, 0x80)),
            ),
            ("a character too long", format!("{}{}", through(12, 0, 0xc0), through(12, 1, 0x80))),
        ]
        .map(|(name, body)| giving(name, &body, "invalid UTF-8 at byte 0"))
        .into_iter()
        .chain([
            Case::guest("an error", Guest::new().body("fit-finish", error(2))).breaks("utf-8"),
            Case::guest("an error with a code", Guest::new().body("fit-finish", error(3)))
                .breaks("utf-8"),
        ]),
    );
}

/// Answers with an error of this case, whose text is one byte that begins no character.
fn error(case: u32) -> String {
    let text_at = if case == 3 { 1036 } else { 1032 };
    format!(
        "(i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store8 (i32.const 1028) (i32.const {case}))
        (i32.store8 (i32.const 2048) (i32.const 0xff))
        (i32.store (i32.const {text_at}) (i32.const 2048))
        (i32.store (i32.const {}) (i32.const 1))
        (i32.const 1024)",
        text_at + 4
    )
}

#[test]
fn booleans() {
    contained(
        here!(booleans),
        "booleans that are neither",
        [
            ("2", 2, "row 3 is 2, a boolean is 0 or 1"),
            ("255", 255, "row 3 is 255, a boolean is 0 or 1"),
        ]
        .map(|(name, value, words)| {
            let body = format!(
                "(i32.store8 offset=3 (i32.load offset=4 (local.get $columns)) (i32.const {value}))"
            );
            Case::guest(name, Guest::new().apply(&body))
                .calling(|plugin, context| {
                    apply(plugin, context, Kind::Boolean, Values::Boolean(vec![1; 10]))
                })
                .breaks(words)
        }),
    );
}

/// Ten NaNs with something written in them come back as they were made; a block on the disk has
/// one NaN.
fn smuggled(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let column = Column::new(Values::Float64(vec![1.5; 4]));
    let batch = Batch { rows: 4, columns: vec![Arc::new(column)] };
    let field = Field::new("x", Kind::Float64, false);
    let schema = Schema { fields: vec![field.clone()] };
    let made = plugin.transform(context)?.apply(&batch, &schema)?;
    let plain = Column::new(Values::Float64(vec![f64::NAN; 4]));
    let block = |column: &Column| refrain_data::encode_column(column, &field, 4);
    assert_eq!(block(&made.columns[0]), block(&plain), "something was smuggled");
    let Values::Float64(values) = &made.columns[0].values else { panic!("no numbers") };
    Ok(format!("{:x?}", values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()))
}

/// Puts an `f64` in each of the four rows.
fn in_each_row(value: &str) -> String {
    let store = |row: u32| {
        format!("(f64.store offset={} (i32.load offset=4 (local.get $columns)) {value})", row * 8)
    };
    (0..4).map(store).collect()
}

const PAYLOAD: &str = "(f64.reinterpret_i64 (i64.const 0xfff8dead_beef0001))";

#[test]
fn smuggled_nans() {
    let vectors = "(f64x2.extract_lane 1
        (f64x2.mul (v128.const i64x2 0 0xfff8deadbeef0001) (f64x2.splat (f64.const 3))))";
    let longer = "(f64.promote_f32 (f32.reinterpret_i32 (i32.const 0xffc0dead)))";
    let one = "7ff8000000000000";
    contained(
        here!(smuggled_nans),
        "NaN that carries something",
        [
            ("moved", PAYLOAD.to_owned(), "fff8deadbeef0001"),
            ("added", format!("(f64.add {PAYLOAD} (f64.const 1))"), one),
            ("divided", "(f64.div (f64.const 0) (f64.const -0))".to_owned(), one),
            ("rounded", format!("(f64.nearest {PAYLOAD})"), one),
            ("made longer", longer.to_owned(), one),
            ("of vectors", vectors.to_owned(), one),
        ]
        .map(|(name, value, words)| {
            let guest = Guest::new().apply(&in_each_row(&value));
            Case::guest(name, guest).calling(smuggled).ends(Outcome::Answered, words)
        }),
    );
}
