//! The words of Refrain as types: digests, canonical JSON, schemas, batches, tables, plugins,
//! plans, runs, gates, models.
//!
//! Invariant: everything here is a value. Equal values have equal canonical bytes, and equal
//! canonical bytes have equal digests.
//!
//! Absent on purpose: no I/O, no async, no clock, no randomness, and no knowledge of how
//! artifacts are stored (sled), executed (wasmtime) or served (axum).

pub mod batch;
pub mod canonical;
pub mod contract;
pub mod digest;
pub mod failure;
pub mod gate;
pub mod model;
pub mod plan;
pub mod plugin;
pub mod profile;
pub mod run;
pub mod schema;
pub mod table;

pub use batch::{Batch, Column, Values, VariableValues};
pub use canonical::{CanonicalError, from_canonical, from_stored, to_canonical};
pub use contract::{
    Decision, DriftScore, DriftVerdict, Evidence, Fact, FactValue, FoldDescription, Measure,
    Metric, OutputColumn, PassEnd, PredictorDescription, Tag, TrainerDescription,
    TransformDescription, TriggerVerdict,
};
pub use digest::{Digest, DigestError};
pub use failure::{Failure, Limit};
pub use plugin::{Grant, GrantError, PluginManifest, Role, World};
pub use profile::{Backend, Limits, Profile};
pub use schema::{Field, Kind, Schema, SchemaError};
pub use table::{Chunk, Table};
