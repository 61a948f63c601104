//! The sandbox: components in, results or one of four kinds of failure out.
//!
//! Invariant: what a component computes depends on the component, the values handed to it, the
//! [`Profile`](refrain_domain::Profile), the limits, the seed and the logical time, and on nothing
//! else. Each piece of work gets a fresh instance.
//!
//! A guest runs on the stack of the thread that calls it, up to the profile's `stack_bytes_max`: call
//! from threads with twice as much, which is what Rust gives a thread.
//!
//! This is the only crate that names wasmtime. Absent on purpose: nothing here knows where
//! components are stored, what a plan is, or who asks.

mod admit;
mod bounds;
mod cache;
mod calls;
mod compile;
mod contract;
mod engine;
#[cfg(test)]
mod evolution;
mod instance;
mod limits;
mod outcome;
mod roles;
mod settings;
mod shape;
mod survey;
mod wasi;
mod wire;

pub use admit::{AdmissionError, ComponentInfo};
pub use engine::{Plugin, Sandbox, SandboxError, SandboxOptions};
pub use instance::{UnitContext, Usage};
pub use roles::{
    DriftInstance, EvaluatorInstance, PredictorInstance, TrainerInstance, TransformInstance,
    TriggerInstance,
};
#[cfg(feature = "bench")]
#[doc(hidden)]
pub use settings::Tuning;
pub use survey::custom_section;
