//! Guests that want more than they may have.

use refrain_domain::Failure;
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;

use crate::case::Case;
use crate::contain::contained;

fn guest(items: &str, body: &str) -> Guest {
    Guest::new().items(items).finish(body)
}

#[test]
fn memory_growth() {
    contained(
        here!(memory_growth),
        "memory growth",
        [
            ("one page too many", "", "(drop (memory.grow $memory (i32.const 1023)))"),
            (
                "page by page",
                "",
                "(loop $again (drop (memory.grow $memory (i32.const 1))) (br $again))",
            ),
            ("4 GiB at once", "", "(drop (memory.grow $memory (i32.const 65534)))"),
            ("4 GiB to begin with", "(memory 65536)", ""),
            (
                "of several memories",
                "(memory $a 400) (memory $b 400)",
                "(drop (memory.grow $b (i32.const 400)))",
            ),
            ("in fifty memories", &"(memory 30)".repeat(49), ""),
            ("fifty-one memories, all empty", &"(memory 0)".repeat(50), ""),
            (
                "far from where its data lies",
                "(memory $far 65536) (data (memory $far) (i32.const -9) \"1\")",
                "",
            ),
        ]
        .map(|(name, items, body)| {
            Case::guest(name, guest(items, body)).reaches("memory limit reached")
        }),
    );
}

#[test]
fn table_growth() {
    let table = "(table $t 1 funcref)";
    let grow = |n: i32| format!("(drop (table.grow $t (ref.null func) (i32.const {n})))");
    let one_by_one = format!("(loop $again {} (br $again))", grow(1));
    let far = "(func $f) (table $t 10000000 funcref)
        (elem (table $t) (i32.const 9999998) func $f)";
    contained(
        here!(table_growth),
        "table growth",
        [
            ("one element too many", table, grow(10_000).as_str()),
            ("element by element", table, &one_by_one),
            ("a thousand times as many at once", table, &grow(10_000_000)),
            ("ten million to begin with", "(table 10000000 funcref)", ""),
            ("of several tables", "(table 6000 funcref) (table 6000 funcref)", ""),
            ("ninety-one tables, all empty", &"(table 0 funcref)".repeat(91), ""),
            ("far from where its elements lie", far, ""),
        ]
        .map(|(name, items, body)| {
            Case::guest(name, guest(items, body)).reaches("table limit reached")
        }),
    );
}

/// Writes to every page of memory there may be.
const TOUCH: &str = "(drop (memory.grow $memory (i32.const 1022)))
    (loop $again (i32.store (local.get $i) (i32.const -1))
        (br_if $again (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 4096)))
            (i32.const 67108864))))";

/// All but the first page at once.
const FILL: &str = "(drop (memory.grow $memory (i32.const 1022)))
    (memory.fill (i32.const 4096) (i32.const 0xa5) (i32.const 67104768))";

#[test]
fn all_memory() {
    contained(
        here!(all_memory),
        "all the memory there may be",
        [
            Case::finish("touched page by page", TOUCH),
            Case::finish("filled", FILL),
            Case::finish("filled by four instances in turn", FILL).calling(one_after_the_other),
            Case::guest(
                "and no more by the guest's own word",
                guest("(memory $own 1 2)", OWN_MAXIMUM),
            ),
        ],
    );
}

/// Growing past a maximum that a guest states itself fails, as the language says.
const OWN_MAXIMUM: &str = "(if (i32.ne (memory.grow $own (i32.const 9)) (i32.const -1))
    (then unreachable))";

fn one_after_the_other(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    for _ in 0..4 {
        plugin.transform(context)?.fit_finish()?;
    }
    Ok("four times".to_owned())
}
