//! What tests of several crates need: the built binary, folders that clean up, requests, the
//! example, something smaller, and guests that misbehave.

mod command;
mod example;
mod golden;
#[expect(missing_docs, clippy::unwrap_used, reason = "helpers of tests are tests")]
pub mod guest;
mod http;
mod registry;
pub mod small;
pub mod wasi;

pub use command::{Output, Refrain, Server};
pub use example::{example, plugin, plugins_dir, test_guest};
pub use golden::check_golden;
pub use http::{Answer, EventStream, Request, SentEvent};
pub use registry::{OciServer, REGISTRY_USER};
