//! Guests that trap.

use refrain_testkit::guest::Guest;

use crate::case::{Case, fit_start};
use crate::contain::contained;

#[test]
fn trap() {
    contained(
        here!(trap),
        "trap",
        [
            ("unreachable", "unreachable", "unreachable"),
            (
                "division by zero",
                "(drop (i32.div_s (i32.const 1) (local.get $i)))",
                "divide by zero",
            ),
            (
                "remainder of zero",
                "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
                "divide by zero",
            ),
            (
                "division that overflows",
                "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
                "integer overflow",
            ),
            (
                "NaN made an integer",
                "(drop (i32.trunc_f64_s (f64.const nan)))",
                "invalid conversion",
            ),
            (
                "infinity made an integer",
                "(drop (i64.trunc_f64_u (f64.const inf)))",
                "integer overflow",
            ),
        ]
        .map(|(name, body, words)| Case::finish(name, body).traps(words)),
    );
}

#[test]
fn out_of_bounds() {
    contained(
        here!(out_of_bounds),
        "out of bounds",
        [
            ("load", "(drop (i32.load (i32.const -4)))"),
            ("load across the end", "(drop (i64.load (i32.const 131065)))"),
            ("load beyond 4 GiB", "(drop (i32.load offset=0xffffffff (i32.const -1)))"),
            ("store", "(i64.store (i32.const 131072) (i64.const 1))"),
            ("vector", "(drop (v128.load (i32.const 131060)))"),
            ("copy from", "(memory.copy (i32.const 0) (i32.const 131071) (i32.const 2))"),
            ("copy to", "(memory.copy (i32.const 131071) (i32.const 0) (i32.const 2))"),
            ("copy that wraps around", "(memory.copy (i32.const -1) (i32.const -1) (i32.const 2))"),
            ("fill", "(memory.fill (i32.const 131071) (i32.const 1) (i32.const 2))"),
            ("segment", "(memory.init $d (i32.const 4096) (i32.const 0) (i32.const 9))"),
            (
                "dropped segment",
                "(data.drop $d) (memory.init $d (i32.const 4096) (i32.const 0) (i32.const 1))",
            ),
        ]
        .map(|(name, body)| {
            let guest = Guest::new().items("(data $d \"12345678\")").finish(body);
            Case::guest(name, guest).traps("out of bounds memory")
        }),
    );
}

#[test]
fn segment() {
    contained(
        here!(segment),
        "segment out of bounds",
        [
            ("data", "(data (i32.const 131070) \"1234\")", "out of bounds memory"),
            ("data at the far end", "(data (i32.const -1) \"1\")", "out of bounds memory"),
            (
                "elements",
                "(func $f) (table $t 1 funcref) (elem (table $t) (i32.const 1) func $f)",
                "out of bounds table",
            ),
        ]
        .map(|(name, items, words)| Case::guest(name, Guest::new().items(items)).traps(words)),
    );
}

#[test]
fn table_access() {
    contained(
        here!(table_access),
        "table",
        [
            ("call of null", "(call_indirect $t (type $v) (i32.const 1))", "uninitialized element"),
            ("call out of bounds", "(call_indirect $t (type $v) (i32.const 9))", "out of bounds"),
            (
                "call of another type",
                "(call_indirect $t (type $w) (i32.const 0) (i32.const 0))",
                "indirect call type mismatch",
            ),
            ("get", "(drop (table.get $t (i32.const -1)))", "out of bounds"),
            ("set", "(table.set $t (i32.const 2) (ref.null func))", "out of bounds"),
            (
                "fill",
                "(table.fill $t (i32.const 1) (ref.null func) (i32.const 2))",
                "out of bounds",
            ),
            (
                "copy",
                "(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 2))",
                "out of bounds",
            ),
            (
                "segment",
                "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))",
                "out of bounds",
            ),
        ]
        .map(|(name, body, words)| {
            let items = "(type $v (func)) (type $w (func (param i32))) (func $f (type $v))
        (table $t 2 funcref) (elem $first (table $t) (i32.const 0) func $f) (elem $e func $f)";
            Case::guest(name, Guest::new().items(items).finish(body)).traps(words)
        }),
    );
}

#[test]
fn allocator() {
    contained(here!(allocator), "lying allocator", [
        ("answers the end of memory", "(i32.const -1)", "realloc return"),
        ("answers just past the end", "(i32.const 131072)", "realloc return"),
        ("answers an odd address", "(i32.const 4097)", "not aligned"),
    ]
    .map(|(name, body, words)| {
        Case::guest(name, Guest::new().realloc(body)).calling(fit_start).breaks(words)
    })
    .into_iter()
    .chain([
        Case::guest("traps", Guest::new().realloc("unreachable"))
            .calling(fit_start)
            .traps("unreachable"),
        Case::guest(
            "takes memory without end",
            Guest::new().realloc(
                "(loop $again (drop (memory.grow $memory (i32.const 1))) (br $again)) unreachable",
            )
        )
        .calling(fit_start)
        .reaches("memory limit reached"),
        // What it is handed lies over itself then, and that is its own affair.
        Case::guest("answers the same address always", Guest::new().realloc("(i32.const 4096)"))
            .calling(fit_start),
        Case::guest("answers where its own answer lies", Guest::new().realloc("(i32.const 1024)"))
            .calling(fit_start),
    ])
    );
}
