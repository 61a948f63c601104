//! Components of things within things within things.

use refrain_testkit::guest::Guest;

use crate::case::{Case, Outcome};
use crate::contain::contained;
use crate::raw::{COMPONENT, HEADER, TYPE, component, leb, section};

/// An interface's type (or a component's) that declares one, that declares one, and so on.
fn types_within_types(levels: usize, kind: u8) -> Vec<u8> {
    let mut content = vec![1];
    // One declaration, of a type.
    content.extend([kind, 1, 1].repeat(levels));
    content.extend([kind, 0]);
    component(&section(TYPE, &content))
}

/// A component in a component in a component, and so on.
fn components_within_components(levels: usize) -> Vec<u8> {
    // From the inside out, to know all lengths; then from the outside in, to write them.
    let mut lengths = vec![HEADER.len()];
    for level in 0..levels {
        let within = lengths[level];
        lengths.push(HEADER.len() + 1 + leb(within).len() + within);
    }
    let mut bytes = Vec::with_capacity(lengths[levels]);
    for within in lengths[..levels].iter().rev() {
        bytes.extend(HEADER);
        bytes.push(COMPONENT);
        bytes.extend(leb(*within));
    }
    bytes.extend(HEADER);
    bytes
}

/// Types, each of which is made of the one before; then perhaps more.
fn types(first: &str, levels: usize, next: impl Fn(usize) -> String, more: &str) -> Vec<u8> {
    let mut text = format!("(type $t0 {first})");
    for level in 1..=levels {
        text.push_str(&format!("(type $t{level} {})", next(level - 1)));
    }
    wat::parse_str(format!("(component {text} {more})")).unwrap_or_else(|e| panic!("{e}"))
}

/// A world whose `describe` takes this type.
fn describe_of(ty: &str) -> String {
    describe_as(ty, "i32")
}

/// The same, of a type that goes in as these.
fn describe_as(ty: &str, core: &str) -> String {
    format!(
        r#"(core module $m
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "describe") (param {core})))
        (core instance $c (instantiate $m))
        (func $f (param "x" {ty}) (canon lift (core func $c "describe")
            (memory $c "memory") (realloc (func $c "realloc"))))
        (instance $i (export "describe" (func $f)))
        (export "refrain:transform/plugin@0.1.0" (instance $i))"#
    )
}

fn doubled(below: usize) -> String {
    format!("(tuple $t{below} $t{below})")
}

fn listed(below: usize) -> String {
    format!("(list $t{below})")
}

#[test]
fn nested_types() {
    contained(
        here!(nested_types),
        "nested types",
        [
            Case::refused_when_made("interfaces, 1,000 levels", "levels of types", || {
                types_within_types(1_000, 0x42)
            }),
            Case::refused_when_made("interfaces, 150,000 levels", "levels of types", || {
                types_within_types(150_000, 0x42)
            }),
            Case::refused_when_made("components, 150,000 levels", "levels of types", || {
                types_within_types(150_000, 0x41)
            }),
            Case::refused(
                "lists, 500 levels",
                "type nesting is too deep",
                types("u8", 500, listed, ""),
            ),
            Case::refused(
                "options, 500 levels",
                "type nesting is too deep",
                types("u8", 500, |below| format!("(option $t{below})"), ""),
            ),
        ],
    );
}

#[test]
fn nested_components() {
    contained(
        here!(nested_components),
        "nested components",
        [100, 10_000, 1_000_000].map(|levels| {
            Case::refused_when_made(format!("{levels} levels"), "levels of components", move || {
                components_within_components(levels)
            })
        }),
    );
}

#[test]
fn giant_types() {
    contained(
        here!(giant_types),
        "giant types",
        [
            Case::refused(
                "doubled thirty times",
                "effective type size exceeds the limit",
                types("u32", 30, doubled, ""),
            ),
            Case::refused(
                "doubled nineteen times, in the world",
                "has another type than the contract",
                {
                    // What a type doubles into is written out at most in part.
                    types("u32", 18, doubled, &describe_of("$t18"))
                },
            ),
            Case::refused(
                "a record of 9,000 fields, in the world",
                "has another type than the contract",
                {
                    let fields: String =
                        (0..9_000).map(|i| format!("(field \"f{i}\" u32)")).collect();
                    types(
                        "u8",
                        0,
                        listed,
                        &format!(
                            "(type $r' (record {fields})) (export $r \"r\" (type $r')) {}",
                            describe_of("$r")
                        ),
                    )
                },
            ),
            Case::refused(
                "a list of lists, in the world",
                "has another type than the contract",
                types("u8", 90, listed, &describe_as("$t90", "i32 i32")),
            ),
            Case::refused("an enum of 20,000 cases", "this is no valid component", {
                let cases: String = (0..20_000).map(|i| format!("\"c{i}\" ")).collect();
                types(&format!("(enum {cases})"), 0, listed, "")
            }),
        ],
    );
}

/// Opens and closes as often.
fn within(open: &str, close: &str, levels: usize) -> String {
    format!("{} {}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn nested_code() {
    contained(
        here!(nested_code),
        "nested code",
        [
            Case::finish("blocks, 50,000 levels", &within("block ", "end ", 50_000)).compiling(300),
            Case::finish("ifs, 2,000 levels", &within("i32.const 1 if ", "end ", 2_000)),
            Case::finish("ifs, 20,000 levels", &within("i32.const 1 if ", "end ", 20_000))
                .ends(Outcome::Refused, "points of complexity in one function"),
            Case::finish("loops, 1,000 levels", &within("loop ", "end ", 1_000)).compiling(300),
            Case::finish("loops, 5,000 levels", &within("loop ", "end ", 5_000))
                .ends(Outcome::Refused, "points of complexity in one function"),
            Case::finish(
                "operands, 100,000 levels",
                &format!("i32.const 1 {} drop", within("i32.const 1 ", "i32.add ", 100_000)),
            )
            .compiling(300),
        ],
    );
}

#[test]
fn constants() {
    let sums = |n| format!("i32.const 1 {}", "i32.const 0 i32.add ".repeat(n));
    let deep = format!("i32.const 1 {}", within("i32.const 1 ", "i32.add ", 100_000));
    let large = |name: &str, items: &str| {
        Case::guest(name, Guest::new().items(items))
            .ends(Outcome::Refused, "bytes of computed constants")
    };
    contained(
        here!(constants),
        "constants that take long",
        [
            Case::guest(
                "a global of 10,000 sums",
                Guest::new().items(&format!("(global i32 {})", sums(10_000))),
            ),
            large("a global of 500,000 sums", &format!("(global i32 {})", sums(500_000))),
            large("a global of 100,000 levels", &format!("(global i32 {deep})")),
            large(
                "a thousand globals of 50 sums",
                &format!("(global i32 {})", sums(50)).repeat(1_000),
            ),
            large("where data goes", &format!("(data (offset {}) \"x\")", sums(50_000))),
            large(
                "where elements go",
                &format!("(table 1 funcref) (elem (offset {}) funcref)", sums(50_000)),
            ),
        ],
    );
}
