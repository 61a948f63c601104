//! Refrain plugins in Rust: implement the trait of a role, then [`export!`] the type.
//!
//! | role | trait | a fold | a map |
//! | --- | --- | --- | --- |
//! | transform | [`transform::Transform`] | fit | apply |
//! | trainer | [`trainer::Trainer`] | a pass | predict |
//! | predictor | [`predictor::Predictor`] | | predict |
//! | evaluator | [`evaluator::Evaluator`] | all of it | |
//! | drift | [`drift::Drift`] | all of it, in two windows | |
//! | trigger | [`trigger::Trigger`] | | |
//!
//! Rows come in [`Batch`]es of [`Column`]s; [`kernels`] holds sums that are both deterministic and
//! fast in the sandbox; [`state`] turns fitted state into bytes; [`testing`] runs a plugin natively.
//!
//! Invariant: what a plugin answers depends on what it was handed, and on nothing else.
//! Absent on purpose: clocks, randomness without a seed, files, and anything to import.

extern crate self as refrain_sdk;

#[doc(hidden)]
pub mod bindings;
mod bitmap;
mod build;
pub mod civil;
mod column;
pub mod drift;
mod error;
pub mod evaluator;
mod export;
mod fold;
pub mod kernels;
pub mod params;
pub mod predictor;
pub mod rng;
mod schema;
pub mod slices;
pub mod state;
pub mod testing;
pub mod trainer;
pub mod transform;
pub mod trigger;
mod welford;

pub use bindings::transform::refrain::types::data::{
    Batch, Column, Error, Field, Kind, Schema, Values, VariableValues,
};
pub use bitmap::Bitmap;
pub use build::{BytesBuilder, StrBuilder};
pub use error::Result;
pub use fold::{Fold, Map, NoFit};
pub use libm;
pub use serde;
pub use serde_json;
pub use welford::Welford;

/// What the macros of this crate expand to. Not for plugins.
#[doc(hidden)]
pub mod __private {
    pub use crate::export::{Exported, Held};
    pub use wit_bindgen::rt;
}
