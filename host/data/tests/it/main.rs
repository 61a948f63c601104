//! Tests of the crate from outside.
#![allow(missing_docs, reason = "tests")]

mod block;
mod support;
