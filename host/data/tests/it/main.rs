//! Tests of the crate from outside.
#![allow(missing_docs, reason = "tests")]

mod block;
mod csv;
mod joins;
mod operators;
mod support;
mod versions;
