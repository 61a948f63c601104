//! End to end: the binary and the server as people use them, on real components.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests: they also time things, and some tell figures"
)]

mod api;
mod bad_input;
mod cases;
mod conformance;
mod crash;
mod distribution;
mod flights;
mod invariants;
mod lab;
mod limits;
mod recordings;
mod registration;
mod schema;
mod seeds;
mod support;
