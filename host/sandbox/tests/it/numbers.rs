//! The same bits on Cranelift and on Pulley, for the operations where machines differ.

use std::sync::Arc;

use refrain_domain::{Batch, Column, Field, Kind, Schema, Values};

use crate::guest::Guest;
use crate::{both, load_in, small};

/// NaNs with payloads, zeros, infinities, subnormals, halves, and what overflows.
fn hard_numbers() -> Vec<f64> {
    let bits = [
        0x7ff8_0000_0000_0000,
        0x7ff8_0000_0000_0001,
        0xfff8_dead_beef_0001,
        0x7ff0_0000_0000_0001,
        0x7ff0_0000_0000_0000,
        0xfff0_0000_0000_0000,
        0x0000_0000_0000_0000,
        0x8000_0000_0000_0000,
        0x0000_0000_0000_0001,
        0x800f_ffff_ffff_ffff,
        0x7fef_ffff_ffff_ffff,
        0x36a0_0000_0000_0000, // the least f32 subnormal, halved
        0x47ef_ffff_f000_0000, // rounds to infinity as an f32
    ];
    let plain = [0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1e-310, 9_007_199_254_740_993.0, -1e300, 3.7];
    bits.map(f64::from_bits).into_iter().chain(plain).collect()
}

/// `x` is each number, `y` the one after it.
const OPERATIONS: [(&str, &str); 26] = [
    ("add", "(f64.add (local.get $x) (local.get $y))"),
    ("subtract", "(f64.sub (local.get $x) (local.get $x))"),
    ("multiply", "(f64.mul (local.get $x) (local.get $y))"),
    ("divide", "(f64.div (local.get $x) (local.get $y))"),
    ("divide by zero", "(f64.div (local.get $x) (f64.const 0))"),
    ("square root", "(f64.sqrt (local.get $x))"),
    ("minimum", "(f64.min (local.get $x) (local.get $y))"),
    ("maximum", "(f64.max (local.get $x) (local.get $y))"),
    ("nearest", "(f64.nearest (local.get $x))"),
    ("truncate", "(f64.trunc (local.get $x))"),
    ("ceiling", "(f64.ceil (local.get $x))"),
    ("floor", "(f64.floor (local.get $x))"),
    ("copy sign", "(f64.copysign (local.get $x) (local.get $y))"),
    ("negate", "(f64.neg (local.get $x))"),
    ("absolute", "(f64.abs (local.get $x))"),
    ("to f32 and back", "(f64.promote_f32 (f32.demote_f64 (local.get $x)))"),
    ("f32 multiply", "(f64.promote_f32 (f32.mul (f32.demote_f64 (local.get $x)) (f32.const 0.1)))"),
    ("f32 square root", "(f64.promote_f32 (f32.sqrt (f32.demote_f64 (local.get $x))))"),
    ("saturate to i64", "(f64.convert_i64_s (i64.trunc_sat_f64_s (local.get $x)))"),
    ("saturate to u64", "(f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $x)))"),
    ("saturate to i32", "(f64.convert_i32_s (i32.trunc_sat_f64_s (local.get $x)))"),
    (
        "lanes multiply",
        "(f64x2.extract_lane 1 (f64x2.mul (f64x2.splat (local.get $x)) (f64x2.splat (local.get $y))))",
    ),
    (
        "lanes minimum",
        "(f64x2.extract_lane 1 (f64x2.min (f64x2.splat (local.get $x)) (f64x2.splat (local.get $y))))",
    ),
    (
        "lanes pseudo-minimum",
        "(f64x2.extract_lane 0 (f64x2.pmin (f64x2.splat (local.get $x)) (f64x2.splat (local.get $y))))",
    ),
    (
        "lanes pseudo-maximum",
        "(f64x2.extract_lane 0 (f64x2.pmax (f64x2.splat (local.get $x)) (f64x2.splat (local.get $y))))",
    ),
    (
        "lanes of f32",
        "(f64.promote_f32 (f32x4.extract_lane 2 (f32x4.sqrt (f32x4.splat (f32.demote_f64 (local.get $x))))))",
    ),
];

/// A guest that replaces each number of its one column by the operation on it.
fn guest(operation: &str) -> Guest {
    Guest::new().apply(&format!(
        "(local $i i32) (local $at i32) (local $next i32) (local $x f64) (local $y f64)
        (loop $again
            (local.set $at (i32.add (i32.load offset=4 (local.get $columns))
                (i32.shl (local.get $i) (i32.const 3))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (local.set $next (i32.rem_u (local.get $i) (local.get $rows)))
            (local.set $x (f64.load (local.get $at)))
            (local.set $y (f64.load (i32.add (i32.load offset=4 (local.get $columns))
                (i32.shl (local.get $next) (i32.const 3)))))
            (f64.store (local.get $at) {operation})
            (br_if $again (i32.lt_u (local.get $i) (local.get $rows))))"
    ))
}

/// The bits of the results on each backend, and the fuel.
fn compute(operation: &str) -> [(Vec<u64>, u64); 2] {
    let component = guest(operation).build();
    let numbers = hard_numbers();
    let rows = numbers.len();
    let batch = Batch { rows, columns: vec![Arc::new(Column::new(Values::Float64(numbers)))] };
    let field = Field { name: "x".to_owned(), kind: Kind::Float64, nullable: false, width: 0 };
    let schema = Schema { fields: vec![field] };
    both().map(|sandbox| {
        let mut instance = load_in(sandbox, &component, &[]).transform(&small()).unwrap();
        let made = instance.apply(&batch, &schema).unwrap();
        let Values::Float64(values) = &made.columns[0].values else { panic!("not a number") };
        (values.iter().map(|x| x.to_bits()).collect(), instance.usage().fuel_used)
    })
}

#[test]
fn hard_operations_give_the_same_bits_and_take_the_same_fuel() {
    for (name, operation) in OPERATIONS {
        let [cranelift, pulley] = compute(operation);
        assert_eq!(cranelift, pulley, "{name}");
    }
}

#[test]
fn every_nan_that_an_instruction_makes_is_the_one_nan() {
    let keeps_bits =
        ["copy sign", "negate", "absolute", "lanes pseudo-minimum", "lanes pseudo-maximum"];
    for (name, operation) in OPERATIONS {
        if keeps_bits.contains(&name) {
            continue;
        }
        for (bits, _) in compute(operation) {
            let nans = bits.into_iter().filter(|&bits| f64::from_bits(bits).is_nan());
            for nan in nans {
                assert_eq!(nan, 0x7ff8_0000_0000_0000, "{name}");
            }
        }
    }
}

#[test]
fn results_are_those_of_ieee_754() {
    let numbers = hard_numbers();
    let canonical = |x: f64| if x.is_nan() { 0x7ff8_0000_0000_0000 } else { x.to_bits() };
    let check = |name: &str, expected: &dyn Fn(f64, f64) -> f64| {
        let operation = OPERATIONS.iter().find(|(found, _)| *found == name).unwrap().1;
        // Each number has already been replaced when the last one looks at the first.
        let n = numbers.len() - 1;
        let found = &compute(operation)[0].0[..n];
        let expected: Vec<u64> =
            (0..n).map(|i| canonical(expected(numbers[i], numbers[i + 1]))).collect();
        assert_eq!(found, expected, "{name}");
    };
    check("add", &|x, y| x + y);
    check("multiply", &|x, y| x * y);
    check("divide", &|x, y| x / y);
    check("square root", &|x, _| x.sqrt());
    check("nearest", &|x, _| x.round_ties_even());
    check("to f32 and back", &|x, _| f64::from(x as f32));
}
