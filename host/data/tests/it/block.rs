//! Column blocks: round trips, refusals, and bytes that must never change.

use proptest::prelude::*;
use refrain_data::{canonicalize, decode_column, encode_column};
use refrain_domain::{Column, Digest, Field, Kind, Values};

use crate::support::{any_column, any_kind, bitmap, variable};

fn field(kind: Kind, width: usize) -> Field {
    let width = if kind == Kind::Vector { width as u32 } else { 0 };
    Field { width, ..Field::new("x", kind, true) }
}

fn bits(column: &Column) -> String {
    match &column.values {
        Values::Float64(v) => format!("{:?}", v.iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        Values::Vector(v) => format!("{:?}", v.iter().map(|x| x.to_bits()).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn a_block_gives_back_the_canonical_column(
        (kind, width, rows, column) in (any_kind(), 1_usize..4, 0_usize..40).prop_flat_map(
            |(kind, width, rows)| (Just(kind), Just(width), Just(rows), any_column(kind, width, rows))
        )
    ) {
        let bytes = encode_column(&column, &field(kind, width), rows);
        let back = decode_column(&bytes).expect("its own bytes");
        let clean = canonicalize(column, rows);
        prop_assert_eq!(bits(&back), bits(&clean));
        prop_assert_eq!(&back.validity, &clean.validity);
        prop_assert_eq!(encode_column(&back, &field(kind, width), rows), bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        magic in any::<bool>(),
    ) {
        if magic && bytes.len() >= 16 {
            bytes[..8].copy_from_slice(b"RFCOLUM1");
            bytes[8..16].copy_from_slice(&62_u64.to_le_bytes());
        }
        let _ = decode_column(&bytes);
    }
}

fn examples() -> Vec<(&'static str, Column, Field, usize)> {
    let nan = f64::from_bits(0xfff8_0000_0000_1234);
    let some = bitmap(&[true, false, true]);
    let text = || variable([&b"\xc3\xa9t\xc3\xa9"[..], b"gone", b""].into_iter());
    let column = |values: Values| Column { values, validity: some.clone() };
    vec![
        ("boolean", column(Values::Boolean(vec![1, 1, 0])), field(Kind::Boolean, 0), 3),
        ("int64", column(Values::Int64(vec![1, 2, -3])), field(Kind::Int64, 0), 3),
        ("float64", column(Values::Float64(vec![nan, 2.5, -0.0])), field(Kind::Float64, 0), 3),
        ("time", column(Values::TimestampUs(vec![0, 9, -1])), field(Kind::TimestampUs, 0), 3),
        ("utf8", column(Values::Utf8(text())), field(Kind::Utf8, 0), 3),
        ("binary", column(Values::Binary(text())), field(Kind::Binary, 0), 3),
        (
            "vector",
            column(Values::Vector(vec![0.5, 1.5, 2.5, 3.5, f32::NAN, -0.0])),
            field(Kind::Vector, 2),
            3,
        ),
        ("no-rows", Column::new(Values::Int64(Vec::new())), field(Kind::Int64, 0), 0),
    ]
}

/// These bytes are in people's stores. If this test fails, the format has changed: make it
/// version 2 and keep reading version 1.
#[test]
fn golden_blocks_never_change() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut digests = String::new();
    for (name, column, field, rows) in examples() {
        let bytes = encode_column(&column, &field, rows);
        let path = folder.join(format!("{name}.block"));
        if std::env::var_os("REFRAIN_BLESS").is_some() {
            std::fs::write(&path, &bytes).expect("writes");
        }
        assert_eq!(std::fs::read(&path).expect("a golden file"), bytes, "{name}");
        digests += &format!("{name} {}\n", Digest::of(&bytes));
    }
    let path = folder.join("digests.txt");
    if std::env::var_os("REFRAIN_BLESS").is_some() {
        std::fs::write(&path, &digests).expect("writes");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("a golden file"), digests);
}

/// A flipped bit is either refused, or makes another canonical block, which has another digest.
#[test]
fn no_flipped_bit_goes_unnoticed() {
    for (name, column, field, rows) in examples() {
        let bytes = encode_column(&column, &field, rows);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(other) = decode_column(&flipped) {
                    let kind = other.values.kind();
                    let again = encode_column(&other, &self::field(kind, 2), rows);
                    assert_eq!(again, flipped, "{name}: byte {at} bit {bit}");
                }
            }
            let cut = &bytes[..at];
            assert!(decode_column(cut).is_err(), "{name}: cut at {at}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(decode_column(&longer).is_err(), "{name}: one byte more");
    }
}
