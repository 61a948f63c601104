//! End to end: the binary and the server as people use them, on real components.
#![allow(missing_docs, reason = "tests")]

mod api;
mod bad_input;
mod cases;
mod crash;
mod flights;
mod invariants;
mod limits;
mod schema;
mod support;
