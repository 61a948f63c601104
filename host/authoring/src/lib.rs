//! From an idea to a component: new projects, builds, and golden cases.
//!
//! Absent on purpose: nothing here knows a registry or a server.

mod build;
mod cases;
mod embedded;
mod error;
mod language;
mod project;
mod scaffold;

pub use build::{Built, build};
pub use cases::{CaseOutcome, read_cases, run_case};
pub use error::AuthoringError;
pub use language::Language;
pub use project::{Manifest, Project};
pub use scaffold::scaffold;
