//! What tests of several crates need: the built binary, folders that clean up, the example.

mod command;
mod example;

pub use command::{Output, Refrain, Server};
pub use example::{example, guest, plugin, plugins_dir};
