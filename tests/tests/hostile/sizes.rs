//! Components that are large, in one way or another.

use std::time::Duration;

use refrain_testkit::guest::Guest;

use crate::case::{Case, Outcome};
use crate::contain::contained;
use crate::raw::{COMPONENT, HEADER, TYPE, component, custom, leb, section};

/// A good component, and sections behind it.
fn followed_by(sections: &[u8]) -> Vec<u8> {
    [Guest::new().build().as_slice(), sections].concat()
}

fn guest_of(items: impl Fn() -> String) -> Vec<u8> {
    Guest::new().items(&items()).build()
}

/// Comes in, and answers.
fn large(name: &str, bytes: impl Fn() -> Vec<u8> + 'static) -> Case {
    Case::refused_when_made(name, "", bytes)
        .ends(Outcome::Answered, "0 bytes")
        .calling(crate::case::fit_finish)
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);

fn refused(name: &str, words: &'static str, bytes: impl Fn() -> Vec<u8> + 'static) -> Case {
    Case::refused_when_made(name, words, bytes)
}

#[test]
fn many_bytes() {
    contained(
        here!(many_bytes),
        "many bytes",
        [
            large("50 MB that nobody reads", || {
                followed_by(&custom("padding", &vec![0xa5; 50_000_000]))
            }),
            large("50 MB of data", || {
                guest_of(|| format!("(data \"{}\")", "x".repeat(50_000_000)))
            })
            .compiling(400),
            refused("70 MB", "bytes, the limit is 67108864", || {
                followed_by(&custom("padding", &vec![0; 70_000_000]))
            }),
        ],
    );
}

#[test]
fn custom_sections() {
    contained(
        here!(custom_sections),
        "custom sections",
        [
            large("a million", || followed_by(&custom("x", b"").repeat(1_000_000))),
            large("ten thousand names of 2 KB", || {
                followed_by(&custom(&"n".repeat(2_000), b"").repeat(10_000))
            }),
            large("names that are no names", || {
                followed_by(&custom("component-name", &[0xff; 100_000]))
            }),
            large("a manifest that is none", || {
                followed_by(&custom("refrain-manifest", &[b'{'; 1_000_000]))
            }),
            large("producers without end", || {
                followed_by(&custom("producers", &[0xff, 0xff, 0xff, 0xff, 0x0f]))
            }),
            refused(
                "within a module, longer than the module",
                "this is no valid component",
                || {
                    component(&section(
                        1,
                        &[b"\0asm\x01\0\0\0".as_slice(), &[0, 0x7f, 1, b'x']].concat(),
                    ))
                },
            ),
        ],
    );
}

#[test]
fn many_functions() {
    contained(
        here!(many_functions),
        "many functions",
        [
            large("10,000", || guest_of(|| "(func)".repeat(10_000))),
            refused("100,000, in half a second", "did not compile within 0 s", || {
                guest_of(|| "(func (drop (i32.const 1)))".repeat(100_000))
            })
            .compile_timeout(HALF_A_SECOND)
            .compiling(200),
            refused("250,000", "functions, the limit is 200000", || {
                guest_of(|| "(func)".repeat(250_000))
            }),
            refused(
                "10,000 of a thousand parameters, in a table",
                "parameters and results",
                || guest_of(|| in_a_table(10_000)),
            ),
            refused("1,900 of a thousand, in half a second", "did not compile within 0 s", || {
                guest_of(|| in_a_table(1_900))
            })
            .compile_timeout(HALF_A_SECOND),
            large("10 of a thousand parameters, in a table", || guest_of(|| in_a_table(10))),
            refused("a thousand types of a thousand parameters", "bytes of types", || {
                let types = |i: usize| {
                    format!(
                        "(type (func (param {} {})))",
                        "i64 ".repeat(990),
                        "i32 ".repeat(i % 10)
                    )
                };
                guest_of(|| (0..1_000_usize).map(types).collect())
            }),
        ],
    );
}

/// Functions that the host could be asked for: each needs a way in for a thousand parameters.
fn in_a_table(n: usize) -> String {
    format!(
        "(type $wide (func (param {}))) {} (table funcref (elem {}))",
        "i64 ".repeat(1_000),
        "(func (type $wide))".repeat(n),
        (0..n).map(|i| format!("{} ", i + 9)).collect::<String>()
    )
}

#[test]
fn large_function() {
    contained(
        here!(large_function),
        "large function",
        [
            refused("2 MB", "bytes in one function, the limit is 1048576", || {
                Guest::new().finish(&"(drop (i32.const 1))".repeat(600_000)).build()
            }),
            large("1 MB of additions", || {
                Guest::new()
                    .finish(
                        &"(local.set $i (i32.add (local.get $i) (i32.const 1)))".repeat(140_000),
                    )
                    .build()
            })
            .compiling(900),
            large("40,000 locals", || {
                guest_of(|| format!("(func (local {}))", "i64 ".repeat(40_000)))
            })
            .compiling(200),
            refused("four thousand million locals", "this is no valid component", || {
                component(&section(1, &too_many_locals()))
            }),
            refused(
                "5,000 locals across 5,000 branches",
                "points of complexity in one function",
                || {
                    guest_of(|| {
                        format!(
                            "(func (local {}) {})",
                            "i32 ".repeat(5_000),
                            "(if (local.get 0) (then (local.set 1 (i32.load (local.get 2)))))"
                                .repeat(5_000)
                        )
                    })
                },
            ),
            refused("8,000 loops", "points of complexity in one function", || {
                Guest::new().finish(&"(loop $l (br_if $l (local.get $i)))".repeat(8_000)).build()
            }),
            large("a table of 60,000 branches", || branches(60_000)),
            refused("a table of 400,000 branches", "targets", || branches(400_000)),
        ],
    );
}

fn branches(n: usize) -> Vec<u8> {
    let table = format!("(block $out (br_table {} (local.get $i)))", "$out ".repeat(n));
    Guest::new().finish(&table).build()
}

/// A module of one function with four thousand million locals, in a few bytes.
fn too_many_locals() -> Vec<u8> {
    let body = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b];
    let code = [&[1], leb(body.len()).as_slice(), &body].concat();
    [
        b"\0asm\x01\0\0\0".as_slice(),
        &section(1, &[1, 0x60, 0, 0]),
        &section(3, &[1, 0]),
        &section(10, &code),
    ]
    .concat()
}

/// A million types of a byte each.
fn million_types() -> Vec<u8> {
    section(TYPE, &[leb(1_000_000).as_slice(), &[0x7d; 1_000_000]].concat())
}

#[test]
fn declarations() {
    contained(
        here!(declarations),
        "many declarations",
        [
            refused("a million types", "bytes of types", || component(&million_types())),
            refused("a million types in each of twenty components", "bytes of types", || {
                component(&section(COMPONENT, &component(&million_types())).repeat(20))
            }),
            refused("a million types in an interface", "bytes of types", || {
                let types = [0x01, 0x7d].repeat(1_000_000);
                component(&section(TYPE, &[&[1, 0x42], leb(1_000_000).as_slice(), &types].concat()))
            }),
            large("types of half a megabyte", || {
                let types = [leb(500_000).as_slice(), &[0x7d; 500_000]].concat();
                followed_by(&section(TYPE, &types))
            }),
            refused("100,000 imports of a long name", "bytes of declarations", || {
                let import = [[1, 0].as_slice(), &[b'n'; 95], &[0x03, 0]].concat();
                let imports = [leb(100_000).as_slice(), &import.repeat(100_000)].concat();
                component(&section(10, &imports))
            }),
            refused("900 empty components in each of 900", "modules and components", || {
                let inner = component(&section(COMPONENT, &HEADER).repeat(900));
                component(&section(COMPONENT, &inner).repeat(900))
            }),
            large("200,000 globals", || guest_of(|| "(global i32 (i32.const 0))".repeat(200_000))),
            large("90,000 segments", || guest_of(|| "(data \"\")".repeat(90_000))),
            large("100,000 exports of a module", || {
                guest_of(|| (0..100_000).map(|i| format!("(export \"e{i}\" (memory 0))")).collect())
            }),
        ],
    );
}

/// A component that exports something by many names.
fn exporting(what: &str, names: impl Iterator<Item = String>) -> Vec<u8> {
    let exports: String = names.map(|name| format!("(export \"{name}\" ({what} $x))")).collect();
    let definition = if what == "type" { "(type $x u32)" } else { "(instance $x)" };
    wat::parse_str(format!("(component {definition} {exports})")).unwrap()
}

#[test]
fn long_lists() {
    contained(
        here!(long_lists),
        "names without end",
        [
            refused("20,000 exports", "implements no Refrain world", || {
                exporting("type", (0..20_000).map(|i| format!("a-tool-of-acme-{i}")))
            }),
            refused("an export of 90,000 letters", "implements no Refrain world", || {
                exporting("type", std::iter::once("x".repeat(90_000)))
            }),
            refused("900 worlds", "a plugin has exactly one world", || {
                exporting(
                    "instance",
                    (0..900).map(|i| format!("refrain:transform/plugin@0.1.0-v{i}")),
                )
            }),
            refused("a version of 50,000 letters", "rebuild with SDK", || {
                exporting(
                    "instance",
                    std::iter::once(format!(
                        "refrain:transform/plugin@0.1.0-{}",
                        "v".repeat(50_000)
                    )),
                )
            }),
            refused("an import of 90,000 letters", "which it was not granted", || {
                let text = format!(
                    r#"(component (import "{}" (func)) (instance $i)
                (export "refrain:transform/plugin@0.1.0" (instance $i)))"#,
                    "x".repeat(90_000)
                );
                wat::parse_str(text).unwrap()
            }),
        ],
    );
}

/// Each level instantiates the one below twice.
fn doubling(levels: usize) -> Vec<u8> {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..levels {
        let below = level - 1;
        let twice = format!("(instance (instantiate $c{below}))").repeat(2);
        text.push_str(&format!(
            "(component $c{level} (alias outer 1 $c{below} (component $c{below})) {twice})"
        ));
    }
    let last = levels - 1;
    wat::parse_str(format!("(component {text} (instance (instantiate $c{last})))")).unwrap()
}

#[test]
fn many_instances() {
    contained(
        here!(many_instances),
        "many instances",
        [
            refused("that double with every level", "instances, the limit is 1000", || {
                doubling(30)
            }),
            refused("that double beyond all numbers", "instances, the limit is 1000", || {
                doubling(100)
            }),
            refused("1,001 of a module", "instances count exceeds limit", || {
                let text = "(core instance (instantiate $m))".repeat(1_001);
                wat::parse_str(format!("(component (core module $m) {text})")).unwrap()
            }),
        ],
    );
}
