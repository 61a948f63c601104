//! From the sources of a plugin, in any of seven languages, to a component.
//!
//! Invariant: equal sources and an equal toolchain give equal bytes, wherever the sources, the
//! tools and the caches are.
//!
//! Absent on purpose: nothing here knows what a plugin is registered as, or runs one. Chores use
//! this crate too, so it imports none of ours.

mod encode;
mod error;
mod metadata;
mod recipe;
mod run;
pub mod rust;
mod said;
mod tools;

pub use encode::{Contract, encode, rename_exports};
pub use error::BuildError;
pub use metadata::{Metadata, describe};
pub use recipe::{Adapter, Makes, Recipe, Sources, Steps, compile};
pub use said::{Module, Said};
pub use tools::{Manager, Tools, cache_dir};
