//! The laws, on the reference plugins, which keep them, and on components that break one each.
#![allow(missing_docs, reason = "tests")]

mod lawbreaker;
mod reference;
mod worlds;
