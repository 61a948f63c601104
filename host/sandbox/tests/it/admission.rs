//! What may not come in, and the words that say why.

use std::time::Duration;

use refrain_domain::{Grant, Role};
use refrain_sandbox::{AdmissionError, Sandbox, SandboxOptions};

use crate::guest::{Guest, contracts, dummy, proposals};
use crate::{CRANELIFT, golden};

#[track_caller]
fn refusal(component: &[u8], grants: &[Grant]) -> AdmissionError {
    CRANELIFT.admit(component, grants).expect_err("this must not come in")
}

#[test]
fn a_good_component_says_what_it_is() {
    let component = Guest::new().build();
    let info = CRANELIFT.admit(&component, &[]).unwrap();
    assert_eq!(info.world, Some("transform@0.1.0".parse().unwrap()));
    assert_eq!(info.exports, ["refrain:transform/plugin@0.1.0"]);
    assert!(info.imports.is_empty(), "types need no grant: {:?}", info.imports);
    assert_eq!(info, Sandbox::inspect(&component).unwrap());
}

#[test]
fn every_refusal_in_words() {
    let types = |from: &'static str, to: &'static str| move |text: String| text.replace(from, to);
    let transform = &[Role::Transform];
    let whole = Guest::new().build();
    let import = Guest::new()
        .imports(
            &["package acme:telemetry@1.0.0; interface report { send: func(n: u32); }"],
            &["acme:telemetry/report@1.0.0"],
            r#"(import "acme:telemetry/report@1.0.0" "send" (func (param i32)))"#,
        )
        .build();
    let cases: Vec<(&str, Vec<u8>, &[Grant])> = vec![
        ("empty", Vec::new(), &[]),
        ("text", b"#!/bin/sh\n".to_vec(), &[]),
        ("core module", wat::parse_str("(module)").unwrap(), &[]),
        ("truncated", whole[..whole.len() / 2].to_vec(), &[]),
        ("bare component", wat::parse_str("(component)").unwrap(), &[]),
        (
            "another export",
            wat::parse_str(
                r#"(component (instance $i) (export "acme:tool/run@1.0.0" (instance $i)))"#,
            )
            .unwrap(),
            &[],
        ),
        (
            "world too new",
            dummy(transform, types("refrain:transform@0.1.0", "refrain:transform@0.2.0")),
            &[],
        ),
        (
            "world too old",
            dummy(transform, types("refrain:transform@0.1.0", "refrain:transform@0.0.9")),
            &[],
        ),
        ("two worlds", dummy(&[Role::Transform, Role::Drift], |text| text), &[]),
        ("import", import.clone(), &[]),
        ("import although WASI is granted", import, &[Grant::Wasi]),
        ("WASI without a grant", wasi("wasi:random/random@0.2.6"), &[]),
        ("a version of WASI that is not", wasi("wasi:random/random@0.3.0"), &[Grant::Wasi]),
        ("a look-alike of WASI", wasi("wasi:rand0m/random@0.2.6"), &[Grant::Wasi]),
        ("a look-alike without a version", bare_import("wasi:random/random"), &[Grant::Wasi]),
        ("a function that WASI does not have", wasi_function(), &[Grant::Wasi]),
        ("imports a component", component_import(), &[Grant::Wasi]),
    ];
    let line = |(name, component, grants): &(&str, Vec<u8>, &[Grant])| {
        format!("{name}\n    {}\n", refusal(component, grants))
    };
    golden("refusals.txt", &cases.iter().map(line).collect::<String>());
}

fn wasi(interface: &str) -> Vec<u8> {
    let (package, version) = interface.split_once('@').unwrap();
    let (package, name) = package.split_once('/').unwrap();
    let wit = format!(
        "package {package}@{version}; interface {name} {{ get-random-u64: func() -> u64; }}"
    );
    let import = format!(r#"(import "{interface}" "get-random-u64" (func (result i64)))"#);
    Guest::new().imports(&[&wit], &[interface], &import).build()
}

fn wasi_function() -> Vec<u8> {
    let wit = "package wasi:random@0.2.0; interface random { get-true-random: func() -> u64; }";
    let import = r#"(import "wasi:random/random@0.2.0" "get-true-random" (func (result i64)))"#;
    Guest::new().imports(&[wit], &["wasi:random/random@0.2.0"], import).build()
}

/// A component that has a world's export in name, and one import.
fn bare(import: &str) -> Vec<u8> {
    let text = format!(
        r#"(component {import} (instance $i)
            (export "refrain:transform/plugin@0.1.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap_or_else(|e| panic!("{e}"))
}

fn bare_import(name: &str) -> Vec<u8> {
    bare(&format!(r#"(import "{name}" (instance (export "get-random-u64" (func (result u64)))))"#))
}

fn component_import() -> Vec<u8> {
    bare(r#"(import "x" (component))"#)
}

#[test]
fn an_export_without_its_functions() {
    let error = refusal(&bare(""), &[]);
    let expected = "the component does not export `describe` of `transform@0.1.0`: \
        rebuild it with the SDK for that version";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn proposals_that_are_off_are_refused_by_name() {
    let line = |(name, bytes): (&str, Vec<u8>)| {
        let error = refusal(&bytes, &[]);
        assert!(matches!(error, AdmissionError::Invalid { .. }), "{name}: {error}");
        format!("{name}\n    {error}\n")
    };
    golden("proposals.txt", &proposals().into_iter().map(line).collect::<String>());
}

#[track_caller]
fn refused_with(options: SandboxOptions, component: &[u8]) -> String {
    Sandbox::new(options).unwrap().admit(component, &[]).unwrap_err().to_string()
}

#[test]
fn sizes_are_bounded_before_anything_is_compiled() {
    let component = Guest::new().build();
    let options = SandboxOptions::default;
    let text = refused_with(SandboxOptions { component_bytes_max: 100, ..options() }, &component);
    assert_eq!(text, format!("the component has {} bytes, the limit is 100", component.len()));
    let text = refused_with(SandboxOptions { functions_max: 5, ..options() }, &component);
    assert_eq!(text, "the component has 9 functions, the limit is 5");
    let long = Guest::new().finish(&"(drop (i32.const 1))".repeat(4_000)).build();
    let text = refused_with(SandboxOptions { function_bytes_max: 9_000, ..options() }, &long);
    assert!(text.contains("bytes in one function, the limit is 9000"), "{text}");
}

/// Each level instantiates the one below twice: 2^30 instances in less than 2 KB.
#[test]
fn instances_that_double_with_every_level_are_refused() {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..30 {
        let below = level - 1;
        let twice = format!("(instance (instantiate $c{below}))").repeat(2);
        text.push_str(&format!(
            "(component $c{level} (alias outer 1 $c{below} (component $c{below})) {twice})"
        ));
    }
    let component =
        wat::parse_str(format!("(component {text} (instance (instantiate $c29)))")).unwrap();
    let error = refusal(&component, &[]);
    assert!(error.to_string().contains("instances, the limit is 1000"), "{error}");
}

#[test]
fn a_compilation_that_takes_too_long_is_given_up() {
    let work = "(local.set $i (i32.add (local.get $i) (i32.const 1)))".repeat(20_000);
    let component = Guest::new().finish(&work).build();
    let compile_timeout = Duration::from_millis(1);
    let sandbox = Sandbox::new(SandboxOptions { compile_timeout, ..SandboxOptions::default() });
    let sandbox = sandbox.unwrap();
    let errors: Vec<String> =
        (0..3).map(|_| sandbox.admit(&component, &[]).unwrap_err().to_string()).collect();
    assert_eq!(errors[0], "the component did not compile within 0 s");
    assert_eq!(errors[2], "compilations that took too long still run; try again later");
}

#[test]
fn the_contract_is_read_from_wit_as_it_is_frozen() {
    let resolve = contracts(&Role::ALL, |text| text);
    assert_eq!(resolve.packages.len(), Role::ALL.len() + 1);
    for role in Role::ALL {
        CRANELIFT
            .admit(&dummy(&[role], |text| text), &[])
            .unwrap_or_else(|e| panic!("{role}: {e}"));
    }
}
/// Half a minute and gigabytes of Cranelift's for 100 KB of code, if they were compiled.
#[test]
fn functions_that_cranelift_takes_forever_for_are_refused() {
    let loops = "(loop $l (br_if $l (local.get $i)))".repeat(8_000);
    let locals = format!(
        "{} {}",
        "(if (local.get $i) (then (local.set $i (i32.load (local.get $i)))))".repeat(5_000),
        (3..5_003).map(|i| format!("(drop (local.get {i}))")).collect::<String>()
    );
    let locals = format!(
        "(local $bytes i32) (local $len i32) (local $i i32) (local {}) {locals} (i32.const 1024)",
        "i32 ".repeat(5_000)
    );
    for guest in [Guest::new().finish(&loops), Guest::new().body("fit-finish", locals)] {
        let error = refusal(&guest.build(), &[]);
        assert!(error.to_string().contains("points of complexity in one function"), "{error}");
    }
}
