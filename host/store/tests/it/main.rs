//! Tests of the crate from outside.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod backup;
mod bits;
mod check;
mod contract;
mod crash;
mod full_disk;
mod model;
mod opening;
mod power_loss;
mod support;
mod sweep;
mod torn;
