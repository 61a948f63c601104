//! Batches on their way in and out: unchanged through a guest that gives back what it got, and
//! refused when a guest gives back what it must not.

use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use refrain_domain::{Batch, Column, Failure, Field, Kind, Schema, Values, VariableValues};
use refrain_sandbox::Plugin;

use crate::guest::Guest;
use crate::{PULLEY, load, load_in, small};

static IDENTITY: LazyLock<[Plugin; 2]> = LazyLock::new(|| {
    let component = Guest::new().apply("").build();
    [load(&component), load_in(&PULLEY, &component, &[])]
});

fn values(rows: usize) -> impl Strategy<Value = (Kind, u32, Values)> {
    let variable = |values: Vec<Vec<u8>>| {
        let mut all = VariableValues::new();
        values.iter().for_each(|value| all.push(value));
        all
    };
    let text = |values: Vec<String>| values.into_iter().map(String::into_bytes).collect();
    prop_oneof![
        vec(0_u8..=1, rows).prop_map(|v| (Kind::Boolean, 0, Values::Boolean(v))),
        vec(any::<i64>(), rows).prop_map(|v| (Kind::Int64, 0, Values::Int64(v))),
        vec(any::<i64>(), rows).prop_map(|v| (Kind::TimestampUs, 0, Values::TimestampUs(v))),
        // NaN is not equal to itself; NaNs have tests of their own.
        vec(any::<f64>(), rows).prop_map(|v| (Kind::Float64, 0, Values::Float64(v))),
        vec(any::<String>(), rows).prop_map(move |v| (
            Kind::Utf8,
            0,
            Values::Utf8(variable(text(v)))
        )),
        vec(vec(any::<u8>(), 0..9), rows).prop_map(move |v| (
            Kind::Binary,
            0,
            Values::Binary(variable(v))
        )),
        (1_u32..5).prop_flat_map(move |width| {
            vec(any::<f32>(), rows * width as usize)
                .prop_map(move |v| (Kind::Vector, width, Values::Vector(v)))
        }),
    ]
}

fn column(rows: usize) -> impl Strategy<Value = (Field, Column)> {
    (values(rows), proptest::option::of(vec(any::<bool>(), rows))).prop_map(
        move |((kind, width, values), valid)| {
            let mut validity = vec![0; if valid.is_some() { rows.div_ceil(8) } else { 0 }];
            for (row, _) in valid.iter().flatten().enumerate().filter(|(_, valid)| **valid) {
                validity[row / 8] |= 1 << (row % 8);
            }
            let field = Field { name: String::new(), kind, nullable: valid.is_some(), width };
            (field, Column { values, validity })
        },
    )
}

fn batch() -> impl Strategy<Value = (Schema, Batch)> {
    // Around a byte of validity, where mistakes live.
    prop_oneof![Just(0_usize), Just(1), Just(7), Just(8), Just(9), 0..100_usize].prop_flat_map(
        |rows| {
            vec(column(rows), 0..6).prop_map(move |columns| {
                let (mut fields, columns): (Vec<Field>, Vec<Column>) = columns.into_iter().unzip();
                for (i, field) in fields.iter_mut().enumerate() {
                    field.name = format!("c{i}");
                }
                let columns = columns.into_iter().map(Arc::new).collect();
                (Schema { fields }, Batch { rows, columns })
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_batch_goes_through_unchanged((schema, batch) in batch()) {
        batch.check(&schema).unwrap();
        for plugin in &*IDENTITY {
            let mut instance = plugin.transform(&small()).unwrap();
            let made = instance.apply(&batch, &schema).unwrap();
            prop_assert!(same(&batch, &made), "{batch:?}\n{made:?}");
        }
    }
}

/// Equal bit by bit.
fn same(a: &Batch, b: &Batch) -> bool {
    let bits = |values: &Values| match values {
        Values::Float64(v) => v.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
        Values::Vector(v) => v.iter().map(|x| u64::from(x.to_bits())).collect(),
        _ => Vec::new(),
    };
    let columns = || a.columns.iter().zip(&b.columns);
    let numbers = columns().all(|(a, b)| bits(&a.values) == bits(&b.values));
    let others = columns().all(|(a, b)| match a.values {
        Values::Float64(_) | Values::Vector(_) => a.validity == b.validity,
        _ => a == b,
    });
    (a.rows, a.columns.len()) == (b.rows, b.columns.len()) && numbers && others
}

#[test]
fn a_host_hands_over_any_nan_and_gets_the_same_back() {
    let nans = [0x7ff8_0000_0000_0000, 0xfff8_dead_beef_0001, 0x7ff0_0000_0000_0001];
    let column = Column::new(Values::Float64(nans.map(f64::from_bits).to_vec()));
    let batch = Batch { rows: 3, columns: vec![Arc::new(column)] };
    let schema = Schema { fields: vec![field(Kind::Float64, false)] };
    for plugin in &*IDENTITY {
        let made = plugin.transform(&small()).unwrap().apply(&batch, &schema).unwrap();
        assert!(same(&batch, &made), "a guest that only moves bytes changes none");
    }
}

fn field(kind: Kind, nullable: bool) -> Field {
    Field { name: "x".to_owned(), kind, nullable, width: 0 }
}

/// What comes of a batch of ten texts (nullable) when the guest does `body` to it first.
///
/// A column lies in memory as: 0 kind, 4 offsets, 8 their number, 12 bytes, 16 their number,
/// 20 validity, 24 its length.
#[track_caller]
fn refused(expected: &str, body: &str) {
    let mut text = VariableValues::new();
    (0..10).for_each(|_| text.push("né".as_bytes()));
    let column = Column { values: Values::Utf8(text), validity: vec![0xff, 0b11] };
    let batch = Batch { rows: 10, columns: vec![Arc::new(column)] };
    let schema = Schema { fields: vec![field(Kind::Utf8, true)] };
    let plugin = load(&Guest::new().apply(body).build());
    let failure = plugin.transform(&small()).unwrap().apply(&batch, &schema).unwrap_err();
    let Failure::Error { kind, message } = &failure else { panic!("{failure}") };
    assert_eq!(kind, "contract");
    assert!(message.contains(expected), "{failure}");
}

#[test]
fn what_a_guest_gives_back_wrongly_is_named() {
    let column = |offset: u32, value: i32| {
        format!("(i32.store offset={offset} (local.get $columns) (i32.const {value}))")
    };
    let through = |offset: u32, store: &str| {
        format!("({store} (i32.load offset={offset} (local.get $columns)) (i32.const 0xff))")
    };
    refused("11 rows came back for 10", "(local.set $rows (i32.const 11))");
    refused("9 rows came back for 10", "(local.set $rows (i32.const 9))");
    refused("the batch has 0 columns, its schema 1", "(local.set $n (i32.const 0))");
    refused("10 offsets, expected 11", &column(8, 10));
    refused("the last offset is 30, but there are 29 bytes", &column(16, 29));
    refused("invalid UTF-8 at byte 0", &through(12, "i32.store8"));
    refused("the first offset is 255, expected 0", &through(4, "i32.store8"));
    refused("the offsets of row 1 go backwards", &through(4, "i32.store8 offset=4"));
    refused("1 validity bytes, expected 2", &column(24, 1));
    refused("validity bits are set beyond the last row", &through(20, "i32.store8 offset=1"));
    refused("expected utf8, found binary", "(i32.store8 (local.get $columns) (i32.const 5))");
    refused("discriminant", "(i32.store8 (local.get $columns) (i32.const 7))");
    refused("out of bounds", &column(4, 0x7fff_fff0));
    refused("not aligned", &column(4, 1_025));
    let split = "(i32.store offset=4 (i32.load offset=4 (local.get $columns)) (i32.const 2))";
    refused("splits a character", split);
}

#[test]
fn a_null_where_none_may_be() {
    let column = Column { values: Values::Int64(vec![1, 2]), validity: vec![0b11] };
    let batch = Batch { rows: 2, columns: vec![Arc::new(column)] };
    let schema = Schema { fields: vec![field(Kind::Int64, false)] };
    let body = "(i32.store8 (i32.load offset=20 (local.get $columns)) (i32.const 1))";
    let plugin = load(&Guest::new().apply(body).build());
    let failure = plugin.transform(&small()).unwrap().apply(&batch, &schema).unwrap_err();
    assert!(failure.to_string().contains("a null in a column that is not nullable"), "{failure}");
}
