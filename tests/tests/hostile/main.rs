//! Components that mean harm, and what becomes of each: the host survives it and names the cause,
//! within the memory and the time that it was given, and whoever works beside it notices nothing.
//!
//! A class is a test, a table of cases. Each case runs in a process of its own, so that a host that
//! dies of it is seen to, and so that the memory measured is this component's alone: [`contain`]
//! starts the process and judges, [`child`] is what happens in it. `cargo xtask hostile` prints a
//! line a component.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests: they also time things, and tell figures"
)]

mod case;
mod child;
mod contain;

/// Where a test stands, as its binary knows it.
macro_rules! here {
    ($test:ident) => {
        concat!(module_path!(), "::", stringify!($test))
    };
}

mod binaries;
mod columns;
mod exhaustion;
mod interfaces;
mod leftovers;
mod lists;
mod memory;
mod nesting;
mod proposals;
mod raw;
mod roles;
mod sizes;
mod traps;
mod virtual_wasi;
