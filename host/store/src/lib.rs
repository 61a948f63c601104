//! Where artifacts, refs, events and memos live.
//!
//! Four small traits over plain data, and two implementations of all four: [`memory`], the
//! reference, and [`sled_store`], packs and a sled index through `cap-std`.
//!
//! Invariant: what a publication names is durable before the publication is.
//!
//! Absent on purpose: nothing here knows what an artifact means. No schema, no plan, no wasmtime.

mod changes;
mod error;
pub mod memory;
pub mod sled_store;
mod traits;

pub use error::{Result, StoreError};
pub use memory::MemoryStore;
pub use sled_store::{
    Fault, FaultKind, FsckReport, GcOptions, GcReport, RebuildReport, SledStore, TempRef, Usage,
};
pub use traits::{
    Artifacts, Bytes, DynStore, EventAppend, Events, Memos, Publication, Publish, RefChange, Refs,
};
