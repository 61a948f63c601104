//! Bytes that are no component.

use refrain_testkit::guest::Guest;

use crate::case::Case;
use crate::contain::contained;
use crate::raw::{HEADER, TYPE, component, leb, section};

const MAGIC: &str = "it does not begin as WebAssembly does";
const INVALID: &str = "this is no valid component";

#[test]
fn no_component() {
    contained(
        here!(no_component),
        "no component",
        [
            Case::refused("nothing", INVALID, Vec::new()),
            Case::refused("a byte", INVALID, vec![0]),
            Case::refused("a script", MAGIC, b"#!/bin/sh\nrm -rf /\n".to_vec()),
            Case::refused("a program", MAGIC, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()),
            Case::refused("the magic word in capitals", MAGIC, b"\0ASM\x0d\0\x01\0".to_vec()),
            Case::refused("a megabyte of zeros", MAGIC, vec![0; 1 << 20]),
            Case::refused(
                "a core module",
                "this is a core module",
                wat::parse_str("(module)").unwrap(),
            ),
            Case::refused("a version to come", INVALID, b"\0asm\xff\0\x01\0".to_vec()),
            Case::refused("a layer that is none", INVALID, b"\0asm\x0d\0\x07\0".to_vec()),
            Case::refused("an empty component", "implements no Refrain world", HEADER.to_vec()),
        ],
    );
}

#[test]
fn truncated() {
    contained(
        here!(truncated),
        "truncated",
        (0..8).map(|eighths| {
            let mut bytes = Guest::new().build();
            // Within something, always: the end of a section may be the end of a component.
            bytes.truncate(bytes.len() * eighths / 8 + 3);
            Case::refused(format!("after {eighths} eighths and 3 bytes"), INVALID, bytes)
        }),
    );
}

/// A good component, and something behind it.
fn followed_by(bytes: &[u8]) -> Vec<u8> {
    [Guest::new().build().as_slice(), bytes].concat()
}

#[test]
fn malformed() {
    contained(
        here!(malformed),
        "malformed",
        [
            ("a section longer than the file", component(&[TYPE, 0x7f, 0])),
            (
                "a section of four thousand million bytes",
                component(&[TYPE, 0xff, 0xff, 0xff, 0xff, 0x0f]),
            ),
            (
                "a number that does not end",
                component(&[TYPE, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]),
            ),
            (
                "four thousand million types",
                component(&section(TYPE, &[0xff, 0xff, 0xff, 0xff, 0x0f])),
            ),
            ("fewer types than it says", component(&section(TYPE, &[2, 0x7d]))),
            ("more types than it says", component(&section(TYPE, &[1, 0x7d, 0x7d]))),
            ("a section that is none", component(&section(0x55, &[0]))),
            ("a type that is none", component(&section(TYPE, &[1, 0x05]))),
            ("a type that is not there", component(&section(TYPE, &[1, 0x70, 0x09]))),
            ("a custom section whose name is longer than it", component(&section(0, &leb(99)))),
            ("a custom section whose name is no text", component(&section(0, &[1, 0xff]))),
            ("a component behind it", followed_by(&Guest::new().build())),
            ("junk behind it", followed_by(b"junk")),
            ("a module cut short in it", component(&section(1, b"\0asm\x01\0\0"))),
            ("a component as a module in it", component(&section(1, &HEADER))),
        ]
        .map(|(name, bytes)| Case::refused(name, INVALID, bytes)),
    );
}
