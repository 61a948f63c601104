//! Guests whose answer depends on what is left over: of the call before, in a fresh instance, of a
//! guest that went before.

use refrain_domain::Failure;
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;

use crate::case::{Case, Outcome};
use crate::contain::contained;

/// Two calls of an instance, in three instances in turn: always the same two answers.
fn twice(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let mut answers = Vec::new();
    for _ in 0..3 {
        let mut instance = plugin.transform(context)?;
        answers.push(format!("{:?} {:?}", instance.fit_finish(), instance.fit_finish()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    Ok(answers.swap_remove(0))
}

/// Answers with a byte.
fn byte(value: &str) -> String {
    format!(
        "(i32.store8 (i32.const 2048) {value})
        (local.set $bytes (i32.const 2048)) (local.set $len (i32.const 1))"
    )
}

/// Whether any of the memory beyond the first two pages is not zero; fills it then.
const SPY: &str = "(if (i32.le_u (memory.size $memory) (i32.const 2))
        (then (drop (memory.grow $memory (i32.const 1000)))))
    (local.set $i (i32.const 131072))
    (block $found
        (loop $again
            (br_if $found (i64.ne (i64.load (local.get $i)) (i64.const 0)))
            (br_if $again (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 64)))
                (i32.const 65000000)))))
    (memory.fill (i32.const 131072) (i32.const 0xa5) (i32.const 65000000))";

#[test]
fn left_over() {
    contained(here!(left_over), "what is left over", [
        (
            "in memory",
            "",
            byte("(i32.add (i32.load8_u (i32.const 2048)) (i32.const 1))"),
            "Ok([1]) Ok([2])",
        ),
        (
            "in a global",
            "(global $g (mut i32) (i32.const 0))",
            format!(
                "(global.set $g (i32.add (global.get $g) (i32.const 1))) {}",
                byte("(global.get $g)")
            ),
            "Ok([1]) Ok([2])",
        ),
        (
            "in a table",
            "(table $t 0 funcref)",
            byte("(i32.add (table.grow $t (ref.null func) (i32.const 1)) (i32.const 1))"),
            "Ok([1]) Ok([2])",
        ),
        ("in memory's size", "", byte("(memory.grow $memory (i32.const 1))"), "Ok([2]) Ok([3])"),
        (
            "of a segment that was dropped",
            "(data $d \"\\07\")",
            format!(
                "(memory.init $d (i32.const 4096) (i32.const 0) (i32.const 1)) (data.drop $d) {}",
                byte("(i32.load8_u (i32.const 4096))")
            ),
            "Ok([7]) Err(Trap",
        ),
        (
            "of a call that failed",
            "",
            format!(
                "{} (if (i32.eq (i32.load8_u (i32.const 2048)) (i32.const 2)) (then unreachable))",
                byte("(i32.add (i32.load8_u (i32.const 2048)) (i32.const 1))")
            ),
            "Ok([1]) Err(Trap",
        ),
        (
            "in all the memory of the one before",
            "",
            format!("{SPY} {}", byte("(i32.lt_u (local.get $i) (i32.const 65000000))")),
            "Ok([0]) Ok([1])",
        ),
    ]
    .map(|(name, items, body, words)| {
        let guest = Guest::new().items(items).finish(&body);
        Case::guest(name, guest).calling(twice).ends(Outcome::Answered, words)
    }));
}
