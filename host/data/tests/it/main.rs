//! Tests of the crate from outside.
#![allow(missing_docs, reason = "tests")]

mod block;
mod columnar;
mod csv;
mod export;
mod joins;
mod ndjson;
mod operators;
mod support;
mod versions;
