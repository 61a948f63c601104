//! Guests that answer with too much: lists without end, texts that nobody would read, descriptions
//! of what cannot be.

use refrain_domain::{Batch, Failure, Field, Kind, Role, Schema};
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;

use crate::case::{Case, Outcome, describe, done, schema};
use crate::contain::contained;

/// Takes all the memory there may be, and writes to it.
const FILL: &str = "(drop (memory.grow $memory (i32.const 1022)))
    (memory.fill (i32.const 8192) (i32.const 0x78) (i32.const 67100000))";

/// Where items begin: behind all that a guest has at first.
const ITEMS: u32 = 131_072;

/// 57,344 zeros, which are text.
const ZEROS: u32 = 8_192;

/// Answers with a list, whose pointer lies at an address, of `n` items of some bytes each, each
/// written by `store` at `$at`.
fn list(pointer_at: u32, n: u32, item_bytes: u32, store: &str) -> String {
    let (bytes, length_at) = (n * item_bytes, pointer_at + 4);
    format!(
        "(local $at i32)
        (drop (memory.grow $memory (i32.const {})))
        (local.set $at (i32.const {ITEMS}))
        (loop $again {store}
            (br_if $again (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const {item_bytes})))
                (i32.const {}))))
        (i32.store (i32.const {pointer_at}) (i32.const {ITEMS}))
        (i32.store (i32.const {length_at}) (i32.const {n}))
        (i32.const 1024)",
        bytes.div_ceil(65_536),
        ITEMS + bytes
    )
}

/// Writes the pointer and the length of a text of zeros into the item at `$at`.
fn text(offset: u32, bytes: u32) -> String {
    format!("{} {}", number(offset, ZEROS), number(offset + 4, bytes))
}

fn number(offset: u32, value: u32) -> String {
    format!("(i32.store offset={offset} (local.get $at) (i32.const {value}))")
}

fn of(name: &str, role: Role, function: &'static str, body: String) -> Case {
    Case::guest(name, Guest::of(role).body(function, body))
}

fn facts(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    Ok(format!("{} facts", plugin.trigger(context)?.describe("{}")?.len()))
}

fn decide(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    Ok(format!("{} rules", plugin.trigger(context)?.decide("{}", &[])?.evidence.len()))
}

fn metrics(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    Ok(format!("{} metrics", plugin.evaluator(context)?.finish()?.len()))
}

fn scores(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    Ok(format!("{} scores", plugin.drift(context)?.finish()?.len()))
}

fn pass_end(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let end = plugin.trainer(context)?.pass_finish()?;
    Ok(format!("{} bytes, {} measures", end.state.len(), end.measures.len()))
}

fn apply(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    done(plugin.transform(context)?.apply(&Batch::default(), &schema()))
}

fn describe_wide(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let input = Schema { fields: vec![Field::new("x".repeat(1_000), Kind::Int64, false)] };
    done(plugin.transform(context)?.describe("{}", &input))
}

fn bytes(name: &str, at: &str, len: &str) -> Case {
    Case::finish(name, &format!("(local.set $bytes {at}) (local.set $len {len})"))
}

#[test]
fn list_of_bytes() {
    contained(
        here!(list_of_bytes),
        "list of bytes",
        [
            bytes("without end", "(i32.const 0)", "(i32.const -1)").breaks("out of bounds"),
            bytes("across the end of memory", "(i32.const 131071)", "(i32.const 2)")
                .breaks("out of bounds"),
            bytes("that wraps around", "(i32.const -1)", "(i32.const -1)").breaks("out of bounds"),
            bytes("a page past the end", "(i32.const 196608)", "(i32.const 1)")
                .breaks("out of bounds"),
        ],
    );
}

#[test]
fn answer() {
    contained(
        here!(answer),
        "answer that lies nowhere",
        [
            ("past all memory", "(i32.const -8)", "out of bounds"),
            ("across the end of memory", "(i32.const 131068)", "out of bounds"),
            ("at an odd address", "(i32.const 1025)", "not aligned"),
            (
                "neither well nor ill",
                "(i32.store8 (i32.const 1024) (i32.const 7)) (i32.const 1024)",
                "discriminant",
            ),
        ]
        .map(|(name, body, words)| {
            Case::guest(name, Guest::new().body("fit-finish", body)).breaks(words)
        }),
    );
}

#[test]
fn huge_list() {
    contained(
        here!(huge_list),
        "huge list",
        [
            of(
                "two thousand texts, all the same memory",
                Role::Trigger,
                "describe",
                list(1028, 2_000, 8, &text(0, 57_000)),
            )
            .calling(facts)
            .reaches("transfer limit reached"),
            of("texts of a byte", Role::Trigger, "describe", list(1028, 2_600_000, 8, &text(0, 1)))
                .calling(facts)
                .reaches("transfer limit reached"),
            of(
                "as many texts of a byte as may be",
                Role::Trigger,
                "describe",
                list(1028, 890_000, 8, &text(0, 1)),
            )
            .calling(facts)
            .ends(Outcome::Answered, "890000 facts"),
            of("rules", Role::Trigger, "decide", list(1040, 350_000, 20, &text(0, 1)))
                .calling(decide)
                .ends(Outcome::Answered, "350000 rules"),
            of("metrics", Role::Evaluator, "finish", list(1028, 220_000, 48, &text(0, 1)))
                .calling(metrics)
                .ends(Outcome::Answered, "220000 metrics"),
            of(
                "slices of metrics",
                Role::Evaluator,
                "finish",
                list(1028, 2_000, 48, &format!("{}{}", number(8, ZEROS), number(12, 500))),
            )
            .calling(metrics)
            .reaches("transfer limit reached"),
            of("scores", Role::Drift, "finish", list(1028, 190_000, 80, &text(0, 1)))
                .calling(scores)
                .ends(Outcome::Answered, "190000 scores"),
            of("measures", Role::Trainer, "pass-finish", list(1040, 650_000, 16, &text(0, 1)))
                .calling(pass_end)
                .ends(Outcome::Answered, "0 bytes, 650000 measures"),
            of(
                "measures with long names",
                Role::Trainer,
                "pass-finish",
                list(1040, 420, 16, &text(0, 50_000)),
            )
            .calling(pass_end)
            .ends(Outcome::Answered, "0 bytes, 420 measures"),
            of("columns", Role::Transform, "apply", list(1032, 260_000, 28, ""))
                .calling(apply)
                .breaks("the answer speaks of 260000 columns"),
            of(
                "texts of a byte, of a guest that has all memory",
                Role::Trigger,
                "describe",
                list(1028, 890_000, 8, &text(0, 1)).replacen(
                    "(drop (memory.grow $memory (i32.const 109)))",
                    FILL,
                    1,
                ),
            )
            .calling(facts)
            .ends(Outcome::Answered, "890000 facts"),
            of(
                "outputs that are one input",
                Role::Transform,
                "describe",
                list(1036, 90_000, 20, ""),
            )
            .calling(describe_wide)
            .breaks("column 0 twice"),
            of(
                "outputs that are computed",
                Role::Transform,
                "describe",
                list(1036, 500_000, 20, &format!("{}{}", number(0, 1), text(4, 1))),
            )
            .calling(describe_wide)
            .breaks("the answer speaks of 500000 columns"),
            of("reads", Role::Transform, "describe", list(1028, 5_000_000, 4, ""))
                .calling(describe_wide)
                .breaks("the answer speaks of 5000000 columns"),
        ],
    );
}

/// As much memory as there may be, and the answer takes this many MiB of it.
fn flood(mib: u32) -> String {
    format!(
        "{FILL}
        (local.set $bytes (i32.const 8192)) (local.set $len (i32.const {}))",
        mib << 20
    )
}

fn save_twice(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    let mut instance = plugin.transform(context)?;
    let state = instance.fit_finish()?;
    let mut other = plugin.transform(context)?;
    other.fit_merge(&state)?;
    Ok(format!("{} bytes", state.len()))
}

#[test]
fn state() {
    let says_no = "(if (i32.gt_u (local.get $size) (i32.const 100000)) (then unreachable))
        (i32.const 4096)";
    contained(
        here!(state),
        "flood of state",
        [
            Case::finish("a third of all memory", &flood(20))
                .ends(Outcome::Answered, "20971520 bytes"),
            Case::finish("all memory", &flood(63)).reaches("transfer limit reached"),
            Case::finish("handed on to be merged", &flood(20))
                .calling(save_twice)
                .ends(Outcome::Answered, "20971520 bytes"),
            Case::guest(
                "handed on to an allocator that says no",
                Guest::new().finish(&flood(20)).realloc(says_no),
            )
            .calling(save_twice)
            .traps("unreachable"),
        ],
    );
}

/// Answers with an error of this case, whose text is so many bytes `x`.
fn error(case: u32, bytes: u32) -> String {
    let text_at = if case == 3 { 1036 } else { 1032 };
    format!(
        "{FILL}
        (i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store8 (i32.const 1028) (i32.const {case}))
        (i32.store (i32.const {text_at}) (i32.const 8192))
        (i32.store (i32.const {}) (i32.const {bytes}))
        (i32.const 1024)",
        text_at + 4
    )
}

fn trap_in_a_long_name() -> Guest {
    let name = "f".repeat(90_000);
    Guest::new().items(&format!("(func ${name} unreachable)")).finish(&format!("(call ${name})"))
}

#[test]
fn error_text() {
    contained(
        here!(error_text),
        "flood of words",
        [
            Case::guest("an error", Guest::new().body("fit-finish", error(2, 20 << 20)))
                .ends(Outcome::Error, "failed: xxx"),
            Case::guest(
                "an error with a code",
                Guest::new().body("fit-finish", error(3, 20 << 20)),
            )
            .ends(Outcome::Error, "other(0): xxx"),
            Case::guest(
                "an error of all memory",
                Guest::new().body("fit-finish", error(1, 63 << 20)),
            )
            .reaches("transfer limit reached"),
            Case::guest("an error in describe", Guest::new().body("describe", error(0, 1 << 20)))
                .calling(describe)
                .ends(Outcome::Error, "invalid-params: xxx"),
            of(
                "a column's name",
                Role::Transform,
                "describe",
                list(1036, 2, 20, &format!("{}{}", number(0, 1), text(4, 57_000))),
            )
            .calling(describe)
            .breaks("describe promises a bad schema: two columns are named"),
            of(
                "a score's name",
                Role::Drift,
                "finish",
                list(
                    1028,
                    1,
                    80,
                    &format!(
                        "{}(f64.store offset=48 (local.get $at) (f64.const nan))",
                        text(0, 57_000)
                    ),
                ),
            )
            .calling(scores)
            .breaks("the threshold of"),
            Case::guest("a function's name", trap_in_a_long_name()).traps("unreachable"),
        ],
    );
}

/// What `describe` answers: reads at 1028, outputs at 1036.
fn described(name: &str, body: String, words: &'static str) -> Case {
    of(name, Role::Transform, "describe", body).calling(describe).breaks(words)
}

fn computed(more: &str) -> String {
    list(1036, 1, 20, &format!("{}{}{more}", number(0, 1), text(4, 1)))
}

#[test]
fn description() {
    contained(
        here!(description),
        "description",
        [
            described(
                "reads a column that is not",
                list(1028, 1, 4, &number(0, 1)),
                "describe names read column 1 of an input of 1",
            ),
            described(
                "reads the last column there could be",
                list(1028, 1, 4, &number(0, u32::MAX)),
                "describe names read column 4294967295 of an input of 1",
            ),
            described(
                "reads a column twice",
                list(1028, 2, 4, ""),
                "describe reads column 0 twice",
            ),
            described(
                "keeps a column that is not",
                list(1036, 1, 20, &number(4, 9)),
                "describe names kept column 9 of an input of 1",
            ),
            described(
                "keeps and computes what is no way",
                list(1036, 1, 20, &number(0, 2)),
                "discriminant",
            ),
            described(
                "computes a column without a name",
                list(1036, 1, 20, &number(0, 1)),
                "has no name",
            ),
            described(
                "computes a column of a kind that is none",
                computed(&number(12, 7)),
                "discriminant",
            ),
            described(
                "computes a vector of no width",
                computed(&number(12, 6)),
                "cannot have width 0",
            ),
            described(
                "computes integers of a width",
                computed(&format!("{}{}", number(12, 1), number(16, 4))),
                "cannot have width 4",
            ),
            described(
                "names a column out of bounds",
                list(
                    1036,
                    1,
                    20,
                    &format!("{}{}{}", number(0, 1), number(4, 0xffff_0000), number(8, 1)),
                ),
                "out of bounds",
            ),
        ],
    );
}
