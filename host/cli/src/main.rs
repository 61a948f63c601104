//! `refrain`: the composition root. It opens the store, mounts the router in its own process (or
//! talks to a server), and shows what came back.
//!
//! Absent on purpose: decisions. What a command does, the API does.

mod args;
mod bundled;
mod client;
mod commands;
mod failure;
mod interrupt;
mod output;
mod progress;
mod session;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    start_log(args.global.verbose);
    let as_json = args.global.json;
    let done = commands::perform(args).and_then(|code| output::finish().map(|()| code));
    session::close();
    interrupt::leave_if_pending();
    match done {
        Ok(code) => code,
        Err(error) => {
            Failure::of(&error).show(as_json);
            ExitCode::FAILURE
        }
    }
}

/// The log goes to stderr: `RUST_LOG` says what, or else `-v` how much.
fn start_log(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = ["warn", "info", "debug", "trace"][usize::from(verbose.min(3))];
    // sled tells of its own housekeeping at `info`.
    let usual = format!("{level},sled=warn,cranelift=warn,wasmtime=warn");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let is_coloured = std::io::stderr().is_terminal() && !has_no_color();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_coloured);
    log.with_writer(std::io::stderr).init();
}

/// <https://no-color.org>: set, and not empty.
fn has_no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
