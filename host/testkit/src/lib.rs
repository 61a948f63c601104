//! What tests of several crates need: the built binary, folders that clean up, requests, the
//! example, and something smaller.

mod command;
mod example;
mod http;
pub mod small;

pub use command::{Output, Refrain, Server};
pub use example::{example, plugin, plugins_dir};
pub use http::{Answer, EventStream, Request, SentEvent};
