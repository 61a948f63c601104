//! Components that ask for what nobody gave them, and such as offer something other than a world.

use refrain_domain::{Grant, Role};
use refrain_testkit::guest::{Guest, dummy};

use crate::case::{Case, Outcome};
use crate::contain::contained;

const WASI: &[Grant] = &[Grant::Wasi];

fn parsed(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// A component that has a world's export in name, and what else is written here.
fn bare(items: &str) -> Vec<u8> {
    parsed(&format!(
        r#"(component {items} (instance $i)
            (export "refrain:transform/plugin@0.1.0" (instance $i)))"#
    ))
}

/// A component that imports an interface of one function.
fn importing(interface: &str) -> Vec<u8> {
    bare(&format!(r#"(import "{interface}" (instance (export "now" (func (result u64)))))"#))
}

#[test]
fn unknown_import() {
    let resource = r#"(import "a:b/c" (instance (export "r" (type (sub resource)))))"#;
    let within = r#"(import "a:b/c" (instance (export "d" (instance (export "f" (func))))))"#;
    let digest = format!("integrity=<sha256-{}=>", "A".repeat(43));
    let digest = format!(r#"(import "{digest}" (core module))"#);
    let preview1 = "wasi:snapshot-preview1/wasi";
    contained(
        here!(unknown_import),
        "unknown import",
        [
            (
                "an interface",
                importing("acme:telemetry/report@1.0.0"),
                "imports `acme:telemetry/report@1.0.0`",
            ),
            ("a function", bare(r#"(import "backdoor" (func))"#), "imports `backdoor`"),
            ("a module", bare(r#"(import "code" (core module))"#), "imports `code`"),
            ("a component", bare(r#"(import "code" (component))"#), "one that imports a component"),
            ("a resource", bare(r#"(import "secret" (type (sub resource)))"#), "imports `secret`"),
            ("an interface with a resource", bare(resource), "imports `a:b/c`"),
            ("an interface within an interface", bare(within), "imports `a:b/c`"),
            ("bytes by their digest", bare(&digest), "imports `integrity="),
            (
                "a component by its address",
                bare(r#"(import "url=<file:///etc/passwd>" (core module))"#),
                "imports `url=",
            ),
            ("preview 1", importing(preview1), "imports `wasi:snapshot-preview1/wasi`"),
        ]
        .map(|(name, bytes, words)| Case::refused(name, words, bytes).granted(WASI)),
    );
}

#[test]
fn look_alike() {
    contained(
        here!(look_alike),
        "look-alike import",
        [
            ("a letter that looks like another", importing("wasi:rand0m/random@0.2.6")),
            ("no version", importing("wasi:clocks/monotonic-clock")),
            ("the version before", importing("wasi:clocks/monotonic-clock@0.1.0")),
            ("the version after", importing("wasi:clocks/monotonic-clock@0.3.0")),
            ("another interface of the package", importing("wasi:clocks/atomic-clock@0.2.0")),
            ("capitals", importing("wasi:clocks/MONOTONIC-clock@0.2.0")),
            ("another package", importing("wasi-x:clocks/monotonic-clock@0.2.0")),
            ("our own types, with a function in them", importing("refrain:types/data@0.1.0")),
            ("the world itself", importing("refrain:transform/plugin@0.1.0")),
            ("the host", importing("refrain:host/files@0.1.0")),
        ]
        .map(|(name, bytes)| Case::refused(name, "which it was not granted", bytes).granted(WASI)),
    );
}

#[test]
fn without_grant() {
    let ungranted =
        |name, interface| Case::refused(name, "ask for the grant `wasi`", importing(interface));
    let misfit = |name, function: &'static str, ty: &'static str| {
        let wit = format!("package wasi:random@0.2.0; interface random {{ {function} }}");
        let (function, _) = function.split_once(':').unwrap();
        let interface = "wasi:random/random@0.2.0";
        let import = format!(r#"(import "{interface}" "{function}" (func {ty}))"#);
        let guest = Guest::new().imports(&[&wit], &[interface], &import);
        Case::guest(name, guest).granted(WASI).ends(Outcome::Refused, "does not fit virtual WASI")
    };
    contained(
        here!(without_grant),
        "import without a grant",
        [
            ungranted("a clock", "wasi:clocks/monotonic-clock@0.2.0"),
            ungranted("sockets", "wasi:sockets/tcp@0.2.3"),
            ungranted("files", "wasi:filesystem/types@0.2.0"),
            misfit(
                "a function that WASI does not have",
                "get-true-random: func() -> u64;",
                "(result i64)",
            ),
            misfit(
                "a function of another type",
                "get-random-u64: func(n: u64) -> u64;",
                "(param i64) (result i64)",
            ),
        ],
    );
}

/// A good component but for a word of its contract.
fn altered(from: &'static str, to: &'static str) -> Vec<u8> {
    dummy(&[Role::Transform], move |text| text.replace(from, to))
}

/// A component whose world has one function `describe` of this type.
fn describe(ty: &str) -> Vec<u8> {
    parsed(&format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "describe") {ty} unreachable))
            (core instance $c (instantiate $m))
            (func $f {} (canon lift (core func $c "describe")))
            (instance $i (export "describe" (func $f)))
            (export "refrain:transform/plugin@0.1.0" (instance $i)))"#,
        ty.replace("(param i32)", r#"(param "x" u32)"#).replace("(result i32)", "(result u32)")
    ))
}

#[test]
fn export() {
    contained(
        here!(export),
        "export",
        [
            (
                "no world",
                parsed(r#"(component (instance $i) (export "acme:tool/run@1.0.0" (instance $i)))"#),
                "implements no Refrain world",
            ),
            (
                "a world to come",
                altered("refrain:transform@0.1.0", "refrain:transform@9.0.0"),
                "update the host",
            ),
            (
                "a world of the past",
                altered("refrain:transform@0.1.0", "refrain:transform@0.0.1"),
                "rebuild with SDK 0.1",
            ),
            (
                "two worlds",
                dummy(&[Role::Transform, Role::Trigger], |text| text),
                "a plugin has exactly one world",
            ),
            ("none of its functions", bare(""), "does not export `describe`"),
            (
                "a function less",
                altered("fit-merge: func(saved: list<u8>) -> result<_, error>;", ""),
                "does not export `fit-merge`",
            ),
            (
                "a parameter of another type",
                altered("seed: u64", "seed: u32"),
                "has another type than the contract",
            ),
            (
                "a parameter by another name",
                altered("seed: u64", "salt: u64"),
                "has another type than the contract",
            ),
            (
                "a result of another type",
                altered("result<batch, error>", "result<list<u8>, error>"),
                "has another type than the contract",
            ),
            ("a function of nothing", describe(""), "has another type than the contract"),
            (
                "a function of a number",
                describe("(param i32) (result i32)"),
                "has another type than the contract",
            ),
            (
                "a function instead of the world",
                parsed(
                    r#"(component
            (core module $m (func (export "f")))
            (core instance $c (instantiate $m))
            (func $f (canon lift (core func $c "f")))
            (export "refrain:transform/plugin@0.1.0" (func $f)))"#,
                ),
                "implements no Refrain world",
            ),
            (
                "a type instead of a function",
                parsed(
                    r#"(component
            (type $t u32)
            (instance $i (export "describe" (type $t)))
            (export "refrain:transform/plugin@0.1.0" (instance $i)))"#,
                ),
                "it is no function",
            ),
            (
                "another role's functions",
                dummy(&[Role::Drift], |text| {
                    text.replace("package refrain:drift@", "package refrain:transform@")
                }),
                "of `transform@0.1.0`",
            ),
        ]
        .map(|(name, bytes, words)| Case::refused(name, words, bytes)),
    );
}

#[test]
fn same_export() {
    contained(
        here!(same_export),
        "export of one name twice",
        [
            (
                "the world",
                r#"(component (instance $i)
        (export "refrain:transform/plugin@0.1.0" (instance $i))
        (export "refrain:transform/plugin@0.1.0" (instance $i)))"#,
                "conflicts with previous name",
            ),
            (
                "names that differ in capitals",
                r#"(component (instance $i)
        (export "abc" (instance $i)) (export "ABC" (instance $i)))"#,
                "conflicts with previous name",
            ),
            (
                "within the world",
                r#"(component
        (core module $m (func (export "f")) (func (export "f")))
        (core instance (instantiate $m)))"#,
                "duplicate export name",
            ),
        ]
        .map(|(name, text, words)| Case::refused(name, words, parsed(text))),
    );
}
