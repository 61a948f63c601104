//! HTTP over the runner: the one way in, for people's browsers, for programs and for our own CLI.
//!
//! [`router`] makes the routes; [`serve`] puts them behind a socket with limits that survive slow
//! clients. The CLI mounts the very same router in its own process.
//!
//! Invariant: whatever is refused is refused as `application/problem+json` with a stable `type`,
//! and says what to change.
//! Absent on purpose: no sled, no wasmtime, no decisions; those are made below.

mod app;
mod auth;
mod conditional;
mod error;
mod idempotency;
mod intake;
mod jobs;
mod metrics;
mod middleware;
mod openapi;
mod pieces;
mod problem;
mod progress;
mod router;
mod routes;
pub mod serve;
pub mod wire;

pub use app::{App, AppOptions, WeakApp};
pub use auth::{Access, Role, TokenFileError};
pub use openapi::openapi;
pub use problem::Problem;
pub use router::router;
pub use serve::{ServeError, ServeOptions, serve};
