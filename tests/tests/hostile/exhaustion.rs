//! Guests that do not end by themselves: loops, recursion, functions that run unasked.

use refrain_testkit::guest::Guest;

use crate::case::{Case, describe, fit_start};
use crate::contain::contained;

const SPIN: &str = "(loop $again (br $again)) unreachable";

/// A recursion without end, by several ways.
const DEEP: &str = "(func $deep (call $deep))";
const TWO: &str = "(func $one (call $two)) (func $two (call $one))";
const INDIRECT: &str = "(type $v (func)) (table $t 1 funcref) (elem (i32.const 0) $deep)
    (func $deep (call_indirect $t (type $v) (i32.const 0)))";
const DEEPER: &str = "(func $deep (param i64) (result i64)
    (i64.add (local.get 0) (call $deep (i64.add (local.get 0) (i64.const 1)))))";

fn guest() -> Guest {
    Guest::new()
}

fn loops() -> Vec<Case> {
    let fill = "(loop $again (memory.fill (i32.const 4096) (i32.const 1) (i32.const 64))
        (br $again)) unreachable";
    let table = "(loop $again (br_table $again $again $again (local.get $i))) unreachable";
    let long = "(loop $again (br_if $again (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0xffffffff))))";
    vec![
        Case::finish("to itself", SPIN),
        Case::finish("within loops", &format!("(loop (loop (loop {SPIN})))")),
        Case::finish("through a table of branches", table),
        Case::finish("four thousand million times", long),
        Case::finish("that fills memory", fill),
        Case::guest("of calls", guest().items("(func $f)").finish("(loop (call $f) (br 0))")),
        Case::guest("in describe", guest().body("describe", SPIN)).calling(describe),
        Case::guest("in an allocator", guest().realloc(SPIN)).calling(fit_start),
    ]
}

#[test]
fn endless_loop() {
    contained(
        here!(endless_loop),
        "endless loop",
        loops().into_iter().map(|case| case.reaches("fuel limit reached")),
    );
}

#[test]
fn past_the_deadline() {
    contained(
        here!(past_the_deadline),
        "past the deadline",
        [
            Case::finish("a loop", SPIN).past_the_deadline(),
            Case::guest("a start function", guest().items(&format!("(func $s {SPIN}) (start $s)")))
                .past_the_deadline(),
            Case::guest("describe", guest().body("describe", SPIN))
                .calling(describe)
                .past_the_deadline(),
            Case::guest("an allocator", guest().realloc(SPIN))
                .calling(fit_start)
                .past_the_deadline(),
            Case::finish(
                "memory written over and over, all of it",
                "(drop (memory.grow $memory (i32.const 1000)))
        (loop $again (memory.fill (i32.const 4096) (local.get $i) (i32.const 65000000))
            (br $again)) unreachable",
            )
            .past_the_deadline(),
            Case::finish(
                "memory moved over and over, all of it",
                "(drop (memory.grow $memory (i32.const 1000)))
        (loop $again (memory.copy (i32.const 4096) (i32.const 4097) (i32.const 65000000))
            (br $again)) unreachable",
            )
            .past_the_deadline(),
            Case::guest(
                "a table filled over and over",
                guest().items("(table $t 10000 funcref)").finish(
                    "(loop $again (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000))
                (br $again)) unreachable",
                ),
            )
            .past_the_deadline(),
        ],
    );
}

fn start(body: &str) -> Guest {
    guest().items(&format!("(func $start {body}) (start $start)"))
}

#[test]
fn start_function() {
    contained(
        here!(start_function),
        "start function",
        [
            Case::guest("spins", start(SPIN)).reaches("fuel limit reached"),
            Case::guest("traps", start("unreachable")).traps("unreachable"),
            Case::guest("recurs without end", start("(call $start)"))
                .reaches("stack limit reached"),
            Case::guest("takes memory", start("(drop (memory.grow $memory (i32.const 2000)))"))
                .reaches("memory limit reached"),
            Case::guest("writes out of bounds", start("(i32.store (i32.const -4) (i32.const 1))"))
                .traps("out of bounds"),
        ],
    );
}

#[test]
fn deep_recursion() {
    contained(
        here!(deep_recursion),
        "deep recursion",
        [
            ("a function of itself", DEEP, "(call $deep)"),
            ("two of each other", TWO, "(call $one)"),
            ("through a table", INDIRECT, "(call $deep)"),
            ("with something to do afterwards", DEEPER, "(drop (call $deep (i64.const 0)))"),
        ]
        .map(|(name, items, body)| Case::guest(name, guest().items(items).finish(body)))
        .into_iter()
        .chain([
            Case::guest(
                "with a thousand parameters",
                guest()
                    .items(&wide())
                    .finish(&format!("(call $deep {})", "(i64.const 1) ".repeat(1_000))),
            ),
            Case::guest("in an allocator", guest().items(DEEP).realloc("(call $deep) unreachable"))
                .calling(fit_start),
            Case::guest(
                "in describe",
                guest().items(DEEP).body("describe", "(call $deep) unreachable"),
            )
            .calling(describe),
        ])
        .map(|case| case.reaches("stack limit reached")),
    );
}

/// Frames of 8 KB.
fn wide() -> String {
    let params = "i64 ".repeat(1_000);
    let passed: String = (0..1_000).map(|i| format!("(local.get {i})")).collect();
    format!("(func $deep (param {params}) (call $deep {passed}))")
}

fn post_return(body: &str) -> Guest {
    guest().items(&format!(
        "{DEEP} (func (export \"cabi_post_refrain:transform/plugin@0.1.0#fit-finish\") (param i32)
            {body})"
    ))
}

#[test]
fn post_return_function() {
    contained(
        here!(post_return_function),
        "post-return",
        [
            Case::guest("traps", post_return("unreachable")).traps("unreachable"),
            Case::guest("spins", post_return(SPIN)).reaches("fuel limit reached"),
            Case::guest("spins past the deadline", post_return(SPIN)).past_the_deadline(),
            Case::guest("recurs without end", post_return("(call $deep)"))
                .reaches("stack limit reached"),
            Case::guest(
                "takes memory",
                post_return("(drop (memory.grow $memory (i32.const 2000)))"),
            )
            .reaches("memory limit reached"),
        ],
    );
}
